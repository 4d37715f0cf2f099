"""A file or folder with images and labels: which array is which, and within what bounds it lies."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_search.datasets.arrays import Kind, PartName, Slot
from mnist_search.errors import DataError

MAX_ARRAY_BYTES = 2**30
# No deflated data unpacks to more bytes than this for each of its own.
MAX_DEFLATE_RATIO = 1032
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What is known of an array before its data is read."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def __str__(self) -> str:
        return f"{self.shape} {self.dtype}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """An array that is there: what it is called, how to read it, and NumPy's words for that.

    `form` and `load` raise DataError where it is damaged or larger than the bounds.
    """

    name: str
    where: str
    form: Callable[[], Form]
    load: Callable[[], NDArray[Any]]
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """A file or folder of a kind (npz, npy, idx, csv), and the arrays recognised in it.

    `missing` tells in words that a slot has no array; `setup` are the statements that the
    members' `code` needs, `unread` the arrays that are something else.
    """

    kind: str
    path: Path
    members: Mapping[Slot, Member]
    missing: Callable[[Slot], str]
    setup: tuple[str, ...] = ()
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


def check_size(form: Form, *, file_bytes: int, where: str) -> None:
    """Raise DataError for an array beyond the bounds, or one that its file cannot hold.

    Asked before memory is taken for it; however it is packed, `file_bytes` do not lie.
    """
    wanted = math.prod(form.shape) * form.dtype.itemsize
    if wanted > MAX_ARRAY_BYTES:
        raise DataError(f"{where} must not exceed {MAX_ARRAY_BYTES:,} bytes, got {form}")
    if wanted > MAX_DEFLATE_RATIO * file_bytes:
        raise DataError(
            f"{where} claims {wanted:,} bytes, which a file of {file_bytes:,} cannot hold"
        )
