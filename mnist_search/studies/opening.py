"""Creating and opening the ledger of a study: as a whole, or not at all."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from mnist_search.errors import StorageError, UsageError
from mnist_search.studies.filesystems import check_local
from mnist_search.studies.ledger import SPEC, Ledger
from mnist_search.studies.objectives import directions_of
from mnist_search.studies.owner import DATABASE
from mnist_search.studies.readable import name_study
from mnist_search.studies.spec import StudySpec
from mnist_search.studies.storage import check_room, check_study_file, open_storage, storage_errors


class StudyExistsError(StorageError):
    """A study cannot be created where one is."""


def create_ledger(
    folder: Path,
    spec: StudySpec,
    *,
    slots: int = 0,
    proposals: Sequence[tuple[str | None, dict[str, Any]]] = (),
) -> Ledger:
    """Create a study with that many waiting slots; it exists as a whole or not at all.

    `proposals` are (reference or None, values): the fixed parameters of the first slots. Raises
    `StudyExistsError` where another process was quicker, `StorageError` where no study can be.
    """
    import optuna

    from mnist_search.engines.storage import SoleWriterStorage

    _quiet_optuna()
    target = folder / DATABASE
    draft = folder / f"{DATABASE}.{os.getpid()}.new"
    try:
        with storage_errors(target):
            check_local(folder)
            folder.mkdir(parents=True, exist_ok=True)
            check_room(folder)
            storage = SoleWriterStorage(open_storage(draft, create=True))
            study = optuna.create_study(
                study_name=spec.name, storage=storage, directions=directions_of(spec)
            )
            study.set_user_attr(SPEC, spec.model_dump(mode="json"))
            name_study(study, spec)
            ledger = Ledger(folder, storage, study, spec)
            for reference, values in proposals:
                named = {} if reference is None else {"reference": reference}
                study.enqueue_trial(values, user_attrs=named)
            ledger.add_slots(slots)
            ledger.close()
            use_write_ahead_log(draft)
            try:
                # A link, not a rename: it fails where another process was quicker.
                os.link(draft, target)
            except FileExistsError:
                raise StudyExistsError(
                    f"study {spec.name} exists already in {folder}", hint="run the command again"
                ) from None
    finally:
        with suppress(OSError):
            for beside in (draft, Path(f"{draft}-journal"), Path(f"{draft}-wal")):
                beside.unlink(missing_ok=True)
    return open_ledger(folder)


def open_ledger(folder: Path) -> Ledger:
    """Open the study in `folder`.

    Raises:
        UsageError: there is none.
        StorageError: it cannot be read, or another version wrote it.
        DataError: it is damaged, or the file of another program.
    """
    import optuna
    from pydantic import ValidationError

    from mnist_search.engines.storage import SoleWriterStorage

    _quiet_optuna()
    path = folder / DATABASE
    if not os.path.lexists(path):
        raise UsageError(f"no study in {folder}", hint="`mnist-search report` lists the studies")
    check_study_file(path)
    try:
        with storage_errors(path):
            storage = SoleWriterStorage(open_storage(path))
            names = optuna.get_all_study_names(storage)
            if len(names) != 1:
                raise StorageError(f"{path} holds {len(names)} studies where one was expected")
            study = optuna.load_study(study_name=names[0], storage=storage)
            spec = StudySpec.model_validate(study.user_attrs.get(SPEC))
    except ValidationError as error:
        raise StorageError(
            f"{path} was not written by this version of mnist-search",
            hint="choose another --study",
        ) from error
    except RuntimeError as error:
        # So says Optuna, which never changes a file of another version by itself.
        older = "storage upgrade" in str(error)
        raise StorageError(
            f"{path} has the tables of {'an older' if older else 'another'} version of Optuna",
            hint="`optuna storage upgrade --storage sqlite:///FILE` on a copy of it"
            if older
            else "open it with the newer version, or choose another --study",
        ) from error
    return Ledger(folder, storage, study, spec)


def use_write_ahead_log(path: Path) -> None:
    """Let readers (reports, dashboards) never block the writer; the mode stays with the file."""
    connection = sqlite3.connect(path)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
    finally:
        connection.close()


def _quiet_optuna() -> None:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
