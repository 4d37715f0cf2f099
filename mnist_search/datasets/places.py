"""Paths as users write them, what is at them, and the bytes of files: one door for all data."""

from __future__ import annotations

import errno
import gzip
import os
import stat
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from mnist_search import paths
from mnist_search.datasets.arrays import PartName
from mnist_search.errors import DataError
from mnist_search.paths import shorten

GZIP_MAGIC = b"\x1f\x8b"
SPECIAL = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}


def expand(path: str, environ: Mapping[str, str]) -> Path:
    """Return an absolute path, with a leading ~ or ~name replaced by the home folder.

    Raises DataError where there is no such home folder, nor a file of that very name.
    """
    found = paths.expand(path, environ)
    if found is None:
        user = path.partition("/")[0]
        raise DataError(f"{path}: there is no home folder {user}", hint="give the whole path")
    return found.absolute()


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


@contextmanager
def reading(path: Path, kind: str, damage: tuple[type[Exception], ...] = ()) -> Iterator[None]:
    """Turn what is raised over a file, or over the damage to one of its kind, into DataError."""
    try:
        yield
    except damage as error:
        # zipfile quotes names of up to 65,535 bytes.
        reason = shorten(str(error).partition("\n")[0] or "it ends early")
        raise DataError(f"{path}: not a readable {kind} file: {reason}") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error


@contextmanager
def unpacked(path: Path) -> Iterator[IO[bytes]]:
    """Yield a file's stream, unpacked where it is gzipped, whatever its name says.

    Raises DataError where it cannot be read.
    """
    damage = (gzip.BadGzipFile, zlib.error, EOFError)
    with reading(path, "gzip", damage), path.open("rb") as file:
        packed = file.read(2) == GZIP_MAGIC
        file.seek(0)
        if packed:
            with gzip.open(file) as stream:
                yield cast(IO[bytes], stream)
        else:
            yield file


def read_start(path: Path, count: int) -> bytes:
    """Return the first bytes of a file, unpacked where it is gzipped. Raises DataError."""
    with unpacked(path) as stream:
        return stream.read(count)


def is_packed(path: Path) -> bool:
    """Tell whether a file is gzipped. Raises OSError."""
    with path.open("rb") as file:
        return file.read(len(GZIP_MAGIC)) == GZIP_MAGIC


def pair_of(path: Path) -> dict[PartName, Path]:
    """Return the training and the test file by their names, of which one is given."""
    for here, there in (("test", "train"), ("train", "test")):
        for change in (str.lower, str.title, str.upper):
            other = path.with_name(path.name.replace(change(here), change(there)))
            if other != path and other.is_file():
                pair = (other, path) if here == "test" else (path, other)
                return {"train": pair[0], "test": pair[1]}
    return {"train": path}
