"""Read MNIST-like .npz files within bounds: headers are judged before data is read."""

from __future__ import annotations

import ast
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

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

MAX_MEMBERS = 100
MAX_FILE_BYTES = 3 * MAX_PART_BYTES
MAX_HEADER_BYTES = 4096
CHUNK_BYTES = 2**20
DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    ValueError,
    NotImplementedError,
    RuntimeError,
    OverflowError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Header:
    shape: tuple[int, ...]
    fortran_order: bool
    dtype: np.dtype[np.generic]
    data_start: int

    @property
    def data_bytes(self) -> int:
        count = 1
        for length in self.shape:
            count *= length
        return count * self.dtype.itemsize


def read_npz_part(path: Path, name: PartName) -> Part:
    """Read `x_train` and `y_train`, or `x_test` and `y_test`, and nothing else.

    Images must be uint8, labels of any integer type. Raises DataError for whatever is damaged,
    too large or of another form; never unpickles.
    """
    _check_file_size(path)
    with _damage_named(path), zipfile.ZipFile(path) as archive:
        images = _member(archive, f"x_{name}", path)
        labels = _member(archive, f"y_{name}", path)
        where = f"{path}: {{}}_{name}"
        image_header = _header(archive, images, where.format("x"))
        label_header = _header(archive, labels, where.format("y"))
        for letter, found in (("x", image_header), ("y", label_header)):
            # The archive may lie about the size of its members, the file system does not.
            size = path.stat().st_size
            check_packed_size(found.data_bytes, file_bytes=size, where=where.format(letter))
        _check_types(image_header, label_header, where)
        count = check_image_shape(image_header.shape, where=where.format("x"))
        check_label_shape(label_header.shape, images=count, where=where.format("y"))
        return make_part(
            _data(archive, images, image_header, where.format("x")),
            _data(archive, labels, label_header, where.format("y")),
            name=name,
            where=str(path),
        )


@contextmanager
def _damage_named(path: Path) -> Iterator[None]:
    try:
        yield
    except DAMAGE as error:
        raise DataError(f"{path}: not a readable .npz file: {error or 'it ends early'}") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error


def _check_file_size(path: Path) -> None:
    size = path.stat().st_size
    if size > MAX_FILE_BYTES:
        raise DataError(f"{path}: must not exceed {MAX_FILE_BYTES:,} bytes, got {size:,}")


def _member(archive: zipfile.ZipFile, key: str, path: Path) -> zipfile.ZipInfo:
    members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
    if key not in members:
        found = ", ".join(repr(name)[1:-1] for name in sorted(members)[:8])
        raise DataError(
            f"{path}: the arrays x_train, y_train, x_test and y_test are needed, "
            f"{key} is missing (found: {found})"
        )
    if len(members) > MAX_MEMBERS:
        raise DataError(f"{path}: must hold four arrays, got {len(members):,} members")
    return members[key]


def _header(archive: zipfile.ZipFile, info: zipfile.ZipInfo, where: str) -> _Header:
    # What NumPy writes; other methods pack bombs of any size into a few bytes.
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise DataError(f"{where} must be stored or deflated, got method {info.compress_type}")
    with archive.open(info) as stream:
        start = stream.read(8)
        if start[:6] != b"\x93NUMPY" or start[6:7] not in {b"\x01", b"\x02", b"\x03"}:
            raise DataError(f"{where} is not an array in NumPy's format")
        width = 2 if start[6] == 1 else 4
        length = int.from_bytes(stream.read(width), "little")
        if length > MAX_HEADER_BYTES:
            raise DataError(
                f"{where}: its header must not exceed {MAX_HEADER_BYTES:,} bytes, got {length:,}"
            )
        shape, fortran_order, dtype = _parse_header(stream.read(length), where)
    header = _Header(
        shape=shape, fortran_order=fortran_order, dtype=dtype, data_start=8 + width + length
    )
    if header.data_bytes > MAX_PART_BYTES:
        raise DataError(f"{where} must not exceed {MAX_PART_BYTES:,} bytes, got shape {shape}")
    declared = info.file_size - header.data_start
    if declared != header.data_bytes and not dtype.hasobject:
        raise DataError(
            f"{where}: {dtype} of shape {shape} takes {header.data_bytes:,} bytes, "
            f"the file declares {declared:,}"
        )
    return header


def _parse_header(raw: bytes, where: str) -> tuple[tuple[int, ...], bool, np.dtype[np.generic]]:
    try:
        fields = ast.literal_eval(raw.decode("latin-1").strip())
        shape, fortran_order = fields["shape"], fields["fortran_order"]
        dtype = np.dtype(fields["descr"])
    except (ValueError, SyntaxError, TypeError, KeyError, MemoryError, RecursionError) as error:
        raise DataError(f"{where}: its header cannot be understood") from error
    plain = isinstance(shape, tuple) and all(type(n) is int and n >= 0 for n in shape)
    if not plain or not isinstance(fortran_order, bool):
        raise DataError(f"{where}: its header cannot be understood")
    return shape, fortran_order, dtype


def _check_types(images: _Header, labels: _Header, where: str) -> None:
    for letter, header in (("x", images), ("y", labels)):
        if header.dtype.hasobject:
            raise DataError(f"{where.format(letter)} holds pickled objects, which are not loaded")
    if images.dtype != np.uint8:
        raise DataError(
            f"{where.format('x')} must be uint8 (0..255), "
            f"got {images.dtype} of shape {images.shape}"
        )
    if labels.dtype.kind not in "iu":
        raise DataError(
            f"{where.format('y')} must be whole numbers, got {labels.dtype} of shape {labels.shape}"
        )


def _data(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, header: _Header, where: str
) -> NDArray[np.integer]:
    buffer = np.empty(header.data_bytes, dtype=np.uint8)
    with archive.open(info) as stream:
        stream.read(header.data_start)
        filled = _fill(stream, buffer)
        if filled != header.data_bytes:
            raise DataError(f"{where} must have {header.data_bytes:,} bytes, got {filled:,}")
    flat: NDArray[np.integer] = buffer.view(header.dtype)
    return flat.reshape(header.shape, order="F" if header.fortran_order else "C")


def _fill(stream: IO[bytes], buffer: NDArray[np.uint8]) -> int:
    filled = 0
    while filled < len(buffer):
        chunk = stream.read(min(CHUNK_BYTES, len(buffer) - filled))
        if not chunk:
            break
        buffer[filled : filled + len(chunk)] = np.frombuffer(chunk, dtype=np.uint8)
        filled += len(chunk)
    return filled
