"""From a path to a container, by what is in it, and the two parts of it; CSV files."""

from __future__ import annotations

import functools
import itertools
import os
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from mnist_search.datasets.arrays import (
    CLASSES,
    SIDE,
    SLOTS,
    Part,
    PartName,
    Slot,
    join_digests,
)
from mnist_search.datasets.catalog import CATALOG, Source
from mnist_search.datasets.forms import Reading, oddities, read_part_of
from mnist_search.datasets.hints import RULE, ZIP_MAGIC, format_of, packed_archive, refusal
from mnist_search.datasets.places import (
    is_folder,
    is_packed,
    is_there,
    pair_of,
    read_start,
    reading,
    unpacked,
)
from mnist_search.datasets.readers import (
    MAX_ARRAY_BYTES,
    Container,
    Member,
    find_files,
    find_in_npz,
    keras_name,
    slot_of,
)
from mnist_search.errors import DataError, ResourceError
from mnist_search.paths import shorten
from mnist_search.specs import DatasetRef

MAX_ENTRIES = 10_000
START_BYTES = 512
MAX_FOLDERS = 100
LOOKED_AT = 20
MAX_LINE_BYTES = 2**16
SAMPLE_BYTES = 2**20
FEWEST_COLUMNS = 50
PIXELS = SIDE * SIDE


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A data set that was found.

    `sentence` says what was read as what, `warnings` what is odd about the images. `published`:
    they are those of a data set that everyone knows.
    """

    ref: DatasetRef
    sentence: str
    warnings: tuple[str, ...] = ()
    published: bool = False


def read_part(path: Path, name: PartName) -> Part:
    """Read one part from a file or folder, and nothing of the other.

    Raises DataError for what cannot be read, ResourceError where the memory does not suffice.
    """
    return _read(find_container(path), name).part


def inspect(path: Path, catalog: Mapping[str, Source] = CATALOG) -> Found:
    """Read both parts, check them, and name them by what they are. Raises what `read_part` does."""
    container = find_container(path)
    train, test = _read(container, "train"), _read(container, "test")
    if None not in (train.range, test.range) and train.range != test.range:
        raise DataError(
            f"{path}: the training images are in {train.range}, the test images in {test.range}",
            hint="store both in the same range",
        )
    told = f"{test.names} alike" if test.form == train.form else test.sentence
    unread = f"; not read: {', '.join(container.unread[:8])}" if container.unread else ""
    known = [name for name, source in catalog.items() if source.holds(train.part, test.part)]
    name = known[0] if known else _own_name(container)
    return Found(
        ref=describe_parts(name, train.part, test.part, path=str(container.path)),
        sentence=f"read {container.path}: {train.sentence}; {told}{unread}",
        warnings=tuple(f"{path}: {text}" for text in oddities(train.part, test.part)),
        published=bool(known),
    )


def describe_parts(
    name: str, train: Part, test: Part, *, path: str | None = None, fallback: bool = False
) -> DatasetRef:
    """Return the reference by which a study finds these images again."""
    return DatasetRef(
        name=name,
        path=path,
        digest=join_digests(train, test),
        train_images=len(train.labels),
        test_images=len(test.labels),
        fallback=fallback,
        held_out="halves",
    )


def read_arrays(path: str) -> dict[str, NDArray[Any]]:
    """Return the arrays at a path as they are stored, by Keras' names (x_train, …).

    Raises DataError for what cannot be read.
    """
    members = find_container(Path(path)).members
    return {keras_name(slot): member.load() for slot, member in members.items()}


def find_container(path: Path) -> Container:
    """Tell by its content what a path is. Raises DataError where it is nothing that is read."""
    if is_folder(path):
        return _in_folder(path)
    start = read_start(path, START_BYTES)
    if format_of(start) is None and b"\0" not in start and read_layout(path) is not None:
        return find_csv(path, pair_of(path))
    if start.startswith(ZIP_MAGIC) and is_packed(path):
        raise packed_archive(path)
    if start.startswith(ZIP_MAGIC) or path.suffix == ".npz":
        return find_in_npz(path)
    raise refusal(path, start)


def _read(container: Container, name: PartName) -> Reading:
    try:
        return read_part_of(container, name)
    except MemoryError as error:
        raise ResourceError(
            f"{container.path}: not enough memory to read the {name} images"
        ) from error


def _in_folder(folder: Path) -> Container:
    """Look in the folder, then in those in it; torchvision has a folder `raw` in those."""
    files, folders = _entries(folder)
    found = find_files(folder, files, "idx") or _npz_of(folder, files) or _csv_of(folder, files)
    found = found or find_files(folder, files, "npy")
    if found is not None:
        return found
    raws = [below / "raw" for below in folders if is_there(below / "raw")]
    sets = [found for below in (*folders, *raws) if (found := _find_below(below)) is not None]
    if len(sets) == 1:
        return sets[0]
    members = {slot: member for found in sets for slot, member in found.members.items()}
    if len(sets) == len(members) == len(SLOTS):
        # As some archives unpack: a folder for each file.
        return replace(sets[0], path=folder, members=members)
    if sets:
        told = ", ".join(str(found.path.relative_to(folder)) for found in sets[:6])
        raise DataError(f"{folder}: holds several data sets: {told}", hint="name one of them")
    for file in files[:LOOKED_AT]:
        start = read_start(file, START_BYTES)
        if format_of(start) is not None:
            raise refusal(file, start)
    raise DataError(f"{folder}: holds no data that can be read", hint=RULE)


def _find_below(folder: Path) -> Container | None:
    files, _ = _entries(folder)
    named = [file for file in files if file.name.lower() == "mnist.npz"]
    return find_files(folder, files, "idx") or (find_in_npz(named[0]) if named else None)


def _entries(folder: Path) -> tuple[list[Path], list[Path]]:
    """Return the regular files of a folder, and of the folders in it the first; both sorted."""
    with reading(folder, "folder"), os.scandir(folder) as found:
        entries = sorted(itertools.islice(found, MAX_ENTRIES + 1), key=lambda e: e.name)
        files = [folder / entry.name for entry in entries if entry.is_file()]
        folders = [folder / entry.name for entry in entries if entry.is_dir()]
    if len(entries) > MAX_ENTRIES:
        raise DataError(f"{folder}: holds more than {MAX_ENTRIES:,} files", hint=RULE)
    return files, folders[:MAX_FOLDERS]


def _npz_of(folder: Path, files: Sequence[Path]) -> Container | None:
    archives = [file for file in files if file.suffix.lower() == ".npz"]
    named = [file for file in archives if file.name.lower() == "mnist.npz"]
    if not archives:
        return None
    if len(archives) > 1 and len(named) != 1:
        told = ", ".join(file.name for file in archives[:4])
        raise DataError(f"{folder}: holds several .npz files: {told}", hint="name one of them")
    return find_in_npz([*named, *archives][0])


def _csv_of(folder: Path, files: Sequence[Path]) -> Container | None:
    tables = [f for f in files if re.search(r"\.csv(\.gz)?$", f.name, re.IGNORECASE)]
    parts: dict[PartName, Path] = {}
    words: tuple[tuple[PartName, str], ...] = (("test", "test"), ("train", "train"))
    for part, word in words:
        found = [file for file in tables if word in file.name.lower()]
        if len(found) > 1:
            told = ", ".join(file.name for file in found[:4])
            raise DataError(f"{folder}: {told} could each be the {part} images", hint="name one")
        if found:
            parts[part] = found[0]
    return find_csv(folder, parts) if "train" in parts else None


def _own_name(container: Container) -> str:
    """Return what a data set of no known name is called by."""
    path = container.path.parent if container.path.name == "raw" else container.path
    folder = container.kind in ("idx", "npy")
    text = path.name if folder else path.name.removesuffix(".gz").rpartition(".")[0]
    return f"{container.kind}:" + "".join(c if c.isprintable() else "?" for c in text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What the first lines of a CSV file tell; `label` is the column, None: no column is."""

    delimiter: str
    columns: int
    has_header: bool
    label: int | None


def read_layout(path: Path) -> Layout | None:
    """Return how a CSV file is laid out; None where it is none. Raises DataError."""
    text = read_start(path, SAMPLE_BYTES).decode("utf-8-sig", "replace")
    first, *others = text.splitlines()[:-1] or [text.strip()]
    delimiter = max(",;\t", key=first.count)
    names = [name.strip().strip('"') for name in first.split(delimiter)]
    if len(names) < FEWEST_COLUMNS or not "".join(names).isprintable():
        return None
    has_header = not all(_is_number(name) for name in names)
    sample = [line.split(delimiter) for line in others if line.count(delimiter) == len(names) - 1]
    labels = [n for n, name in enumerate(names) if slot_of(name) == (None, "labels")]
    # Pixels of a corner are the same in all images; labels are not.
    labels += [n for n in (0, -1) if _are_labels([row[n] for row in sample])]
    return Layout(
        delimiter=delimiter,
        columns=len(names),
        has_header=has_header,
        label=None if len(names) == PIXELS and not labels else [*labels, 0][0] % len(names),
    )


def find_csv(path: Path, files: Mapping[PartName, Path]) -> Container:
    """Take CSV files for the parts of a data set; `path` is what the user named."""
    members: dict[Slot, Member] = {}
    for part, file in files.items():
        layout = read_layout(file)
        if layout is not None and layout.label is not None:
            members |= _members(file, layout, layout.label, part)

    def missing(slot: Slot) -> str:
        part, _ = slot
        if part in files:
            return f"{files[part]}: holds no labels beside {PIXELS} pixels in a line"
        return f"{path}: there is no CSV file of {part} images beside it, as mnist_{part}.csv"

    return Container(kind="csv", path=path, members=members, missing=missing)


def _members(path: Path, layout: Layout, label: int, part: PartName) -> dict[Slot, Member]:
    rows = functools.cache(functools.partial(_load, path, layout))
    return {
        (part, "images"): Member(
            name=path.name, where=str(path), load=lambda: np.delete(rows(), label, axis=1)
        ),
        (part, "labels"): Member(
            name=f"its column {label + 1}",
            where=f"{path}: column {label + 1}",
            load=lambda: rows()[:, label],
        ),
    }


def _are_labels(fields: list[str]) -> bool:
    values = {float(field) if _is_number(field) else -1.0 for field in fields}
    return len(values) > 1 and values <= set(range(CLASSES))


def _load(path: Path, layout: Layout) -> NDArray[Any]:
    """Return all lines as (n, columns). Raises DataError."""
    # Ten times as fast as to read floats at once: 1.2 s in place of 10 for MNIST.
    for dtype in (np.uint8, np.float32):
        with warnings.catch_warnings(), unpacked(path) as stream:
            # Of a file without a line of numbers; the shape says so.
            warnings.simplefilter("ignore")
            # NumPy 2.0 cuts 0.5 down to a whole number and only warns of it.
            warnings.simplefilter("error", DeprecationWarning)
            try:
                rows = np.loadtxt(
                    _lines(stream, path),
                    dtype=dtype,
                    delimiter=layout.delimiter,
                    skiprows=int(layout.has_header),
                    comments=None,
                    quotechar='"',
                    ndmin=2,
                )
            except (ValueError, DeprecationWarning) as error:
                failure = error
            else:
                return rows if rows.size else np.empty((0, layout.columns), dtype)
    reason = shorten(str(failure).partition(";")[0].partition("\n")[0])
    raise DataError(f"{path}: not a readable CSV file: {reason}") from failure


def _lines(stream: IO[bytes], path: Path) -> Iterator[str]:
    """Yield the lines within bounds: a packed file may hold any number of them."""
    taken = 0
    while line := stream.readline(MAX_LINE_BYTES):
        taken += len(line)
        if len(line) == MAX_LINE_BYTES or taken > MAX_ARRAY_BYTES:
            raise DataError(
                f"{path}: must not exceed {MAX_ARRAY_BYTES:,} bytes, or {MAX_LINE_BYTES:,} a line"
            )
        yield line.decode("utf-8-sig" if taken == len(line) else "utf-8", "replace")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
