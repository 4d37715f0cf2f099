"""The file of a study made: anew, or from one of version 0.1; as a whole, or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from mnist_search.errors import StorageError
from mnist_search.studies.dashboard_labels import label_study
from mnist_search.studies.folder import DATABASE, DRAFT, JOURNAL
from mnist_search.studies.spec import REVISIONS, StudySpec
from mnist_search.writing import sync

if TYPE_CHECKING:
    from optuna.storages import BaseStorage

    from mnist_search.studies.journal import Journal

# Attributes of the study.
SPEC, FIRST, REVISION = "spec", "first", "revisions"

# The values of a trial to begin with, and the name of the reference that they are.
FirstPoint = tuple[str | None, dict[str, Any]]


class StudyExistsError(StorageError):
    """A study cannot be created where one is."""


def make_journal(folder: Path, spec: StudySpec, first: Sequence[FirstPoint]) -> None:
    """Make a new study; the caller holds its lock.

    Raises:
        StudyExistsError: there is one.
    """
    from mnist_search.studies.journal import create_journal

    with _draft(folder) as draft:
        journal, storage = create_journal(draft)
        try:
            write_study(storage, spec.model_copy(update={"name": folder.name}), first)
        finally:
            journal.close()


def write_study(storage: BaseStorage, spec: StudySpec, first: Sequence[FirstPoint]) -> None:
    """Write what a study is about to an empty storage."""
    import optuna

    directions: list[Literal["maximize", "minimize"]] = [
        "maximize" if each == "val_accuracy" else "minimize" for each in spec.objectives
    ]
    study = optuna.create_study(study_name=spec.name, storage=storage, directions=directions)
    study.set_user_attr(SPEC, spec.model_dump(mode="json"))
    study.set_user_attr(REVISION, dict(REVISIONS))
    study.set_user_attr(FIRST, [list(point) for point in first])
    label_study(study, spec)


def become_journal(folder: Path) -> tuple[BaseStorage, Journal]:
    """Return the journal of a study of version 0.1, copied if it was not yet."""
    from mnist_search.studies.journal import create_journal, open_journal
    from mnist_search.studies.old_studies import copy_old_study

    if not os.path.lexists(folder / JOURNAL):
        with _draft(folder) as draft:
            journal, storage = create_journal(draft)
            try:
                copy_old_study(folder / DATABASE, storage)
            finally:
                journal.close()
    journal, storage = open_journal(folder / JOURNAL)
    return storage, journal


@contextmanager
def _draft(folder: Path) -> Iterator[Path]:
    """Yield the file to write a journal to, which takes its name in the end.

    Whoever calls holds the lock of the study, so that a draft that is there is a dead process's,
    and a rename, which would replace a journal, comes after nobody else's.
    """
    draft, target = folder / DRAFT, folder / JOURNAL
    if os.path.lexists(target):
        raise StudyExistsError(
            f"study {folder.name} exists already in {folder}", hint="run the command again"
        )
    try:
        yield draft
        draft.rename(target)
        # Some file systems cannot, and then the file is safe anyway.
        with suppress(OSError):
            sync(folder)
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
