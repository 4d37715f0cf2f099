"""Files that hold arrays (.npz, .npy, IDX): which array is which, read within bounds."""

from __future__ import annotations

import functools
import io
import math
import re
import struct
import tokenize
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from mnist_search.datasets.arrays import SLOTS, Kind, PartName, Slot
from mnist_search.datasets.places import read_start, reading
from mnist_search.errors import DataError
from mnist_search.paths import shorten

MAX_ARRAY_BYTES = 2**30
# No deflated data unpacks to more bytes than this for each of its own.
MAX_DEFLATE_RATIO = 1032
MAX_MEMBERS = 100
MAX_FILE_BYTES = 3 * MAX_ARRAY_BYTES
MAX_HEADER_BYTES = 4096
FEWEST_PIXELS = 64
PARTS: Mapping[str, PartName] = {
    "training": "train",
    "train": "train",
    "testing": "test",
    "test": "test",
    "t10k": "test",
}
KINDS: Mapping[str, Kind] = {
    **dict.fromkeys(
        ("x", "image", "images", "img", "imgs", "data", "pixels", "features", "inputs"), "images"
    ),
    **dict.fromkeys(("y", "label", "labels", "target", "targets", "class", "classes"), "labels"),
}
IDX_NAMES: Mapping[Slot, str] = {
    ("train", "images"): "train-images-idx3-ubyte",
    ("train", "labels"): "train-labels-idx1-ubyte",
    ("test", "images"): "t10k-images-idx3-ubyte",
    ("test", "labels"): "t10k-labels-idx1-ubyte",
}
# With a dot for the last dash but one, in capitals, with a prefix, `test` for `t10k`.
IDX_NAME = re.compile(
    r"(?:.*[-_. ])?(train|test|t10k)[-_. ]?(images?|labels?)(?:[-_. ]?idx[13])?(?:[-_. ]?ubyte)?"
)
IDX_PART = re.compile(r"(?<![a-z])(train|test|t10k)")
IDX_STARTS: Mapping[bytes, Kind] = {b"\0\0\x08\3": "images", b"\0\0\x08\1": "labels"}
# The third byte of a file says what its numbers are; it stores the high byte first.
IDX_TYPES = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
IDX_RANKS: Mapping[Kind, int] = {"images": 3, "labels": 1}
# What zipfile, zlib, and NumPy's parser of headers with ast and tokenize below it, raise. Of
# RuntimeError are RecursionError and the lack of a password.
DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, EOFError, ValueError, TypeError, SyntaxError),
    *(tokenize.TokenError, NotImplementedError, OverflowError, RuntimeError),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """An array that is there.

    `load` raises DataError where it is damaged or larger than the bounds.
    """

    name: str
    where: str
    load: Callable[[], NDArray[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """A file or folder of a kind (npz, npy, idx, csv), and the arrays recognised in it.

    `missing` tells what a slot lacks that has no array, `unread` are the arrays that are something
    else.
    """

    kind: str
    path: Path
    members: Mapping[Slot, Member]
    missing: Callable[[Slot], str]
    unread: tuple[str, ...] = ()


def slot_of(name: str) -> tuple[PartName | None, Kind] | None:
    """Return what an array of that name holds: x_train, TrainImages, labels, …; None: unknown."""
    text = re.sub("[^a-z0-9]", "", name.lower())
    if text in KINDS:
        return None, KINDS[text]
    for word, part in PARTS.items():
        for rest in (text.removeprefix(word), text.removesuffix(word)):
            if rest != text and rest in KINDS:
                return part, KINDS[rest]
    return None


def keras_name(slot: Slot) -> str:
    """Return what Keras' mnist.npz calls an array: x_train, y_train, x_test or y_test."""
    part, kind = slot
    return f"x_{part}" if kind == "images" else f"y_{part}"


def check_size(
    shape: tuple[int, ...], dtype: np.dtype[Any], *, file_bytes: int, where: str
) -> None:
    """Raise DataError for an array beyond the bounds, or one that its file cannot hold.

    Asked before memory is taken for it; however it is packed, `file_bytes` do not lie.
    """
    wanted = math.prod(shape) * dtype.itemsize
    if wanted > MAX_ARRAY_BYTES:
        raise DataError(f"{where} must not exceed {MAX_ARRAY_BYTES:,} bytes, got {shape} {dtype}")
    if wanted > MAX_DEFLATE_RATIO * file_bytes:
        raise DataError(
            f"{where} claims {wanted:,} bytes, which a file of {file_bytes:,} cannot hold"
        )


def find_files(
    folder: Path, files: Sequence[Path], kind: Literal["idx", "npy"]
) -> Container | None:
    """Recognise IDX or .npy files, sorted, by their names; None where there is none.

    Raises DataError where two files could be the same part.
    """
    found: dict[Slot, Path] = {}
    for path in files:
        slot = _idx_slot(path) if kind == "idx" else _npy_slot(path)
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
    members: dict[Slot, Member] = {}
    for slot, path in found.items():
        load = functools.partial(_load_npy, path, None, str(path))
        if kind == "idx":
            load = functools.partial(_load_idx, path, IDX_RANKS[slot[1]])
        members[slot] = Member(name=path.name, where=str(path), load=load)

    def missing(slot: Slot) -> str:
        name = IDX_NAMES[slot]
        wanted = f"{name} or {name}.gz" if kind == "idx" else f"{keras_name(slot)}.npy"
        return f"{folder}: {wanted} is missing"

    return Container(kind=kind, path=folder, members=members, missing=missing)


def find_in_npz(path: Path) -> Container:
    """Recognise the arrays of a .npz file by their names; those without names by their order.

    Raises DataError where it is not a .npz file that can be read.
    """
    size = path.stat().st_size
    if size > MAX_FILE_BYTES:
        raise DataError(f"{path}: must not exceed {MAX_FILE_BYTES:,} bytes, got {size:,}")
    with _opened(path) as file, zipfile.ZipFile(file) as archive:
        entries = archive.infolist()
    if len(entries) > MAX_MEMBERS:
        raise DataError(f"{path}: must hold four arrays, got {len(entries):,} members")
    infos = {info.filename.removesuffix(".npy"): info for info in entries}
    chosen = _by_name(path, list(infos)) or _by_order(path, infos)
    found = ", ".join(_printable(name) for name in sorted(infos)[:8])
    members: dict[Slot, Member] = {}
    for slot, name in chosen.items():
        where = f"{path}: {_printable(name)}"
        load = functools.partial(_load_npy, path, infos[name], where)
        members[slot] = Member(name=name, where=where, load=load)
    return Container(
        kind="npz",
        path=path,
        members=members,
        missing=lambda slot: (
            f"{path}: the arrays x_train, y_train, x_test and y_test are needed, "
            f"{keras_name(slot)} is missing (found: {found or 'none'})"
        ),
        unread=tuple(_printable(name) for name in infos if name not in chosen.values()),
    )


def _idx_slot(path: Path) -> Slot | None:
    """Return what an IDX file holds: by its usual name, else by a word in it and its content."""
    name = path.name.lower()
    match = IDX_NAME.fullmatch(name.removesuffix(".gz"))
    if match is not None:
        return PARTS[match[1]], KINDS[match[2]]
    words = set(IDX_PART.findall(name))
    with suppress(DataError):
        if len(words) == 1 and (kind := IDX_STARTS.get(read_start(path, 4))) is not None:
            return PARTS[words.pop()], kind
    return None


def _npy_slot(path: Path) -> Slot | None:
    match slot_of(path.stem) if path.suffix == ".npy" else None:
        case ("train" | "test" as part, kind):
            return part, kind
        case _:
            return None


def _by_name(path: Path, names: list[str]) -> dict[Slot, str]:
    """Return the array of each slot; the names that Keras gives go before all others."""
    chosen: dict[Slot, str] = {}
    for name in names:
        match slot_of(name):
            case (None, kind) if not any(slot_of(other) == ("train", kind) for other in names):
                slot: Slot = ("train", kind)
            case ("train" | "test" as part, kind):
                slot = (part, kind)
            case _:
                continue
        usual = keras_name(slot)
        if chosen.get(slot) == usual:
            continue
        if slot in chosen and name != usual:
            both = f"{_printable(chosen[slot])} and {_printable(name)}"
            raise DataError(
                f"{path}: {both} could both be the {slot[0]} {slot[1]}",
                hint=f"name the right one {usual}",
            )
        chosen[slot] = name
    return chosen


def _by_order(path: Path, infos: Mapping[str, zipfile.ZipInfo]) -> dict[Slot, str]:
    """Tell the arrays of `np.savez(file, a, b, c, d)` apart: images have more numbers."""
    names = sorted(infos)
    if names != [f"arr_{number}" for number in range(len(SLOTS))]:
        return {}
    shapes = {name: _npy_shape(path, infos[name], f"{path}: {name}") for name in names}
    many = [name for name, shape in shapes.items() if math.prod(shape[1:]) >= FEWEST_PIXELS]
    few = [name for name in names if name not in many]
    if len(many) != 2:
        return {}
    return dict(zip(SLOTS, (many[0], few[0], many[1], few[1]), strict=True))


def _printable(name: str) -> str:
    return shorten(repr(name)[1:-1])


def _load_idx(path: Path, rank: int) -> NDArray[Any]:
    start = 4 + 4 * rank
    header = read_start(path, start)
    zeros, kind, found = header[:2], header[2:3], header[3:4]
    if zeros != b"\0\0" or not kind or kind[0] not in IDX_TYPES or found != bytes((rank,)):
        raise DataError(
            f"{path}: an IDX file of unsigned bytes and rank {rank} starts with "
            f"{bytes((0, 0, 8, rank)).hex()}, got {header[:4].hex() or 'an empty file'}"
        )
    if len(header) < start:
        raise DataError(f"{path}: the header ends after {len(header)} bytes")
    shape: tuple[int, ...] = struct.unpack(f">{rank}I", header[4:])
    dtype = np.dtype(IDX_TYPES[kind[0]])
    check_size(shape, dtype, file_bytes=path.stat().st_size, where=str(path))
    expected = start + math.prod(shape) * dtype.itemsize
    # One byte more than there should be: shows a longer file and lets gzip verify its CRC.
    raw = read_start(path, expected + 1)
    if len(raw) != expected:
        got = "more" if len(raw) > expected else f"{len(raw):,}"
        raise DataError(f"{path}: shape {shape} needs exactly {expected:,} bytes, got {got}")
    return np.frombuffer(raw, dtype=dtype, offset=start).reshape(shape)


def _load_npy(path: Path, info: zipfile.ZipInfo | None, where: str) -> NDArray[Any]:
    """Read a .npy file, or a member of an archive."""
    _npy_shape(path, info, where)
    with _opened(path, info) as stream:
        array: NDArray[Any] = npy.read_array(
            stream, allow_pickle=False, max_header_size=MAX_HEADER_BYTES
        )
        # zipfile compares the checksum when it comes to the end.
        stream.read(1)
    return array


def _npy_shape(path: Path, info: zipfile.ZipInfo | None, where: str) -> tuple[int, ...]:
    """Read the header alone. Raises DataError for one that does not fit the file."""
    # What NumPy writes; other methods pack bombs of any size into a few bytes.
    if info is not None and info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise DataError(f"{where} must be stored or deflated, got method {info.compress_type}")
    with _opened(path, info) as stream:
        # NumPy reads a header as long as it says it is before it asks for the bound.
        start = io.BytesIO(stream.read(MAX_HEADER_BYTES))
        try:
            readers = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
            reader = readers[npy.read_magic(start)]
        except (ValueError, KeyError) as error:
            raise DataError(f"{where} is not an array in NumPy's format 1 or 2") from error
        try:
            shape, _, dtype = reader(start, max_header_size=MAX_HEADER_BYTES)
            if any(type(n) is not int or n < 0 for n in shape):
                raise ValueError(shape)
        except (*DAMAGE, MemoryError) as error:
            raise DataError(f"{where}: its header cannot be understood") from error
    if dtype.hasobject:
        raise DataError(f"{where} holds pickled objects, which are not loaded")
    file_bytes = path.stat().st_size
    wanted = math.prod(shape) * dtype.itemsize
    held = (file_bytes if info is None else info.file_size) - start.tell()
    if held != wanted <= MAX_ARRAY_BYTES:
        raise DataError(
            f"{where}: {shape} {dtype} takes {wanted:,} bytes, the file declares {held:,}"
        )
    check_size(shape, dtype, file_bytes=file_bytes, where=where)
    return shape


@contextmanager
def _opened(path: Path, info: zipfile.ZipInfo | None = None) -> Iterator[IO[bytes]]:
    """Yield a file, or a member of an archive; what is wrong with it becomes a DataError."""
    kind = ".npy" if path.suffix == ".npy" else ".npz"
    with warnings.catch_warnings(), reading(path, kind, DAMAGE):
        # NumPy warns of headers that Python 2 wrote.
        warnings.simplefilter("ignore")
        if info is None:
            with path.open("rb") as file:
                yield file
        else:
            with zipfile.ZipFile(path) as archive, archive.open(info) as member:
                yield member
