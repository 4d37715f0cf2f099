"""Tell what a path is and read one part of it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from mnist_search.datasets.arrays import Part, PartName
from mnist_search.datasets.idx import read_idx_part
from mnist_search.datasets.npz import read_npz_part
from mnist_search.errors import DataError, ResourceError


def read_part(path: Path, name: PartName) -> Part:
    """Read one part from a .npz file or a folder of IDX files.

    Raises DataError for a missing path and for anything that is neither a folder nor a regular
    file: opening a pipe would wait for ever. ResourceError: the memory does not suffice.
    """
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None)
        raise DataError(f"{path}: {'cannot be read' if reason is None else reason}") from error
    try:
        if stat.S_ISDIR(mode):
            return read_idx_part(path, name)
        if stat.S_ISREG(mode):
            return read_npz_part(path, name)
    except MemoryError as error:
        raise ResourceError(f"{path}: not enough memory to read the {name} images") from error
    raise DataError(f"{path}: must be a .npz file or a folder of IDX files, got a special file")


def is_there(path: Path) -> bool:
    """Tell whether a path exists and may be looked at; `Path.exists` raises where it may not."""
    return os.path.exists(path)  # noqa: PTH110
