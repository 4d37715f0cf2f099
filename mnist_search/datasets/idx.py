"""Read the IDX files of the original MNIST distribution, plain or gzipped, within bounds."""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_search.datasets.arrays import (
    MAX_PART_BYTES,
    Part,
    PartName,
    check_image_shape,
    check_label_shape,
    check_packed_size,
    make_part,
)
from mnist_search.errors import DataError

PREFIXES: dict[PartName, str] = {"train": "train", "test": "t10k"}
UNSIGNED_BYTE = 8


def read_idx_part(folder: Path, name: PartName) -> Part:
    """Read `train-*` or `t10k-*` of a folder, and no other file.

    Raises DataError for a missing, damaged or oversized file and for a wrong form.
    """
    prefix = PREFIXES[name]
    image_file = _find(folder, f"{prefix}-images", 3)
    label_file = _find(folder, f"{prefix}-labels", 1)
    image_shape = _shape(image_file, rank=3)
    label_shape = _shape(label_file, rank=1)
    count = check_image_shape(image_shape, where=str(image_file))
    check_label_shape(label_shape, images=count, where=str(label_file))
    return make_part(
        _data(image_file, image_shape),
        _data(label_file, label_shape),
        name=name,
        where=str(folder),
    )


def _find(folder: Path, stem: str, rank: int) -> Path:
    # Some distributors write a dot for the last dash but one.
    names = [f"{stem}{dash}idx{rank}-ubyte{end}" for end in ("", ".gz") for dash in "-."]
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise DataError(
        f"{folder}: {names[0]} or {names[2]} is missing",
        hint="a folder must hold the images and labels of train-* and t10k-* as IDX files",
    )


def _read(path: Path, count: int) -> bytes:
    try:
        if path.suffix == ".gz":
            with gzip.open(path) as stream:
                return stream.read(count)
        with path.open("rb") as file:
            return file.read(count)
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise DataError(f"{path}: not a readable gzip file: {error or 'it ends early'}") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error


def _shape(path: Path, *, rank: int) -> tuple[int, ...]:
    header = _read(path, 4 + 4 * rank)
    expected = bytes((0, 0, UNSIGNED_BYTE, rank))
    if header[:4] != expected:
        raise DataError(
            f"{path}: an IDX file of unsigned bytes and rank {rank} starts with "
            f"{expected.hex()}, got {header[:4].hex() or 'an empty file'}"
        )
    if len(header) < 4 + 4 * rank:
        raise DataError(f"{path}: the header ends after {len(header)} bytes")
    shape: tuple[int, ...] = struct.unpack(f">{rank}I", header[4:])
    if math.prod(shape) > MAX_PART_BYTES:
        raise DataError(f"{path}: must not exceed {MAX_PART_BYTES:,} bytes, got shape {shape}")
    check_packed_size(math.prod(shape), file_bytes=path.stat().st_size, where=f"{path}")
    return shape


def _data(path: Path, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    start = 4 + 4 * len(shape)
    expected = start + math.prod(shape)
    # One byte more than there should be: shows a longer file and lets gzip verify its CRC.
    raw = _read(path, expected + 1)
    if len(raw) != expected:
        got = "more" if len(raw) > expected else f"{len(raw):,}"
        raise DataError(f"{path}: shape {shape} needs exactly {expected:,} bytes, got {got}")
    return np.frombuffer(raw, dtype=np.uint8, offset=start).reshape(shape)
