"""Images and labels in their one form, and the digests that tell them apart."""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.uint8]
Labels = NDArray[np.uint8]
PartName = Literal["train", "test"]
Kind = Literal["images", "labels"]
Slot = tuple[PartName, Kind]

SLOTS: tuple[Slot, ...] = (
    ("train", "images"),
    ("train", "labels"),
    ("test", "images"),
    ("test", "labels"),
)
SIDE = 28
CLASSES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of a data set: images (n, 28, 28) uint8 in 0..255 and labels (n,) uint8 in 0..9."""

    images: Images
    labels: Labels

    def take(self, rows: NDArray[np.intp]) -> Part:
        """Return some of the images."""
        return Part(images=self.images[rows], labels=self.labels[rows])


def class_counts(labels: NDArray[np.integer]) -> tuple[int, ...]:
    """Return how many labels there are of each class, 0 to 9."""
    return tuple(int(n) for n in np.bincount(labels, minlength=CLASSES))


def part_digest(part: Part) -> str:
    """Return 32 hex digits over type, shape and bytes of a part's two arrays."""
    digest = hashlib.blake2b(digest_size=16)
    for array in (part.images, part.labels):
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(array.data)
    return digest.hexdigest()


def join_digests(train: Part, test: Part) -> str:
    """Return the digest of a data set, from which `digest_of_part` takes that of one part.

    So a search verifies the training images without reading the test images.
    """
    return f"{part_digest(train)}-{part_digest(test)}"


def digest_of_part(digest: str, name: PartName) -> str:
    """Return the digest of a part from that of its data set."""
    train, _, test = digest.partition("-")
    return train if name == "train" else test


def idx_md5(array: NDArray[np.uint8]) -> str:
    """Return the MD5 of the IDX file that would hold an array: the form that is published."""
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    digest = hashlib.md5(header, usedforsecurity=False)
    digest.update(array.data)
    return digest.hexdigest()
