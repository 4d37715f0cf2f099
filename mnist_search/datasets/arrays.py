"""Images and labels as the rest of the project sees them: shapes, checks, digests."""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mnist_search.errors import DataError

Images = NDArray[np.uint8]
Labels = NDArray[np.uint8]
PartName = Literal["train", "test"]

SIDE = 28
CLASSES = 10
# The held-out part is a sixth: below six images a class could be missing there.
MIN_IMAGES_PER_CLASS = 6
MAX_PART_BYTES = 2**30
# No deflated data unpacks to more bytes than this for each of its own.
MAX_DEFLATE_RATIO = 1032


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The training or the test part: images (n, 28, 28) uint8 and labels (n,) uint8 in 0..9."""

    images: Images
    labels: Labels


def check_image_shape(shape: tuple[int, ...], *, where: str) -> int:
    """Return the number of images in an array of that shape.

    Raises DataError unless it is (n, 28, 28), (n, 28, 28, 1) or (n, 784), with n >= 1 and a
    size within bounds.
    """
    known = {(SIDE, SIDE), (SIDE, SIDE, 1), (SIDE * SIDE,)}
    if shape[1:] not in known or shape[0] < 1:
        raise DataError(f"{where} must have the shape (n, 28, 28) with n >= 1, got {shape}")
    if shape[0] * SIDE * SIDE > MAX_PART_BYTES:
        most = MAX_PART_BYTES // SIDE**2
        raise DataError(f"{where} must hold at most {most:,} images, got {shape[0]:,}")
    return shape[0]


def check_packed_size(wanted_bytes: int, *, file_bytes: int, where: str) -> None:
    """Raise DataError where a file is too small to hold so many bytes, however it is packed.

    Asked before memory is taken for them.
    """
    if wanted_bytes > MAX_DEFLATE_RATIO * file_bytes:
        raise DataError(
            f"{where} claims {wanted_bytes:,} bytes, which a file of {file_bytes:,} cannot hold"
        )


def check_label_shape(shape: tuple[int, ...], *, images: int, where: str) -> None:
    """Raise DataError unless an array of that shape holds one label for each image."""
    if shape not in {(images,), (images, 1)}:
        raise DataError(
            f"{where} must hold one label for each of the {images:,} images, got the shape {shape}"
        )


def make_part(
    images: NDArray[np.integer], labels: NDArray[np.integer], *, name: PartName, where: str
) -> Part:
    """Check the values of a part and bring it into its one form; shapes are checked before.

    Raises DataError for labels outside of 0..9, for images that are all one grey, and for a
    training part with fewer than two classes or too few images of a class.
    """
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high >= CLASSES:
        bad = low if low < 0 else high
        raise DataError(f"{where}: {name} labels must be in 0..9, got {bad}")
    part = Part(
        images=np.ascontiguousarray(images.reshape(-1, SIDE, SIDE), dtype=np.uint8),
        labels=np.ascontiguousarray(labels.reshape(-1), dtype=np.uint8),
    )
    if part.images.min() == part.images.max():
        raise DataError(f"{where}: every pixel of the {name} images is {part.images.max()}")
    if name == "train":
        _check_classes(part.labels, where=where)
    return part


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


def join_digests(train: str, test: str) -> str:
    """Return the digest of a data set, from which `digest_of_part` takes one part again.

    So a search verifies the training images without reading the test images.
    """
    return f"{train}-{test}"


def digest_of_part(digest: str, name: PartName) -> str:
    """Return what `join_digests` was given for a part."""
    train, _, test = digest.partition("-")
    return train if name == "train" else test


def idx_md5(array: NDArray[np.uint8]) -> str:
    """Return the MD5 of the IDX file that would hold an array: the form that is published."""
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    digest = hashlib.md5(header, usedforsecurity=False)
    digest.update(array.data)
    return digest.hexdigest()


def _check_classes(labels: Labels, *, where: str) -> None:
    counts = class_counts(labels)
    present = [label for label, count in enumerate(counts) if count]
    if len(present) < 2:
        raise DataError(f"{where}: at least two classes are needed, got only class {present[0]}")
    for label in present:
        if counts[label] < MIN_IMAGES_PER_CLASS:
            raise DataError(
                f"{where}: each class needs at least {MIN_IMAGES_PER_CLASS} training images, "
                f"class {label} has {counts[label]}"
            )
