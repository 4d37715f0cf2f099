"""Images as lines of text with a label in one column: Kaggle's and others' CSV files."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from mnist_search.datasets.arrays import CLASSES, SIDE, SLOTS, PartName, Slot
from mnist_search.datasets.places import read_start, unpacked
from mnist_search.datasets.readers import MAX_ARRAY_BYTES, Container, Member, slot_of
from mnist_search.errors import DataError
from mnist_search.paths import shorten

MAX_LINE_BYTES = 2**16
SAMPLE_BYTES = 2**20
FEWEST_COLUMNS = 50
PIXELS = SIDE * SIDE


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


def pair_of(path: Path) -> dict[PartName, Path]:
    """Return the training and the test file by their names, of which one is given."""
    for here, there in (("test", "train"), ("train", "test")):
        for change in (str.lower, str.title, str.upper):
            other = path.with_name(path.name.replace(change(here), change(there)))
            if other != path and other.is_file():
                pair = (other, path) if here == "test" else (path, other)
                return {"train": pair[0], "test": pair[1]}
    return {"train": path}


def find_csv(path: Path, files: Mapping[PartName, Path]) -> Container:
    """Take CSV files for the parts of a data set; `path` is what the user named."""
    members: dict[Slot, Member] = {}
    missing: dict[Slot, str] = {}
    for slot in SLOTS:
        part, _ = slot
        if part in files:
            missing[slot] = f"{files[part]}: holds no labels beside {PIXELS} pixels in a line"
        else:
            missing[slot] = (
                f"{path}: there is no CSV file of {part} images beside it, as mnist_{part}.csv"
            )
    for part, file in files.items():
        layout = read_layout(file)
        if layout is not None and layout.label is not None:
            members |= _members(file, layout, layout.label, part)
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
