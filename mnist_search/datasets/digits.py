"""scikit-learn's embedded digits in MNIST's form: the data that is always there."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mnist_search.datasets.arrays import Part, PartName
from mnist_search.datasets.splits import split_off

TEST_IMAGES = 297
TEST_SEED = 1797
SCAN_SIDE = 8
SCAN_MAXIMUM = 16
DIGIT_SIDE = 20
MARGIN = 4


def read_digits_part(name: PartName) -> Part:
    """Return 1,500 training or 297 test images, stratified, enlarged from 8x8 to 28x28."""
    from sklearn.datasets import load_digits

    scans, targets = load_digits(return_X_y=True)
    labels = targets.astype(np.uint8)
    train, test = split_off(labels, TEST_IMAGES, seed=TEST_SEED)
    chosen = train if name == "train" else test
    return Part(images=_enlarge(scans[chosen].astype(np.int64)), labels=labels[chosen])


def _enlarge(scans: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Stretch 8x8 scans to 20x20 bilinearly and centre them, as MNIST's digits are."""
    weights = _weights()
    grey = weights @ scans.reshape(-1, SCAN_SIDE, SCAN_SIDE) @ weights.T
    full = SCAN_MAXIMUM * 100
    bright = (grey * 255 + full // 2) // full
    return np.pad(bright.astype(np.uint8), ((0, 0), (MARGIN, MARGIN), (MARGIN, MARGIN)))


def _weights() -> NDArray[np.int64]:
    """Return the (20, 8) interpolation weights in tenths.

    Whole numbers, so that every machine computes the same bytes: centre i of 20 lies at
    0.4 i - 0.3 on the scan.
    """
    weights = np.zeros((DIGIT_SIDE, SCAN_SIDE), dtype=np.int64)
    for row in range(DIGIT_SIDE):
        tenths = min(max(4 * row - 3, 0), 10 * (SCAN_SIDE - 1))
        left, share = divmod(tenths, 10)
        weights[row, left] += 10 - share
        weights[row, min(left + 1, SCAN_SIDE - 1)] += share
    return weights
