"""The IDX files of the original MNIST distribution, plain or gzipped, within bounds."""

from __future__ import annotations

import functools
import gzip
import math
import re
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
from numpy.typing import NDArray

from mnist_search.datasets.arrays import Kind, Slot
from mnist_search.datasets.containers import KINDS, PARTS, Container, Form, Member, check_size
from mnist_search.datasets.hints import literal
from mnist_search.errors import DataError

USUAL: Mapping[Slot, str] = {
    ("train", "images"): "train-images-idx3-ubyte",
    ("train", "labels"): "train-labels-idx1-ubyte",
    ("test", "images"): "t10k-images-idx3-ubyte",
    ("test", "labels"): "t10k-labels-idx1-ubyte",
}
# With a dot for the last dash but one, in capitals, with a prefix, `test` for `t10k`.
NAME = re.compile(
    r"(?:.*[-_. ])?(train|test|t10k)[-_. ]?(images?|labels?)(?:[-_. ]?idx[13])?(?:[-_. ]?ubyte)?"
)
GZIP_MAGIC = b"\x1f\x8b"
# The third byte of a file says what its numbers are; it stores the high byte first.
TYPES = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
RANKS: Mapping[Kind, int] = {"images": 3, "labels": 1}
# What NumPy needs to read such a file, packed or not.
SETUP = (
    "import gzip",
    "from pathlib import Path",
    'g = lambda b: gzip.decompress(b) if b[:2] == b"\\x1f\\x8b" else b',
    f"r = lambda b: np.frombuffer(b, {TYPES}[b[2]], offset=4 + 4 * b[3])"
    '.reshape(np.frombuffer(b, ">u4", b[3], 4))',
)


def find_idx(folder: Path, files: Sequence[Path]) -> Container | None:
    """Recognise IDX files by their names; None where there is none.

    Raises DataError where two files could be the same part.
    """
    found: dict[Slot, Path] = {}
    for path in sorted(files):
        slot = _slot(path.name)
        if slot is None:
            continue
        # Unpacked beside packed, as torchvision leaves them; sorted, the unpacked one is first.
        if slot in found and path.name != f"{found[slot].name}.gz":
            raise DataError(
                f"{folder}: {found[slot].name} and {path.name} could both be the "
                f"{slot[0]} {slot[1]}",
                hint="name a folder that holds the four files of one data set",
            )
        found.setdefault(slot, path)
    if not found:
        return None

    def missing(slot: Slot) -> str:
        return f"{folder}: {USUAL[slot]} or {USUAL[slot]}.gz is missing"

    return Container(
        kind="idx",
        path=folder,
        members={slot: _member(path, slot) for slot, path in found.items()},
        missing=missing,
        setup=SETUP,
    )


@contextmanager
def unpacked(path: Path) -> Iterator[IO[bytes]]:
    """Yield a file's stream, unpacked where it is gzipped, whatever its name says.

    Raises DataError where it cannot be read.
    """
    try:
        with path.open("rb") as file:
            packed = file.read(2) == GZIP_MAGIC
            file.seek(0)
            if packed:
                with gzip.open(file) as stream:
                    yield cast(IO[bytes], stream)
            else:
                yield file
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise DataError(f"{path}: not a readable gzip file: {error or 'it ends early'}") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error


def read_start(path: Path, count: int) -> bytes:
    """Return the first bytes of a file, unpacked where it is gzipped. Raises DataError."""
    with unpacked(path) as stream:
        return stream.read(count)


def _slot(name: str) -> Slot | None:
    found = NAME.fullmatch(name.lower().removesuffix(".gz"))
    return None if found is None else (PARTS[found[1]], KINDS[found[2]])


def _member(path: Path, slot: Slot) -> Member:
    @functools.cache
    def form() -> Form:
        return _form(path, rank=RANKS[slot[1]])

    def load() -> NDArray[Any]:
        return _data(path, form())

    code = f"r(g(Path({literal(path)}).read_bytes()))"
    return Member(name=path.name, where=str(path), form=form, load=load, code=code)


def _form(path: Path, *, rank: int) -> Form:
    header = read_start(path, 4 + 4 * rank)
    zeros, kind, found = header[:2], header[2:3], header[3:4]
    if zeros != b"\0\0" or not kind or kind[0] not in TYPES or found != bytes((rank,)):
        raise DataError(
            f"{path}: an IDX file of unsigned bytes and rank {rank} starts with "
            f"{bytes((0, 0, 8, rank)).hex()}, got {header[:4].hex() or 'an empty file'}"
        )
    if len(header) < 4 + 4 * rank:
        raise DataError(f"{path}: the header ends after {len(header)} bytes")
    shape: tuple[int, ...] = struct.unpack(f">{rank}I", header[4:])
    form = Form(shape=shape, dtype=np.dtype(TYPES[kind[0]]))
    check_size(form, file_bytes=path.stat().st_size, where=str(path))
    return form


def _data(path: Path, form: Form) -> NDArray[Any]:
    start = 4 + 4 * len(form.shape)
    expected = start + math.prod(form.shape) * form.dtype.itemsize
    # One byte more than there should be: shows a longer file and lets gzip verify its CRC.
    raw = read_start(path, expected + 1)
    if len(raw) != expected:
        got = "more" if len(raw) > expected else f"{len(raw):,}"
        raise DataError(f"{path}: shape {form.shape} needs exactly {expected:,} bytes, got {got}")
    return np.frombuffer(raw, dtype=form.dtype, offset=start).reshape(form.shape)
