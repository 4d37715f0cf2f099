"""Ledgers made and opened: of a new study, of one that is there, or of one on no disk."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from mnist_search.errors import StorageError, UsageError
from mnist_search.studies.folder import DATABASE, JOURNAL, check_room, has_study, storage_errors
from mnist_search.studies.ledger import Ledger
from mnist_search.studies.lock import hold
from mnist_search.studies.spec import FirstPoint, StudySpec, write_study


def create_ledger(folder: Path, spec: StudySpec, *, first: Sequence[FirstPoint] = ()) -> Ledger:
    """Create a study; it exists as a whole or not at all.

    `first` are (reference or None, values) of the first trials. Raises `StudyExistsError` where
    another process was quicker, `StorageError` where no study can be.
    """
    from mnist_search.studies.journal import new_journal

    _quiet_optuna()
    if os.path.lexists(folder) and not folder.is_dir():
        raise StorageError(f"{folder} is not a folder", hint="choose another --study")
    with storage_errors(folder / JOURNAL):
        folder.mkdir(parents=True, exist_ok=True)
        check_room(folder)
        with hold(folder), new_journal(folder) as storage:
            write_study(storage, spec.model_copy(update={"name": folder.name}), first)
    return open_ledger(folder)


def open_ledger(folder: Path) -> Ledger:
    """Open the study in `folder` for reading; `exclusive` is for writing.

    Raises:
        UsageError: there is none.
        StorageError: it cannot be read.
        DataError: it is damaged, or the file of another program.
    """
    from mnist_search.studies.journal import open_journal
    from mnist_search.studies.old_studies import read_old_study

    _quiet_optuna()
    path = folder / JOURNAL
    with storage_errors(path):
        if os.path.lexists(path):
            journal, storage = open_journal(path)
            try:
                return Ledger(storage, folder=folder, journal=journal)
            except BaseException:
                journal.close()
                raise
        if os.path.lexists(folder / DATABASE):
            return Ledger(read_old_study(folder / DATABASE), folder=folder)
    raise UsageError(f"no study in {folder}", hint="`mnist-search report` lists the studies")


def ensure_ledger(
    folder: Path, spec: StudySpec, *, first: Sequence[FirstPoint] = (), hint: str
) -> Ledger:
    """Create a study, or open the one that is there; the data are where `spec` found them.

    Raises:
        UsageError: it is about something else than `spec`; `hint` says what to do.
    """
    from mnist_search.studies.journal import StudyExistsError

    if not has_study(folder):
        # Another process may be quicker: then it is there.
        with suppress(StudyExistsError):
            return create_ledger(folder, spec, first=first)
    ledger = open_ledger(folder)
    differences = ledger.spec.differences(spec)
    if differences:
        ledger.close()
        told = ", ".join(f"{what} {here}, not {there}" for what, here, there in differences)
        raise UsageError(f"study {ledger.spec.name} was made with {told}", hint=hint)
    # A study keeps to what its held-out images were for when it was made.
    place = spec.dataset.model_copy(update={"held_out": ledger.spec.dataset.held_out})
    ledger.spec = ledger.spec.model_copy(update={"dataset": place})
    return ledger


def ledger_in_memory(spec: StudySpec, *, first: Sequence[FirstPoint] = ()) -> Ledger:
    """Return the ledger of a study that is on no disk."""
    from optuna.storages import InMemoryStorage

    _quiet_optuna()
    storage = InMemoryStorage()
    write_study(storage, spec, first)
    return Ledger(storage, folder=Path(spec.name))


def _quiet_optuna() -> None:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
