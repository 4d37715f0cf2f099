"""The folder of a study: its name, its files, and what these must be before they are touched.

The name of the folder is the name of the study, so that a copy of it, or one that was renamed, is
a study of its own. All files in it are ours, and only plain files are taken for them: a link would
let a study that a stranger made read, overwrite or delete what lies outside of it, a pipe would
hang whoever opens it.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from mnist_search.errors import DataError, MnistSearchError, ResourceError, StorageError, UsageError
from mnist_search.paths import user_path

DEFAULT_HOME = Path("mnist-search-runs")
JOURNAL = "journal.log"
# What a new study is written to before it takes the journal's name.
DRAFT = "journal.log.new"
# The SQLite file of version 0.1; once there is a journal beside it, nobody reads it any more.
DATABASE = "study.db"
LOCK, OWNER = "lock", "owner.json"
ARTIFACTS, LOGS = "artifacts", "logs"
# A trial is not started with less: its weights, its place in the ledger, the log of its worker.
FREE_BYTES = 64 * 2**20

_LONGEST_NAME = 64
_NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9_.-]{{0,{_LONGEST_NAME - 1}}}")
_FILES = (JOURNAL, DRAFT, DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", LOCK, OWNER)
_FULL = (errno.ENOSPC, errno.EDQUOT)
_UNABLE = (
    *(errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL),
    *(errno.ENOLCK, errno.EXDEV, errno.EROFS),
)
_FREE_SOME = "free some space, then run the same command again: no finished trial is lost"
_KINDS = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFREG: "a file",
}


def resolve_home(option: Path | str | None, environ: Mapping[str, str]) -> Path:
    """Return the folder of all studies, which need not be there yet.

    Raises `StorageError` where something else is in its place.
    """
    home = named_home(option, environ)
    if str(home) == "-":
        raise UsageError("the home of studies must be a folder, got -")
    there = next((path for path in (home, *home.parents) if os.path.lexists(path)), home)
    if os.path.lexists(there) and not os.path.isdir(there):  # noqa: PTH112 (never raises)
        which = "" if there == home else f"{home}: "
        raise StorageError(f"{which}{there} is not a folder, and the home of studies must be one")
    return home


def named_home(option: Path | str | None, environ: Mapping[str, str]) -> Path:
    """Return the option, MNIST_SEARCH_HOME, or ./mnist-search-runs, whatever there is.

    Texts are as users wrote them, with `~`; paths have been read already. Raises `StorageError`
    where there is no folder that a relative one starts from.
    """
    given = environ.get("MNIST_SEARCH_HOME") if option is None else option
    if given is None or given == "":
        given = DEFAULT_HOME
    home = given if isinstance(given, Path) else user_path(given, environ)
    try:
        home.absolute()
    except FileNotFoundError as error:
        raise StorageError(
            f"{home}: the working folder was removed",
            hint="change to another, or name an absolute --home",
        ) from error
    return home


def study_folder(home: Path, name: str) -> Path:
    """Return the folder of a study; raises `UsageError` for a name that is no plain name."""
    if _NAME.fullmatch(name) is None:
        raise UsageError(
            f"study name {name!r} must start with a letter or digit and hold only letters, "
            f"digits, '_', '.' and '-', at most {_LONGEST_NAME} of them"
        )
    return home / name


def plain_name(text: str) -> str:
    """Return a study name made from any text."""
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", text).strip("-._")
    return name[:48].rstrip("-._") or "study"


def name_beside(study: str, suffix: str) -> str:
    """Return the name of a study that belongs to another one; too long a one is cut."""
    name = f"{study}{suffix}"
    if len(name) <= _LONGEST_NAME:
        return name
    mark = hashlib.blake2b(study.encode(), digest_size=4).hexdigest()
    return f"{study[: _LONGEST_NAME - len(suffix) - len(mark) - 1]}-{mark}{suffix}"


def list_studies(home: Path) -> list[str]:
    """Return the names of the studies in a home, sorted, damaged ones among them."""
    if not os.path.lexists(home):
        return []
    found = {path.parent.name for name in (JOURNAL, DATABASE) for path in home.glob(f"*/{name}")}
    return sorted(found)


def has_study(folder: Path) -> bool:
    """Return whether a study is there, as far as that can be seen; whatever is there in its name.

    `Path.exists` would raise where a folder on the way must not be entered.
    """
    return any(os.path.lexists(folder / name) for name in (JOURNAL, DATABASE))


def unused_name(home: Path, name: str) -> str:
    """Return `name`, or `name-2`, `name-3` … where it is taken."""
    candidate, count = name, 1
    while has_study(home / candidate):
        count += 1
        candidate = f"{name}-{count}"
    return candidate


def check_files(folder: Path) -> None:
    """Check all that a session opens, writes or deletes in the folder of a study.

    Raises:
        DataError: in the place of a file, or of the folders of weights and logs, is something
            else.
    """
    for name in _FILES:
        check_file(folder / name)
    for name, pattern in ((ARTIFACTS, "*run-*"), (LOGS, "*")):
        check_folder(folder / name)
        for path in (folder / name).glob(pattern):
            check_file(path)


def check_folder(path: Path) -> None:
    """Check that a path is a folder of its study, if there is anything; raises `DataError`."""
    _check_kind(path, stat.S_IFDIR)


def check_file(path: Path) -> None:
    """Check that a path is a regular file of its folder, if there is anything.

    Raises:
        DataError: it is a link, a pipe, a device or a folder.
    """
    _check_kind(path, stat.S_IFREG)


def open_file(path: Path, flags: int) -> int:
    """Open a regular file by its path as `os.open` does; no link is followed, no pipe waited for.

    Raises:
        DataError: it is no regular file.
        OSError: it cannot be opened.
    """
    check_file(path)
    # Somebody may have put another thing there meanwhile.
    descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o666)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise DataError(f"{path} must be a file of its study, got a pipe or device")
    return descriptor


def check_room(folder: Path) -> None:
    """Check that the disk has room for another trial.

    Raises:
        ResourceError: it has not; the message says how many bytes are there and how many needed.
    """
    with storage_errors(folder):
        found = os.statvfs(folder)
    free = found.f_bavail * found.f_frsize
    if free < FREE_BYTES:
        raise ResourceError(
            f"{folder}: the disk has {free:,} bytes left, a trial needs {FREE_BYTES:,}",
            hint=_FREE_SOME,
        )


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turn what a disk raises into an error that says what to do.

    Any other error passes, that of a closed output (a broken pipe) among them.
    """
    try:
        yield
    except OSError as error:
        told = _explain(path, error)
        if told is None:
            raise
        raise told from error


@contextmanager
def named_errors(path: Path) -> Iterator[None]:
    """Give errors of a descriptor the name of its file, without which they pass `storage_errors`.

    Else they would be taken for those of a closed output.
    """
    try:
        yield
    except OSError as error:
        error.filename = str(path)
        raise


def damaged(path: Path, what: str) -> DataError:
    """Return the error for a study whose file holds what no version of mnist-search wrote."""
    # Messages of libraries may have lines, and any length.
    told = " ".join(what.split())
    return DataError(
        f"{path} is damaged: {told[:300]}",
        hint="nothing was changed; other studies can be read, or choose another --study",
    )


def _check_kind(path: Path, wanted: int) -> None:
    try:
        found = stat.S_IFMT(path.lstat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return
    if found != wanted:
        raise DataError(
            f"{path} must be {_KINDS[wanted]} of its study, got {_KINDS.get(found, 'a device')}",
            hint="remove it, or choose another --study",
        )


def _explain(path: Path, error: OSError) -> MnistSearchError | None:
    reason = error.strerror
    named = path if error.filename is None else error.filename
    if error.errno == errno.EFBIG:
        hint = "`ulimit -f` is the limit of this shell; with a larger one the same command goes on"
        return ResourceError(f"{named}: {reason}", hint=hint)
    if error.errno in _FULL:
        return ResourceError(f"{named}: {reason}", hint=_FREE_SOME)
    if error.errno in (errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.EAGAIN):
        return ResourceError(f"{named}: {reason}", hint="fewer --workers need less of everything")
    if error.filename is None:
        return None
    hint = "check the permissions of the file and its folder"
    if error.errno in _UNABLE:
        hint = "its file system cannot do this: name a folder of another disk with --home"
    return StorageError(f"{named}: {reason}", hint=hint)
