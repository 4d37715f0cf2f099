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
from mnist_search.datasets.places import shorten
from mnist_search.errors import DataError

MAX_MEMBERS = 100
MAX_FILE_BYTES = 3 * MAX_ARRAY_BYTES
MAX_HEADER_BYTES = 4096
FEWEST_PIXELS = 64
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
    infos = {info.filename.removesuffix(".npy"): info for info in members}
    chosen = _choose(path, list(infos)) or _by_order(path, infos)

    def missing(slot: Slot) -> str:
        found = ", ".join(_printable(name) for name in sorted(infos)[:8])
        return (
            f"{path}: the arrays x_train, y_train, x_test and y_test are needed, "
            f"{_usual(slot)} is missing (found: {found or 'none'})"
        )

    return Container(
        kind="npz",
        path=path,
        members={slot: _member(path, infos[name], name) for slot, name in chosen.items()},
        missing=missing,
        setup=(f"d = np.load({literal(path)})",),
        unread=tuple(_printable(name) for name in infos if name not in chosen.values()),
    )


def find_in_npy(folder: Path, files: Mapping[Slot, Path]) -> Container:
    """Take .npy files of a folder for the arrays of a data set."""

    def missing(slot: Slot) -> str:
        return f"{folder}: {_usual(slot)}.npy is missing"

    members = {
        slot: Member(
            name=path.name,
            where=str(path),
            code=f"np.load({literal(path)})",
            form=functools.partial(_form, path, None, str(path)),
            load=functools.partial(_load, path, None),
        )
        for slot, path in files.items()
    }
    return Container(kind="npy", path=folder, members=members, missing=missing)


def _printable(name: str) -> str:
    return shorten(repr(name)[1:-1])


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
            both = f"{_printable(chosen[slot])} and {_printable(name)}"
            raise DataError(
                f"{path}: {both} could both be the {slot[0]} {slot[1]}",
                hint=f"name the right one {_usual(slot)}",
            )
        chosen[slot] = name
    return chosen


def _by_order(path: Path, infos: Mapping[str, zipfile.ZipInfo]) -> dict[Slot, str]:
    """Tell the arrays of `np.savez(file, a, b, c, d)` apart: images have more numbers."""
    if sorted(infos) != [f"arr_{number}" for number in range(len(SLOTS))]:
        return {}
    forms = {name: _member(path, infos[name], name).form() for name in sorted(infos)}
    many = [name for name, form in forms.items() if math.prod(form.shape[1:]) >= FEWEST_PIXELS]
    few = [name for name in forms if name not in many]
    if len(many) != 2:
        return {}
    return dict(zip(SLOTS, (many[0], few[0], many[1], few[1]), strict=True))


def _member(path: Path, info: zipfile.ZipInfo, name: str) -> Member:
    where = f"{path}: {_printable(name)}"
    return Member(
        name=name,
        where=where,
        code=f"d[{literal(name)}]",
        form=functools.partial(_form, path, info, where),
        load=functools.partial(_load, path, info),
    )


@contextmanager
def _opened(path: Path, info: zipfile.ZipInfo | None) -> Iterator[IO[bytes]]:
    """Yield a member of an archive, or the file itself."""
    with _damage_named(path):
        if info is None:
            with path.open("rb") as file:
                yield file
        else:
            with zipfile.ZipFile(path) as archive, archive.open(info) as member:
                yield member


@contextmanager
def _damage_named(path: Path) -> Iterator[None]:
    try:
        yield
    except DAMAGE as error:
        kind = ".npy" if path.suffix == ".npy" else ".npz"
        # zipfile quotes names of up to 65,535 bytes.
        reason = shorten(str(error).partition("\n")[0] or "it ends early")
        raise DataError(f"{path}: not a readable {kind} file: {reason}") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error


def _form(path: Path, info: zipfile.ZipInfo | None, where: str) -> Form:
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
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            shape, _, dtype = reader(start, max_header_size=MAX_HEADER_BYTES)
    except (*DAMAGE, MemoryError) as error:
        raise DataError(f"{where}: its header cannot be understood") from error
    if any(type(n) is not int or n < 0 for n in shape):
        raise DataError(f"{where}: its header cannot be understood")
    form = Form(shape=shape, dtype=dtype)
    if not dtype.hasobject:
        file_bytes = path.stat().st_size
        wanted = math.prod(shape) * dtype.itemsize
        held = (file_bytes if info is None else info.file_size) - start.tell()
        if held != wanted <= MAX_ARRAY_BYTES:
            raise DataError(f"{where}: {form} takes {wanted:,} bytes, the file declares {held:,}")
        check_size(form, file_bytes=file_bytes, where=where)
    return form


def _load(path: Path, info: zipfile.ZipInfo | None) -> NDArray[Any]:
    with _opened(path, info) as stream, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        array: NDArray[Any] = npy.read_array(
            stream, allow_pickle=False, max_header_size=MAX_HEADER_BYTES
        )
        # zipfile compares the checksum when it comes to the end.
        stream.read(1)
    return array
