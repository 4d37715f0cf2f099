"""Paths as users write them, and what is at them: one door for every place of data."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Mapping
from pathlib import Path

from mnist_search.errors import DataError

SPECIAL = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}


def home_folder(environ: Mapping[str, str]) -> Path | None:
    """Return the user's home folder; None where neither HOME nor the system knows one."""
    named = environ.get("HOME")
    if named is not None and named:
        return Path(named)
    try:
        return Path.home()
    except RuntimeError:
        return None


def expand(path: str, environ: Mapping[str, str]) -> Path:
    """Return an absolute path, with a leading ~ or ~name replaced by the home folder.

    Raises DataError where there is no such home folder, nor a file of that very name.
    """
    user, _, rest = path.partition("/")
    if not user.startswith("~"):
        return Path(path).absolute()
    home = home_folder(environ) if user == "~" else None
    if user != "~" and (named := os.path.expanduser(user)) != user:  # noqa: PTH111
        home = Path(named)
    if home is not None:
        return (home / rest).absolute()
    if os.path.lexists(path):
        return Path(path).absolute()
    raise DataError(f"{path}: there is no home folder {user}", hint="give the whole path")


def is_there(path: Path) -> bool:
    """Tell whether a path exists and may be looked at; `Path.exists` raises where it may not."""
    return os.path.exists(path)  # noqa: PTH110


def is_folder(path: Path) -> bool:
    """Tell a folder from a regular file.

    Raises DataError for a missing path and for anything else: opening a pipe waits for ever, and
    a device has no end.
    """
    try:
        mode = path.stat().st_mode
    except ValueError as error:
        raise DataError(f"{shorten(path)}: cannot be read: it has a null character") from error
    except OSError as error:
        reason = error.strerror or "cannot be read"
        if error.errno == errno.ENAMETOOLONG:
            longest = max(len(os.fsencode(part)) for part in path.parts)
            reason = f"the name is too long: {longest} bytes, where a file system takes 255"
            if longest <= 255:
                reason = f"the path is too long: {len(os.fsencode(path)):,} bytes"
        raise DataError(f"{shorten(path)}: {reason}") from error
    if stat.S_ISDIR(mode) or stat.S_ISREG(mode):
        return stat.S_ISDIR(mode)
    kind = SPECIAL.get(stat.S_IFMT(mode), "a special file")
    raise DataError(
        f"{path}: must be a file or a folder, got {kind}",
        hint="write the data to a file first and name that",
    )


def shorten(path: Path | str) -> str:
    """Return a path for a message, without the middle of one that nobody would read."""
    text = str(path)
    return text if len(text) <= 200 else f"{text[:80]}…{text[-40:]}"
