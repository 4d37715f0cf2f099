"""The file under a ledger: what it must be before it is opened, and what its errors mean."""

from __future__ import annotations

import errno
import json
import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mnist_search.errors import DataError, MnistSearchError, ResourceError, StorageError

if TYPE_CHECKING:
    from optuna.storages import RDBStorage

# Readers and the one writer wait for each other this long before they give up.
BUSY_SECONDS = 30
# A trial is not started with less: its weights, its place in the ledger, the log of its worker.
FREE_BYTES = 64 * 2**20

_MAGIC = b"SQLite format 3\0"
_TABLES = {"alembic_version", "studies", "study_user_attributes", "trials", "version_info"}
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FREE_SOME = "free some space; the same command then goes on where it was"


def open_storage(path: Path, *, create: bool = False) -> RDBStorage:
    """Open the SQLite file of a study, with tables made only where it is a new one."""
    from optuna.storages import RDBStorage
    from sqlalchemy.engine import URL

    url = URL.create("sqlite", database=str(path.resolve()))
    if not create and _is_sealed(path):
        # SQLite reads a write-ahead log's file through files beside it that it cannot make here.
        name = path.resolve().as_uri()
        url = URL.create("sqlite", database=name, query={"immutable": "1", "uri": "true"})
    # Optuna formats the URL with str.format, so braces in a folder's name must be doubled.
    text = url.render_as_string(hide_password=False).replace("{", "{{").replace("}", "}}")
    return RDBStorage(
        text,
        # One connection does all: by its own version of the file one sees that others wrote it.
        engine_kwargs={"connect_args": {"timeout": BUSY_SECONDS}, "pool_use_lifo": True},
        skip_table_creation=not create,
    )


def check_study_file(path: Path) -> None:
    """Look at a file before Optuna does, which would make its tables in whatever it is given.

    Raises:
        DataError: no SQLite file, damaged, or the file of another program.
        StorageError: it cannot be read.
    """
    with storage_errors(path):
        found_as = path.stat()
        if not stat.S_ISREG(found_as.st_mode):
            raise DataError(f"{path} must be a file, got a folder, pipe or device")
        with path.open("rb") as file:
            header = file.read(18)
        if not header:
            raise DataError(f"{path} is empty, not a study", hint="remove it, or choose another")
        if header[:16] != _MAGIC:
            raise DataError(
                f"{path} is not a study: it is no SQLite database", hint="choose another --study"
            )
        # SQLite would read zeros for what is missing of the last page. 65536 is written as 1.
        page_bytes = int.from_bytes(header[16:18], "big")
        if page_bytes != 1 and (page_bytes == 0 or found_as.st_size % page_bytes):
            raise _damaged(path, f"{found_as.st_size:,} bytes are not whole pages")
        mode = "immutable=1" if _is_sealed(path) else "mode=rw" if _is_ours(path) else "mode=ro"
        address = f"{path.resolve().as_uri()}?{mode}"
        with closing(sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS)) as connection:
            found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            if found != "ok":
                raise _damaged(path, str(found))
            rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            tables = {name for (name,) in rows}
    if not tables >= _TABLES:
        raise DataError(
            f"{path} is not a study: it is the database of another program",
            hint="choose another --study",
        )


def check_room(folder: Path) -> None:
    """Check that the disk has room for another trial.

    Raises:
        ResourceError: it has not; the message says how many bytes are there and how many needed.
    """
    found = os.statvfs(folder)
    free = found.f_bavail * found.f_frsize
    if free < FREE_BYTES:
        raise ResourceError(
            f"{folder}: the disk has {free:,} bytes left, a trial needs {FREE_BYTES:,}",
            hint=_FREE_SOME,
        )


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turn what a database or a disk raises into an error that says what to do.

    Any other error passes, that of a closed output (a broken pipe) among them.
    """
    from optuna.exceptions import OptunaError
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except json.JSONDecodeError as error:
        raise _damaged(path, f"it holds text that is no JSON: {error}") from error
    except (sqlite3.Error, SQLAlchemyError, OptunaError, OSError) as error:
        told = _explain(path, error)
        if told is None:
            raise
        raise told from error


def _explain(path: Path, error: Exception) -> MnistSearchError | None:
    cause: BaseException | None = error
    while cause is not None:
        # SQLAlchemy keeps the driver's error as `orig`, Optuna SQLAlchemy's as the cause.
        original = getattr(cause, "orig", cause)
        if isinstance(original, sqlite3.Error):
            return _explain_sqlite(path, original)
        cause = cause.__cause__
    if isinstance(error, OSError):
        return _explain_system(path, error)
    return StorageError(f"{path}: {' '.join(str(error).split())[:300]}")


def _explain_sqlite(path: Path, error: sqlite3.Error) -> MnistSearchError:
    # The low byte is the kind of error, the rest its variety.
    match getattr(error, "sqlite_errorcode", 0) & 0xFF:
        case sqlite3.SQLITE_FULL:
            return ResourceError(f"{path}: no space left for the study", hint=_FREE_SOME)
        case sqlite3.SQLITE_NOMEM:
            return ResourceError(f"{path}: out of memory")
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return _damaged(path, str(error))
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return StorageError(
                f"{path} was locked by another program for {BUSY_SECONDS} s",
                hint="close that program; the same command then goes on",
            )
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
            return StorageError(
                f"{path} cannot be written: {error}",
                hint="check the permissions of the file and its folder",
            )
        case _:
            return StorageError(f"{path}: {error}")


def _explain_system(path: Path, error: OSError) -> MnistSearchError | None:
    reason = error.strerror
    named = path if error.filename is None else error.filename
    if error.errno in _FULL:
        return ResourceError(f"{named}: {reason}", hint=_FREE_SOME)
    if error.errno in (errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.EAGAIN):
        return ResourceError(f"{named}: {reason}", hint="fewer --workers need less of everything")
    if error.filename is None:
        return None
    return StorageError(
        f"{named}: {reason}", hint="check the permissions of the file and its folder"
    )


def _damaged(path: Path, found: str) -> DataError:
    first = found.strip().splitlines()[-1].strip()
    return DataError(
        f"{path} is damaged: {first}",
        hint="nothing was changed; `sqlite3 FILE .recover` saves what can be saved",
    )


def _is_ours(path: Path) -> bool:
    """Return whether file and folder may be written."""
    return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)


def _is_sealed(path: Path) -> bool:
    """Return whether a file can only be read, and nobody is writing it."""
    return not _is_ours(path) and not path.with_name(f"{path.name}-wal").exists()
