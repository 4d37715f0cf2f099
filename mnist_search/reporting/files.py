"""Writing reports so that a reader sees the old file or the new one, never half of one."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from pathlib import Path

from mnist_search.errors import MnistSearchError, ResourceError, UsageError

_FULL = (errno.ENOSPC, errno.EDQUOT)


def write_atomically(path: Path, text: str) -> None:
    """Write UTF-8 text by a temporary file in the same folder, fsync and rename.

    Raises:
        UsageError: the folder is missing or not writable, or the target is a folder, a
            symbolic link (which a rename would replace) or a device.
        ResourceError: the disk is full.
    """
    mode = _check_target(path)
    temporary = path.with_name(f".{path.name[:100]}.{secrets.token_hex(6)}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        try:
            with os.fdopen(descriptor, "wb") as file:
                # Names from a file system may hold what UTF-8 cannot.
                file.write(text.encode("utf-8", "backslashreplace"))
                file.flush()
                os.fsync(file.fileno())
            if mode is not None:
                temporary.chmod(mode)
            temporary.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
        _sync_folder(path.parent)
    except OSError as error:
        raise _explain(path, error) from error


def _check_target(path: Path) -> int | None:
    """Return the permissions of the file to replace, None where there is none yet."""
    try:
        found = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        found = None
    except OSError as error:
        raise _explain(path, error) from error
    if not path.parent.is_dir():
        raise UsageError(f"{path}: the folder {path.parent} does not exist", hint="create it first")
    if found is None:
        if not path.name:
            raise UsageError(f"{path}: output must be a file, got a folder")
        return None
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
    return stat.S_IMODE(found.st_mode)


def _sync_folder(folder: Path) -> None:
    # Makes the rename itself last; some file systems cannot, and then the file is safe anyway.
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _explain(path: Path, error: OSError) -> MnistSearchError:
    if error.errno in _FULL:
        return ResourceError(f"{path}: no space left on the disk", hint="free some space")
    reason = error.strerror if error.strerror is not None else str(error)
    return UsageError(f"{path}: cannot be written: {reason}")
