"""Fixed stratified choices: the same images on every machine and with every NumPy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mnist_search.datasets.arrays import CLASSES

Indices = NDArray[np.intp]

VALIDATION_SEED = 19980112
SELECTION_SEED = 5_000
SUBSET_SEED = 60_000
RUNG_IMAGES = 2_000
VALIDATION_SHARE = 6


def split_validation(labels: NDArray[np.integer]) -> tuple[Indices, Indices]:
    """Return the indices (train, validation) of the fixed held-out split, 5/6 and 1/6.

    Of MNIST's 60,000 training images these are 50,000 and 10,000.
    """
    return split_off(labels, len(labels) // VALIDATION_SHARE, seed=VALIDATION_SEED)


def split_selection(labels: NDArray[np.integer]) -> tuple[Indices, Indices]:
    """Return the indices (selection, validation) of the fixed halves of held-out images.

    Of MNIST these are 5,000 each. The first steers a search and has the odd image, the second
    measures what was chosen.
    """
    return split_off(labels, len(labels) // 2, seed=SELECTION_SEED)


def split_off(labels: NDArray[np.integer], size: int, *, seed: int) -> tuple[Indices, Indices]:
    """Return the indices of the rest and of a stratified choice of `size`, both ascending."""
    chosen = stratified_subset(labels, size, seed=seed)
    rest = np.ones(len(labels), dtype=bool)
    rest[chosen] = False
    return np.flatnonzero(rest), chosen


def rung_subset(labels: NDArray[np.integer], size: int = RUNG_IMAGES) -> Indices:
    """Return those of the steering images that decide at rungs within an epoch."""
    return stratified_subset(labels, size)


def stratified_subset(
    labels: NDArray[np.integer], size: int, *, seed: int = SUBSET_SEED
) -> Indices:
    """Return the ascending indices of a fixed stratified choice; all when there are no more."""
    if size < 0:
        raise ValueError(f"size must be >= 0, got {size}")
    if size >= len(labels):
        return np.arange(len(labels), dtype=np.intp)
    # Raw bits of PCG64 are frozen by NumPy's policy, the streams of Generator methods are not.
    order = np.argsort(np.random.PCG64(seed).random_raw(len(labels)), kind="stable")
    shuffled = labels[order]
    chosen = [order[shuffled == label][:quota] for label, quota in enumerate(_quotas(labels, size))]
    return np.sort(np.concatenate(chosen))


def _quotas(labels: NDArray[np.integer], size: int) -> list[int]:
    """Share out `size` by the largest remainders, in whole numbers."""
    counts = np.bincount(labels, minlength=CLASSES).astype(np.int64)
    quotas, remainders = np.divmod(counts * size, len(labels))
    extra = size - int(quotas.sum())
    for label in np.argsort(-remainders, kind="stable")[:extra]:
        quotas[label] += 1
    return [int(quota) for quota in quotas]
