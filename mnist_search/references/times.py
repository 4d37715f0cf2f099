"""How long the references took here to train as published: what a benchmark will cost.

Medians of `reports/references.md`; some of the runs met other load on the machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mnist_search.references._base import Reference

MEASURED_ON: Final = "2 cores of an AMD EPYC"
TRAIN_IMAGES: Final = 60_000
FIT_SECONDS: Final[Mapping[str, float]] = {
    "cnn-plain": 51.7,
    "cnn-bn-dropout": 93.7,
    "cnn-mnist-1": 209.8,
    "cnn-mnist-2": 308.9,
    "cnn-mnist-3": 340.3,
    "cnn-mnist-4": 379.5,
    "mlp-relu-2": 20.0,
    "mlp-batch-2": 36.2,
    "mlp-drop-2": 42.9,
    "mlp-relu-3": 38.1,
    "mlp-batch-3": 54.3,
    "mlp-drop-3": 34.3,
    "mlp-relu-5": 81.3,
    "mlp-batch-5": 109.5,
    "mlp-drop-5": 122.1,
    "logistic": 101.2,
    "logistic-l1": 118.8,
    "logistic-l2": 16.0,
    "dnn": 47.5,
    "dnn-dropout": 51.1,
    "cnn-double-32": 389.7,
    "cnn-double-32-augmented": 375.5,
    "mlp-784": 6.7,
    "cnn-simple": 12.4,
    "cnn-larger": 28.8,
}


def expected_fit_seconds(reference: Reference, train_images: int) -> float:
    """Return the seconds of a whole training on so many images, on the machine of `MEASURED_ON`."""
    seconds = FIT_SECONDS.get(reference.name, reference.published.fit_seconds)
    assert seconds is not None, "every reference of a document is in FIT_SECONDS"
    return seconds * train_images / TRAIN_IMAGES
