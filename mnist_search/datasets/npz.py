"""Arrays in NumPy's own format, in a .npz file or in .npy files: judged before data is read."""

from __future__ import annotations

import functools
import io
import math
import tokenize
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from numpy.lib import format as npy
from numpy.typing import NDArray

from mnist_search.datasets.arrays import SLOTS, Slot
from mnist_search.datasets.containers import (
    MAX_ARRAY_BYTES,
    Container,
    Form,
    Member,
    check_size,
    slot_of,
)
from mnist_search.datasets.hints import literal
from mnist_search.errors import DataError

MAX_MEMBERS = 100
MAX_FILE_BYTES = 3 * MAX_ARRAY_BYTES
MAX_HEADER_BYTES = 4096
LETTERS = {"images": "x", "labels": "y"}
# What zipfile, zlib, and NumPy's parser of headers with ast and tokenize below it, raise.
DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    ValueError,
    TypeError,
    SyntaxError,
    tokenize.TokenError,
    NotImplementedError,
    OverflowError,
    # RecursionError among them, and passwords.
    RuntimeError,
)


def find_in_npz(path: Path) -> Container:
    """Recognise the arrays of a .npz file by their names; those without names by their order.

    Raises DataError where it is not a .npz file that can be read.
    """
    if path.stat().st_size > MAX_FILE_BYTES:
        raise DataError(
            f"{path}: must not exceed {MAX_FILE_BYTES:,} bytes, got {path.stat().st_size:,}"
        )
    with _damage_named(path), zipfile.ZipFile(path) as archive:
        members = archive.infolist()
    if len(members) > MAX_MEMBERS:
        raise DataError(f"{path}: must hold four arrays, got {len(members):,} members")
    names = [info.filename.removesuffix(".npy") for info in members]
    chosen = _choose(path, names)

    def missing(slot: Slot) -> str:
        found = ", ".join(repr(name)[1:-1] for name in sorted(names)[:8])
        return (
            f"{path}: the arrays x_train, y_train, x_test and y_test are needed, "
            f"{_usual(slot)} is missing (found: {found or 'none'})"
        )

    return Container(
        kind="npz",
        path=path,
        members={
            slot: _member(path, members[names.index(name)], name) for slot, name in chosen.items()
        },
        missing=missing,
        setup=(f"d = np.load({literal(path)})",),
    )


def is_npz(path: Path) -> bool:
    """Tell whether a file is an archive with an array in it."""
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.endswith(".npy") for name in archive.namelist()[: MAX_MEMBERS + 1])
    except (*DAMAGE, OSError):
        return False


def find_in_npy(folder: Path, files: Mapping[Slot, Path]) -> Container:
    """Take .npy files of a folder for the arrays of a data set."""

    def missing(slot: Slot) -> str:
        return f"{folder}: {_usual(slot)}.npy is missing"

    def member(path: Path) -> Member:
        where = str(path)

        def form() -> Form:
            with _damage_named(path), path.open("rb") as stream:
                return _read_header(stream, file_bytes=path.stat().st_size, where=where)

        def load() -> NDArray[Any]:
            with _damage_named(path), path.open("rb") as stream:
                return _read_data(stream)

        code = f"np.load({literal(path)})"
        return Member(name=path.name, where=where, form=form, load=load, code=code)

    members = {slot: member(path) for slot, path in files.items()}
    return Container(kind="npy", path=folder, members=members, missing=missing)


def _usual(slot: Slot) -> str:
    return f"{LETTERS[slot[1]]}_{slot[0]}"


def _choose(path: Path, names: list[str]) -> dict[Slot, str]:
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
        if chosen.get(slot) == _usual(slot):
            continue
        if slot in chosen and name != _usual(slot):
            raise DataError(
                f"{path}: {chosen[slot]} and {name} could both be the {slot[0]} {slot[1]}",
                hint=f"name the right one {_usual(slot)}",
            )
        chosen[slot] = name
    if not chosen and sorted(names) == [f"arr_{number}" for number in range(len(SLOTS))]:
        return _by_order(path, sorted(names))
    return chosen


def _by_order(path: Path, names: list[str]) -> dict[Slot, str]:
    """Tell the arrays of `np.savez(file, a, b, c, d)` apart: images have more dimensions."""
    with _damage_named(path), zipfile.ZipFile(path) as archive:
        forms = {name: _member(path, archive.getinfo(f"{name}.npy"), name).form() for name in names}
    many = [name for name in names if math.prod(forms[name].shape[1:]) >= 64]
    few = [name for name in names if name not in many]
    if len(many) != 2:
        return {}
    return dict(zip(SLOTS, (many[0], few[0], many[1], few[1]), strict=True))


def _member(path: Path, info: zipfile.ZipInfo, name: str) -> Member:
    where = f"{path}: {repr(name)[1:-1]}"

    @functools.cache
    def form() -> Form:
        # What NumPy writes; other methods pack bombs of any size into a few bytes.
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise DataError(f"{where} must be stored or deflated, got method {info.compress_type}")
        with _damage_named(path), zipfile.ZipFile(path) as archive, archive.open(info) as stream:
            return _read_header(
                stream,
                file_bytes=path.stat().st_size,
                member_bytes=info.file_size,
                where=where,
            )

    def load() -> NDArray[Any]:
        with _damage_named(path), zipfile.ZipFile(path) as archive, archive.open(info) as stream:
            return _read_data(stream)

    return Member(name=name, where=where, form=form, load=load, code=f"d[{literal(name)}]")


@contextmanager
def _damage_named(path: Path) -> Iterator[None]:
    try:
        yield
    except DAMAGE as error:
        kind = ".npy" if path.suffix == ".npy" else ".npz"
        reason = str(error).partition("\n")[0] or "it ends early"
        raise DataError(f"{path}: not a readable {kind} file: {reason}") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error


def _read_header(
    stream: IO[bytes], *, file_bytes: int, where: str, member_bytes: int | None = None
) -> Form:
    # NumPy reads a header as long as it says it is before it asks for the bound.
    start = io.BytesIO(stream.read(MAX_HEADER_BYTES))
    try:
        version = npy.read_magic(start)
    except ValueError as error:
        raise DataError(f"{where} is not an array in NumPy's format") from error
    readers = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
    if version not in readers:
        raise DataError(f"{where} is not an array in NumPy's format 1 or 2, got {version[0]}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            shape, _, dtype = readers[version](start, max_header_size=MAX_HEADER_BYTES)
    except (*DAMAGE, MemoryError) as error:
        raise DataError(f"{where}: its header cannot be understood") from error
    if any(type(n) is not int or n < 0 for n in shape):
        raise DataError(f"{where}: its header cannot be understood")
    form = Form(shape=shape, dtype=dtype)
    if not dtype.hasobject:
        wanted = math.prod(shape) * dtype.itemsize
        held = (file_bytes if member_bytes is None else member_bytes) - start.tell()
        if held != wanted <= MAX_ARRAY_BYTES:
            raise DataError(f"{where}: {form} takes {wanted:,} bytes, the file declares {held:,}")
        check_size(form, file_bytes=file_bytes, where=where)
    return form


def _read_data(stream: IO[bytes]) -> NDArray[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        array: NDArray[Any] = npy.read_array(
            stream, allow_pickle=False, max_header_size=MAX_HEADER_BYTES
        )
    # zipfile compares the checksum when it comes to the end.
    stream.read(1)
    return array
