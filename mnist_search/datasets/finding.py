"""From a path to a container, by what is in it, and the two parts of it."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from mnist_search.datasets.arrays import Part, PartName, class_counts
from mnist_search.datasets.csvs import find_csv, pair_of, read_layout
from mnist_search.datasets.forms import Reading, read_part_of
from mnist_search.datasets.hints import RULE, format_of, refusal
from mnist_search.datasets.places import is_folder, read_start
from mnist_search.datasets.readers import (
    Container,
    find_idx,
    find_in_npy,
    find_in_npz,
    keras_name,
)
from mnist_search.errors import DataError, ResourceError

MAX_FOLDER_FILES = 10_000
START_BYTES = 512
MAX_FOLDERS = 100
LOOKED_AT = 20
ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
HALF = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """Both parts of a data set.

    `sentence` says what was read as what, `warnings` what is odd about the images.
    """

    name: str
    path: Path
    train: Part
    test: Part
    sentence: str
    warnings: tuple[str, ...]


def read_part(path: Path, name: PartName) -> Part:
    """Read one part from a file or folder, and nothing of the other.

    Raises DataError for what cannot be read, ResourceError where the memory does not suffice.
    """
    return _read(find_container(path), name).part


def read_whole(path: Path) -> Whole:
    """Read both parts. Raises what `read_part` does."""
    container = find_container(path)
    train, test = _read(container, "train"), _read(container, "test")
    train_range, test_range = train.images.range, test.images.range
    if None not in (train_range, test_range) and train_range != test_range:
        raise DataError(
            f"{path}: the training images are in {train_range}, the test images in {test_range}",
            hint="store both in the same range",
        )
    return Whole(
        name=_own_name(container),
        path=container.path,
        train=train.part,
        test=test.part,
        sentence=f"read {_sentence(container, train, test)}",
        warnings=tuple(f"{path}: {text}" for text in _oddities(train.part, test.part)),
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
    """Look in the folder, then in those in it."""
    files = _files(folder)
    found = find_idx(folder, files) or _npz_of(folder, files) or _csv_of(folder, files)
    found = found or find_in_npy(folder, files)
    if found is not None:
        return found
    sets = [found for below in _below(folder) if (found := _find_below(below)) is not None]
    if len(sets) == 1:
        return sets[0]
    if sets:
        told = ", ".join(str(found.path.relative_to(folder)) for found in sets[:6])
        raise DataError(f"{folder}: holds several data sets: {told}", hint="name one of them")
    for file in files[:LOOKED_AT]:
        start = read_start(file, START_BYTES)
        if format_of(start) is not None:
            raise refusal(file, start)
    raise DataError(f"{folder}: holds no data that can be read", hint=RULE)


def _below(folder: Path) -> list[Path]:
    """Return the folders in which the data may lie that a folder holds; torchvision has a raw."""
    children = sorted(child for child in folder.glob("*") if os.path.isdir(child))  # noqa: PTH112
    raws = [child / "raw" for child in children[:MAX_FOLDERS]]
    return [*children[:MAX_FOLDERS], *(raw for raw in raws if os.path.isdir(raw))]  # noqa: PTH112


def _find_below(folder: Path) -> Container | None:
    files = _files(folder)
    named = [file for file in files if file.name.lower() == "mnist.npz"]
    return find_idx(folder, files) or (find_in_npz(named[0]) if named else None)


def _files(folder: Path) -> list[Path]:
    """Return the regular files of a folder, sorted. Raises DataError."""
    found: list[Path] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_file():
                    found.append(folder / entry.name)
                if len(found) > MAX_FOLDER_FILES:
                    raise DataError(
                        f"{folder}: holds more than {MAX_FOLDER_FILES:,} files", hint=RULE
                    )
    except OSError as error:
        raise DataError(f"{folder}: cannot be read: {error.strerror or error}") from error
    return sorted(found)


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


def _sentence(container: Container, train: Reading, test: Reading) -> str:
    told = _told(test)
    if all(
        (one.shape[1:], one.note) == (other.shape[1:], other.note)
        for one, other in ((train.images, test.images), (train.labels, test.labels))
    ):
        told = f"{test.images.name} and {test.labels.name} alike"
    unread = f"; not read: {', '.join(container.unread[:8])}" if container.unread else ""
    return f"{container.path}: {_told(train)}; {told}{unread}"


def _told(reading: Reading) -> str:
    return f"{reading.images.as_kind('images')}, {reading.labels.as_kind('labels')}"


def _oddities(train: Part, test: Part) -> list[str]:
    found = []
    low, high = int(train.images.min()), int(train.images.max())
    if high - low < HALF:
        found.append(
            f"the pixels of the training images only go from {low} to {high} of 0..255, and "
            "networks are trained on them as they are"
        )
    if train.images.mean(dtype="float64") >= HALF:
        found.append(
            "the images are bright on the whole: MNIST has bright digits on black, and 255 - x "
            "inverts the others"
        )
    trained, tested = class_counts(train.labels), class_counts(test.labels)
    unknown = [str(c) for c in range(len(tested)) if tested[c] and not trained[c]]
    if unknown:
        share = sum(tested[int(c)] for c in unknown) / sum(tested)
        found.append(
            f"the test images have classes that training lacks ({', '.join(unknown)}): "
            f"{share:.0%} of them cannot be recognised"
        )
    return found
