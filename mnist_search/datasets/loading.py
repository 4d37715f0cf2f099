"""From a `DatasetRef` to arrays: the search never gets hold of the test images."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mnist_search.datasets.arrays import (
    Images,
    Labels,
    Part,
    PartName,
    digest_of_part,
    part_digest,
)
from mnist_search.datasets.digits import read_digits_part
from mnist_search.datasets.finding import read_part
from mnist_search.datasets.splits import split_validation
from mnist_search.errors import DataError, UsageError
from mnist_search.specs import DatasetRef
from mnist_search.writing import output_file


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchData:
    """What a search may see: the training images in two fixed parts.

    Images (n, 28, 28) uint8 in 0..255, labels (n,) uint8 in 0..9.
    """

    x_train: Images
    y_train: Labels
    x_validation: Images
    y_validation: Labels


@dataclass(frozen=True, slots=True, kw_only=True)
class FullData:
    """All training images and the test images, for references and confirmation.

    Images (n, 28, 28) uint8 in 0..255, labels (n,) uint8 in 0..9.
    """

    x_train: Images
    y_train: Labels
    x_test: Images
    y_test: Labels


def load_search(ref: DatasetRef) -> SearchData:
    """Read the training images alone and hold out the fixed sixth.

    Raises DataError when they are no longer those of the reference.
    """
    part = load_part(ref, "train")
    train, validation = split_validation(part.labels)
    return SearchData(
        x_train=part.images[train],
        y_train=part.labels[train],
        x_validation=part.images[validation],
        y_validation=part.labels[validation],
    )


def load_full(ref: DatasetRef) -> FullData:
    """Read all training images and the test images.

    Raises DataError when they are no longer those of the reference.
    """
    train, test = load_part(ref, "train"), load_part(ref, "test")
    return FullData(
        x_train=train.images, y_train=train.labels, x_test=test.images, y_test=test.labels
    )


def save_data(ref: DatasetRef, path: Path) -> None:
    """Write all images as Keras' mnist.npz has them, which exported scripts read.

    Raises DataError as `load_full` does, and what `output_file` raises.
    """
    if path.suffix != ".npz":
        raise UsageError(f"{path}: output must end in .npz")
    data = load_full(ref)
    with output_file(path) as temporary:
        np.savez_compressed(
            temporary,
            x_train=data.x_train,
            y_train=data.y_train,
            x_test=data.x_test,
            y_test=data.y_test,
        )


def load_part(ref: DatasetRef, name: PartName) -> Part:
    """Read one part. Raises DataError when it is no longer that of the reference."""
    part = read_digits_part(name) if ref.path is None else read_part(Path(ref.path), name)
    expected, got = digest_of_part(ref.digest, name), part_digest(part)
    if got != expected:
        place = "the embedded digits" if ref.path is None else ref.path
        raise DataError(
            f"{place}: the {name} images of {ref.name} are not those of this study "
            f"(digest {expected}, got {got})",
            hint="bring the data back, or start a new study with the data of today",
        )
    return part
