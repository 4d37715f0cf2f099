"""From a `DatasetRef` to arrays: the search never gets hold of the test images.

A reference without a path is scikit-learn's embedded digits, brought into MNIST's form.
"""

from __future__ import annotations

import functools
import gzip
import importlib.util
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_search.datasets.arrays import Part, PartName, digest_of_part, part_digest
from mnist_search.datasets.finding import read_part
from mnist_search.datasets.splits import split_off, split_validation
from mnist_search.errors import DataError, UsageError
from mnist_search.specs import DatasetRef
from mnist_search.writing import output_file

TEST_IMAGES = 297
TEST_SEED = 1797
SCAN_SIDE = 8
SCAN_MAXIMUM = 16
DIGIT_SIDE = 20
MARGIN = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchData:
    """What a search may see: the training images in two fixed parts."""

    train: Part
    validation: Part


@dataclass(frozen=True, slots=True, kw_only=True)
class FullData:
    """All training images and the test images, for references and confirmation."""

    train: Part
    test: Part


def load_search(ref: DatasetRef) -> SearchData:
    """Read the training images alone and hold out the fixed sixth.

    Raises DataError when they are no longer those of the reference.
    """
    part = load_part(ref, "train")
    train, validation = split_validation(part.labels)
    return SearchData(train=part.take(train), validation=part.take(validation))


def load_full(ref: DatasetRef) -> FullData:
    """Read all training images and the test images.

    Raises DataError when they are no longer those of the reference.
    """
    return FullData(train=load_part(ref, "train"), test=load_part(ref, "test"))


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
            x_train=data.train.images,
            y_train=data.train.labels,
            x_test=data.test.images,
            y_test=data.test.labels,
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


@functools.cache
def read_digits_part(name: PartName) -> Part:
    """Return 1,500 training or 297 test images, stratified, enlarged from 8x8 to 28x28."""
    table = _read_digits()
    scans, labels = table[:, :-1], table[:, -1].astype(np.uint8)
    train, test = split_off(labels, TEST_IMAGES, seed=TEST_SEED)
    chosen = train if name == "train" else test
    return Part(images=_enlarge(scans[chosen]), labels=labels[chosen])


def _read_digits() -> NDArray[np.int64]:
    """Return scikit-learn's 1,797 digits: 64 pixels from 0 to 16, and the digit.

    Read from the file that its `load_digits` reads, whose import takes a second; by that function
    where a version keeps them elsewhere.
    """
    found = importlib.util.find_spec("sklearn")
    if found is None or found.origin is None:
        raise DataError("the embedded digits need scikit-learn", hint="pip install scikit-learn")
    file = Path(found.origin).parent / "datasets" / "data" / "digits.csv.gz"
    if file.is_file():
        # Opened here: of a path NumPy asks where it lies, which fails in a folder that is gone.
        with gzip.open(file, "rt") as lines:
            return np.loadtxt(lines, delimiter=",", dtype=np.int64)
    from sklearn.datasets import load_digits

    scans, labels = load_digits(return_X_y=True)
    return np.column_stack([scans, labels]).astype(np.int64)


def _enlarge(scans: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Stretch 8x8 scans to 20x20 bilinearly and centre them, as MNIST's digits are.

    In whole numbers, so that every machine computes the same bytes: weights are tenths, for centre
    i of 20 lies at 0.4 i - 0.3 on the scan.
    """
    centres = (4 * np.arange(DIGIT_SIDE) - 3).clip(0, 10 * (SCAN_SIDE - 1))
    weights = (10 - np.abs(centres[:, np.newaxis] - 10 * np.arange(SCAN_SIDE))).clip(0)
    grey = weights @ scans.reshape(-1, SCAN_SIDE, SCAN_SIDE) @ weights.T
    full = SCAN_MAXIMUM * 100
    bright = (grey * 255 + full // 2) // full
    return np.pad(bright.astype(np.uint8), ((0, 0), (MARGIN, MARGIN), (MARGIN, MARGIN)))
