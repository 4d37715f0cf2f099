"""Studies by name: what there is, renamed, deleted, and two searches compared."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from mnist_search.commands.context import Context, home_of
from mnist_search.errors import MnistSearchError, UsageError
from mnist_search.specs import DatasetRef, dataset_labels
from mnist_search.studies import (
    StoredStudy,
    confirmation_name,
    list_studies,
    read_study,
    study_folder,
)
from mnist_search.studies.folder import OWNER, check_folder, name_beside, storage_errors
from mnist_search.studies.reading import find_study
from mnist_search.studies.trials import best_first

StudyState = Literal["running", "finished", "interrupted", "empty", "damaged"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyLine:
    """A study in one line; what a damaged study does not tell is None, and `problem` says why.

    `trials` are those that are over, `best_accuracy` is a fraction, of the validation images in a
    search, else of the test images. `changed` is in seconds since 1970. An interrupted study has
    trials that go on when it is resumed.
    """

    name: str
    kind: Literal["search", "benchmark", "confirmation", "explanation"] | None = None
    dataset: str | None = None
    space: str | None = None
    trials: int | None = None
    best_accuracy: float | None = None
    state: StudyState
    changed: float
    size_bytes: int
    problem: str | None = None


def studies(*, home: Path | str | None = None, context: Context | None = None) -> list[StudyLine]:
    """Return a line for each study of a home, the latest changed first."""
    place = home_of(home, context)
    found = [_line(place, name) for name in list_studies(place)]
    labels = iter(dataset_labels([data for _, data in found if data is not None]))
    lines = [line if data is None else replace(line, dataset=next(labels)) for line, data in found]
    return sorted(lines, key=lambda line: (-line.changed, line.name))


def belonging(
    name: str, *, home: Path | str | None = None, context: Context | None = None
) -> list[str]:
    """Return a study and those that belong to it: its confirmation and its explanations.

    Raises:
        UsageError: there is no such study.
    """
    place = home_of(home, context)
    check_folder(find_study(place, name))
    return [name, *_belonging(place, name)]


def rename(
    name: str, new: str, *, home: Path | str | None = None, context: Context | None = None
) -> list[tuple[str, str]]:
    """Give a study, and those that belong to it, another name; return the old and new names.

    Raises:
        UsageError: there is no such study, or one has the new name.
        StorageError: it is being written.
    """
    place = home_of(home, context)
    check_folder(find_study(place, name))
    pairs = [(name, new)]
    for other in _belonging(place, name):
        number = _explained(name, other)
        named = confirmation_name(new) if number is None else _explanation(new, number)
        pairs.append((other, named))
    for _, target in pairs:
        if os.path.lexists(study_folder(place, target)):
            raise UsageError(f"there is a study {target} in {place} already")
    with _held([place / old for old, _ in pairs]), storage_errors(place):
        for old, target in pairs:
            # The record of the owner, who lets go of the old name, would stay under the new one.
            (place / old / OWNER).unlink(missing_ok=True)
            (place / old).rename(place / target)
    return pairs


def delete(
    name: str, *, home: Path | str | None = None, context: Context | None = None
) -> list[str]:
    """Delete a study, and those that belong to it; return their names.

    Raises:
        UsageError: there is no such study.
        StorageError: it is being written, or its files cannot be removed.
    """
    place = home_of(home, context)
    names = belonging(name, home=place)
    with _held([place / each for each in names]), storage_errors(place):
        for each in reversed(names):
            shutil.rmtree(place / each)
    return names


def _line(home: Path, name: str) -> tuple[StudyLine, DatasetRef | None]:
    """Return the line of a study without its data set, and that."""
    from mnist_search.studies.lock import read_owner
    from mnist_search.studies.owner import is_running

    folder = home / name
    files = [path.lstat() for path in folder.rglob("*") if path.is_file()]
    size = sum(found.st_size for found in files)
    changed = max((found.st_mtime for found in files), default=0.0)
    try:
        study = read_study(home, name)
    except MnistSearchError as error:
        line = StudyLine(
            name=name, state="damaged", changed=changed, size_bytes=size, problem=error.message
        )
        return line, None
    owner = read_owner(folder)
    running = owner is not None and is_running(owner)
    # What chose the best trial flatters it; its score may be on other images.
    scores = [
        record.result.score.accuracy
        for record in best_first(study.records)[:1] or study.records
        if record.state == "complete" and record.result is not None and record.result.score
    ]
    search = study.spec.search
    states = [record.state for record in study.records]
    line = StudyLine(
        name=name,
        kind=_kind(study),
        space=None if search is None else search.space.name,
        trials=sum(state not in ("waiting", "running") for state in states),
        best_accuracy=max(scores, default=None),
        state="running" if running else _state(states),
        changed=changed,
        size_bytes=size,
    )
    return line, study.spec.dataset


def _state(states: Sequence[str]) -> StudyState:
    if not states:
        return "empty"
    return "interrupted" if {"waiting", "running"}.intersection(states) else "finished"


def _kind(study: StoredStudy) -> Literal["search", "benchmark", "confirmation", "explanation"]:
    if study.spec.search is not None:
        return "search"
    if any(record.config and record.config.protocol == "confirm" for record in study.records):
        return "confirmation"
    return "explanation" if re.search(r"-explain-\d+$", study.spec.name) else "benchmark"


def _belonging(home: Path, name: str) -> list[str]:
    return [
        other
        for other in list_studies(home)
        if other == confirmation_name(name) or _explained(name, other) is not None
    ]


def _explained(name: str, other: str) -> str | None:
    """Return the number of the trial of a study that the other one explains."""
    found = re.search(r"-explain-(\d+)$", other)
    return found[1] if found is not None and other == _explanation(name, found[1]) else None


def _explanation(name: str, number: str) -> str:
    return name_beside(name, f"-explain-{number}")


@contextmanager
def _held(folders: Sequence[Path]) -> Iterator[None]:
    from mnist_search.studies.lock import hold

    with ExitStack() as stack:
        for folder in folders:
            stack.enter_context(hold(folder))
        yield
