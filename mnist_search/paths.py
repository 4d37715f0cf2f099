"""Paths as users write them: one door for `~`, for what no file system takes, for no home."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from mnist_search.errors import ResourceError, UsageError

# What Linux and macOS take.
MOST_NAME_BYTES = 255
MOST_PATH_BYTES = 4095


def home_folder(environ: Mapping[str, str]) -> Path | None:
    """Return the user's home folder; None where neither HOME nor the system knows one."""
    named = environ.get("HOME")
    if named is not None and named:
        return Path(named)
    try:
        return Path.home()
    except RuntimeError:
        return None


def expand(path: str, environ: Mapping[str, str]) -> Path | None:
    """Return a path with a leading ~ or ~name replaced by the home folder, None without one.

    A file whose very name begins so is meant where there is no such home folder.
    """
    user, _, rest = path.partition("/")
    if not user.startswith("~"):
        return Path(path)
    home = home_folder(environ) if user == "~" else None
    if user != "~" and (named := os.path.expanduser(user)) != user:  # noqa: PTH111
        home = Path(named)
    if home is not None:
        return home / rest
    return Path(path) if os.path.lexists(path) else None


def user_path(text: str, environ: Mapping[str, str]) -> Path:
    """Return the path that a user means, of a file or folder that may not be there yet.

    Raises:
        UsageError: it is empty, longer than a file system takes, or below a home folder that
            does not exist.
    """
    if not text or "\0" in text:
        raise UsageError("a path must not be empty or hold a null character")
    path = expand(text, environ)
    if path is None:
        user = text.partition("/")[0]
        raise UsageError(f"{text}: there is no home folder {user}", hint="give the whole path")
    longest = max((len(os.fsencode(part)) for part in path.parts), default=0)
    if longest > MOST_NAME_BYTES:
        raise UsageError(
            f"{shorten(path)}: the name is too long: {longest} bytes, "
            f"where a file system takes {MOST_NAME_BYTES}"
        )
    if (size := len(os.fsencode(path))) > MOST_PATH_BYTES:
        raise UsageError(f"{shorten(path)}: the path is too long: {size:,} bytes")
    return path


def read_regular(path: Path, *, most_bytes: int) -> bytes:
    """Return the bytes of a regular file: a pipe would be waited for, a device has no end.

    Raises:
        UsageError: it is none, is larger, or cannot be read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            kind = os.fstat(descriptor).st_mode
            if not stat.S_ISREG(kind):
                what = "a folder" if stat.S_ISDIR(kind) else "a pipe or device"
                raise UsageError(f"{shorten(path)}: must be a regular file, got {what}")
            content = os.read(descriptor, most_bytes + 1)
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"{shorten(path)}: cannot be read: {reason}") from error
    if len(content) > most_bytes:
        raise UsageError(f"{shorten(path)}: must have at most {most_bytes:,} bytes")
    return content


def shorten(path: Path | str) -> str:
    """Return a path for a message, without the middle of one that nobody would read."""
    text = str(path)
    return text if len(text) <= 200 else f"{text[:80]}…{text[-40:]}"


@contextmanager
def temporary_folder(prefix: str) -> Iterator[Path]:
    """Yield a folder that is gone when the block is left.

    Raises:
        ResourceError: no folder for temporary files can be written.
    """
    with _some_place():
        folder = tempfile.TemporaryDirectory(prefix=prefix)
    with folder as name:
        yield Path(name)


def temporary_file() -> IO[bytes]:
    """Return an open file without a name.

    Raises:
        ResourceError: no folder for temporary files can be written.
    """
    with _some_place():
        return tempfile.TemporaryFile()


@contextmanager
def _some_place() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise ResourceError(
            "there is no folder for temporary files that can be written", hint="set TMPDIR to one"
        ) from error
