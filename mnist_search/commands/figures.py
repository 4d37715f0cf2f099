"""What a study or one of its runs looks like: all that charts show, and what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mnist_search.commands.context import Context, home_of
from mnist_search.commands.portraits import Portrait, gather
from mnist_search.commands.report import board_of
from mnist_search.commands.show import find_run
from mnist_search.commands.training import find_study_data
from mnist_search.errors import UsageError
from mnist_search.specs import Record
from mnist_search.studies import (
    read_confirmations,
    read_confirmed,
    read_records,
    read_study,
    stored_weights,
    study_folder,
)

if TYPE_CHECKING:
    from mnist_search.analysis import Row
    from mnist_search.analysis.confirmation import Confirmation
    from mnist_search.spaces import SearchSpace


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFigures:
    """A run's portrait; `missing` has a phrase for each thing that cannot be drawn, and why.

    `hint` says of which runs there is more, None where that is no help.
    """

    record: Record
    portrait: Portrait
    missing: Sequence[str]
    hint: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyFigures:
    """What the charts of a study are made of."""

    study: str
    records: Sequence[Record]
    space: SearchSpace | None
    rows: Sequence[Row]
    confirmation: Confirmation | None


def figures(
    study: str,
    run: str | int | None = None,
    *,
    digit: int | None = None,
    seed: int | None = None,
    dataset: str | None = None,
    home: Path | str | None = None,
    context: Context | None = None,
) -> RunFigures | StudyFigures:
    """Return what can be drawn of a study, or of a run: a number, `winner`, or a reference.

    `dataset` is where the images of the study are now, None: where they were, or are known to be.

    Raises:
        UsageError: there is no such study or run, or nothing of it can be drawn.
        DataError: stored weights or predictions are not those that the study wrote.
    """
    context = Context.of_this_process() if context is None else context
    place = home_of(home, context)
    if run is None:
        return _study(study, place, context)
    records = read_records(place, [study])
    confirmed = read_confirmed(place, study, notice=context.notice)
    record = find_run(records, confirmed, str(run), study=study, seed=seed)
    folder = study_folder(place, study)
    assert record.dataset is not None
    find_images = partial(find_study_data, record.dataset, dataset, context)
    if dataset is not None:
        # What was named must be there, else what is missing is only said.
        find_images()
    portrait, missing = gather(record, records, folder, find_images=find_images, digit=digit)
    stored = [str(each.number) for each in records if stored_weights(folder, each) is not None]
    runs = f"{'run' if len(stored) == 1 else 'runs'} {', '.join(stored)}"
    hint = f"the study has the weights of {runs}" if stored else None
    if portrait.empty:
        told = "; ".join(missing)
        raise UsageError(f"nothing of {portrait.name} can be drawn: {told}", hint=hint)
    useful = bool(missing) and not portrait.kernels
    return RunFigures(
        record=record, portrait=portrait, missing=missing, hint=hint if useful else None
    )


def _study(name: str, home: Path, context: Context) -> StudyFigures:
    from mnist_search.references import REFERENCES

    stored = read_study(home, name)
    records, search = stored.records, stored.spec.search
    if all(record.result is None for record in records):
        raise UsageError(f"study {name} has no result yet, so there is nothing to draw")
    confirmed = read_confirmations(
        home, records, REFERENCES, lambda error: context.notice(f"left out: {error.message}")
    )
    return StudyFigures(
        study=name,
        records=records,
        space=None if search is None else search.space,
        rows=board_of(records).rows,
        confirmation=confirmed[0].confirmation if confirmed else None,
    )
