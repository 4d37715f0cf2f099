"""Writing files so that a reader sees the old file or the new one, never half of one."""

from __future__ import annotations

import contextlib
import errno
import glob
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mnist_search.errors import MnistSearchError, ResourceError, UsageError

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# How the journal of a study begins, and a database of SQLite and its log.
_STUDIES = (b'{"op_code":', b"SQLite format 3\0", b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83")
# Of the 255 bytes that a name may have, so many are left beside our own.
_LONGEST_STEM_BYTES = 200


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield an empty file beside `path` to be written, which takes its name in the end.

    What it holds is on the disk before it is renamed, and the permissions of the file that it
    replaces stay. Where the block raises, it is gone and `path` as it was; what killed processes
    left of the same file goes as well. Raises OSError.
    """
    _remove_leftovers(path)
    temporary = path.with_name(
        f".{_short_stem(path)}.{os.getpid()}-{secrets.token_hex(4)}.part{path.suffix}"
    )
    os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
    try:
        yield temporary
        sync(temporary)
        with contextlib.suppress(FileNotFoundError):
            temporary.chmod(stat.S_IMODE(path.stat().st_mode))
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    # Makes the rename itself last; some file systems cannot, and then the file is safe anyway.
    with contextlib.suppress(OSError):
        sync(path.parent)


@contextmanager
def output_file(path: Path, *, make_folders: bool = False) -> Iterator[Path]:
    """Yield the file to write in the place of a user's output, as `replacing` does.

    Raises:
        UsageError: the folder is missing or not writable, or the target is a folder, a
            symbolic link (which a rename would replace), a device or a database.
        ResourceError: the disk is full.
    """
    try:
        if make_folders:
            # Where a file is in the way, the check says so.
            with contextlib.suppress(FileExistsError, NotADirectoryError):
                path.parent.mkdir(parents=True, exist_ok=True)
        _check_target(path)
        with replacing(path) as temporary:
            yield temporary
    except OSError as error:
        raise _explain(path, error) from error


def write_atomically(path: Path, text: str) -> None:
    """Write UTF-8 text in the place of a user's output; raises what `output_file` raises."""
    with output_file(path) as temporary:
        # Names from a file system may hold what UTF-8 cannot.
        temporary.write_bytes(text.encode("utf-8", "backslashreplace"))


def is_leftover(name: str, *, of: str) -> bool:
    """Say whether a file's name is that of an unfinished `of`, a regular expression of stems."""
    return re.fullmatch(rf"\.(?:{of})\.\d+-[0-9a-f]{{8}}\.part(?:\..*)?", name) is not None


def _remove_leftovers(path: Path) -> None:
    stem = _short_stem(path)
    for found in path.parent.glob(f".{glob.escape(stem)}.*.part{glob.escape(path.suffix)}"):
        writer = found.name.removeprefix(f".{stem}.").partition("-")[0]
        if is_leftover(found.name, of=re.escape(stem)) and not _is_alive(int(writer)):
            with contextlib.suppress(OSError):
                found.unlink()


def _short_stem(path: Path) -> str:
    return os.fsencode(path.stem)[:_LONGEST_STEM_BYTES].decode(errors="ignore")


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk; raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _check_target(path: Path) -> None:
    try:
        found = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        found = None
    except ValueError as error:
        raise UsageError(f"{path}: cannot be written: {error}") from error
    if not path.parent.is_dir():
        there = next(folder for folder in path.parents if os.path.lexists(folder))
        if not there.is_dir():
            raise UsageError(f"{path}: {there} is not a folder")
        raise UsageError(f"{path}: the folder {path.parent} does not exist", hint="create it first")
    if found is None:
        if not path.name:
            raise UsageError(f"{path}: output must be a file, got a folder")
        return
    if stat.S_ISLNK(found.st_mode):
        raise UsageError(
            f"{path}: output must not be a symbolic link", hint="name the file that it points to"
        )
    if stat.S_ISDIR(found.st_mode):
        raise UsageError(f"{path}: output must be a file, got a folder")
    if not stat.S_ISREG(found.st_mode):
        raise UsageError(
            f"{path}: output must be a regular file, got a device or pipe",
            hint="leave the option out to write to standard output",
        )
    if _is_study(path):
        raise UsageError(f"{path}: output must not replace a study", hint="name another file")


def _is_study(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(16).startswith(_STUDIES)
    except PermissionError:
        # It may be replaced where it cannot be read: that is up to the folder.
        return False


def _explain(path: Path, error: OSError) -> MnistSearchError:
    if error.errno in _FULL:
        return ResourceError(f"{path}: no space left on the disk", hint="free some space")
    reason = error.strerror if error.strerror is not None else str(error)
    return UsageError(f"{path}: cannot be written: {reason}")
