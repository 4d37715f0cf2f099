"""Studies of version 0.1, in a SQLite file: read as they are, copied once when they go on."""

from __future__ import annotations

import copy
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnist_search.errors import MnistSearchError, StorageError, UsageError
from mnist_search.studies.folder import DATABASE, JOURNAL, check_file, damaged, storage_errors
from mnist_search.studies.spec import FIRST, StudySpec, name_metrics

if TYPE_CHECKING:
    from optuna.storages import BaseStorage
    from optuna.study import Study
    from optuna.trial import FrozenTrial

    from mnist_search.studies.journal import Journal

# A writer of version 0.1 and a reader wait for each other this long before they give up.
BUSY_SECONDS = 30
# What the search was about is not given up with the samplers that are.
GONE = {
    "cmaes": "sampler cmaes is given up",
    "hyperband": "sampler hyperband carries no weights from trial to trial any more",
}

_MAGIC = b"SQLite format 3\0"
_TABLES = {"alembic_version", "studies", "study_user_attributes", "trials", "version_info"}


def check_going_on(spec: StudySpec, revisions: dict[str, int]) -> None:
    """Check that a search can be gone on with.

    Raises:
        UsageError: it was made with what there is no more; it can still be reported.
    """
    search = spec.search
    if search is None:
        return
    sampler: str = search.sampler
    if sampler in GONE and (sampler == "cmaes" or revisions["sampler"] == 0):
        raise UsageError(
            f"study {spec.name} cannot go on: {GONE[sampler]}",
            hint="it can be reported as it is; --new starts another study with another --sampler",
        )


def read_old_study(path: Path) -> BaseStorage:
    """Return a copy in memory of all that the file holds.

    Raises:
        DataError: it is damaged, or another program's.
        StorageError: it cannot be read, or another version of Optuna wrote it.
    """
    from optuna.storages import InMemoryStorage

    storage = InMemoryStorage()
    _copy(path, storage, waiting=True)
    return storage


def become_journal(folder: Path) -> tuple[BaseStorage, Journal]:
    """Return the journal of a study of version 0.1, copied if it was not yet.

    Slots that wait for values are left out: trials are made when they run.

    Raises:
        DataError: the study is damaged, or another program's.
        StorageError: it cannot be read, or another version of Optuna wrote it.
    """
    from mnist_search.studies.journal import new_journal, open_journal

    if not os.path.lexists(folder / JOURNAL):
        with new_journal(folder) as storage:
            _copy(folder / DATABASE, storage, waiting=False)
    journal, storage = open_journal(folder / JOURNAL)
    return storage, journal


def _copy(path: Path, target: BaseStorage, *, waiting: bool) -> None:
    import optuna
    from optuna.storages import RDBStorage
    from sqlalchemy.pool import StaticPool

    # So Optuna meets no lock, no lack of permissions and no name that it takes for a pattern.
    with closing(sqlite3.connect(":memory:")) as memory:
        _load(path, memory)
        try:
            source = RDBStorage(
                "sqlite://",
                engine_kwargs={"creator": lambda: memory, "poolclass": StaticPool},
                skip_table_creation=True,
            )
            names = optuna.get_all_study_names(source)
            if len(names) != 1:
                raise damaged(path, f"it holds {len(names)} studies where one was expected")
            study = optuna.load_study(study_name=names[0], storage=source)
            trials = study.get_trials(deepcopy=False)
            first = [_first_point(trial) for trial in trials]
            while not waiting and trials and not _is_begun(trials[-1]):
                trials.pop()
            _write(study, trials, [point for point in first if point is not None], target)
        except MnistSearchError:
            raise
        except Exception as error:
            # Whatever SQLAlchemy and Optuna raise over what they read, the file is what is wrong.
            raise _explain(path, error) from error


def _write(study: Study, trials: list[FrozenTrial], first: list[Any], target: BaseStorage) -> None:
    import optuna

    study_id = target.create_new_study(study.directions, study.study_name)
    for key, value in study.user_attrs.items():
        target.set_study_user_attr(study_id, key, value)
    target.set_study_user_attr(study_id, FIRST, first)
    if study.metric_names is not None:
        made = optuna.load_study(study_name=study.study_name, storage=target)
        name_metrics(made, study.metric_names)
    for trial in trials:
        target.create_new_trial(study_id, _without_notes(trial))


def _first_point(trial: FrozenTrial) -> tuple[str | None, dict[str, Any]] | None:
    """Return what a slot was to try from the start, None where that was the sampler's to say."""
    values = trial.system_attrs.get("fixed_params")
    return None if not values else (trial.user_attrs.get("reference"), values)


def _is_begun(trial: FrozenTrial) -> bool:
    """Return whether a trial has run, or is a run of a reference that waits for its turn."""
    return trial.state.name != "WAITING" or bool(trial.params) or "run" in trial.user_attrs


def _without_notes(trial: FrozenTrial) -> FrozenTrial:
    """Return a trial without what samplers and pruners of then wrote down about it."""
    trial = copy.copy(trial)
    trial.system_attrs = {}
    return trial


def _load(path: Path, memory: sqlite3.Connection) -> None:
    """Copy a file after a look at it."""
    for beside in ("", "-wal", "-shm"):
        check_file(path.with_name(f"{DATABASE}{beside}"))
    with storage_errors(path), path.open("rb") as file:
        header = file.read(18)
    if not header:
        raise damaged(path, "it is empty")
    if header[:16] != _MAGIC:
        raise damaged(path, "it is no SQLite database")
    # SQLite would read zeros for what is missing of the last page. 65536 is written as 1.
    page_bytes = int.from_bytes(header[16:18], "big")
    size = path.stat().st_size
    if page_bytes != 1 and (page_bytes == 0 or size % page_bytes):
        raise damaged(path, f"{size:,} bytes are not whole pages")
    try:
        address = f"{path.resolve().as_uri()}?{_mode(path)}"
        with closing(sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS)) as connection:
            # One state of the file is checked and copied.
            connection.execute("BEGIN")
            found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            if found != "ok":
                raise damaged(path, str(found))
            kinds = dict(connection.execute("SELECT name, type FROM sqlite_master"))
            # A view would run what a stranger wrote in the place of a table.
            strange = {kind for kind in kinds.values() if kind not in ("table", "index")}
            if strange or not {name for name, kind in kinds.items() if kind == "table"} >= _TABLES:
                raise damaged(path, "it is the database of another program")
            connection.backup(memory)
    except sqlite3.Error as error:
        raise _explain(path, error) from error


def _mode(path: Path) -> str:
    """Return how SQLite opens a file, which it writes to where a writer left a log behind."""
    if os.access(path, os.W_OK) and os.access(path.parent, os.W_OK):
        return "mode=rw"
    # A log is read through files beside it that SQLite cannot make where nothing can be written.
    return "mode=ro" if path.with_name(f"{path.name}-wal").exists() else "immutable=1"


def _explain(path: Path, error: Exception) -> MnistSearchError:
    if isinstance(error, RuntimeError) and "version" in (said := str(error)):
        # So says Optuna, which never changes a file of another version by itself.
        older = "storage upgrade" in said
        return StorageError(
            f"{path} has the tables of {'an older' if older else 'another'} version of Optuna",
            hint="`optuna storage upgrade --storage sqlite:///FILE` on a copy of it"
            if older
            else "open it with the newer version, or choose another --study",
        )
    match getattr(error, "sqlite_errorcode", 0) & 0xFF:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return StorageError(
                f"{path} was locked by another program for {BUSY_SECONDS} s",
                hint="close that program; the same command then goes on",
            )
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
            return StorageError(
                f"{path} cannot be read: {error}",
                hint="check the permissions of the file and its folder",
            )
    return damaged(path, f"{type(error).__name__}: {error}")
