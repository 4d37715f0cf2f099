"""Speed references: two networks of this project that set a mark for seconds, measured by us.

Their recipes were chosen on held-out training images alone; the figures are those of fresh seeds on
the test images, once, on the machine that `source` names.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from mnist_search.references._base import Published, Reference
from mnist_search.specs.models import Activate, BatchNorm, Conv, Flatten, Layer, Network, Padding
from mnist_search.specs.training import Adam, Augmentation, Training

_reference: Final = partial(
    Reference,
    document="ours",
    source="This project's own measurement: two cores of an AMD EPYC, float32, fresh seeds",
)


def _block(
    filters: int, kernel: int = 3, stride: int = 1, padding: Padding = "valid"
) -> list[Layer]:
    conv = Conv(
        filters=filters,
        kernel=kernel,
        stride=stride,
        padding=padding,
        activation="linear",
        bias=False,
    )
    return [conv, BatchNorm(), Activate(activation="relu")]


def _network(*blocks: list[Layer]) -> Network:
    return Network(layers=(*(layer for block in blocks for layer in block), Flatten()))


def _training(epochs: int, augmentation: Augmentation | None = None) -> Training:
    return Training(
        optimizer=Adam(learning_rate=0.01, beta_2=0.99),
        batch_size=64,
        epochs=epochs,
        schedule="warm-up-linear",
        label_smoothing=0.1,
        augmentation=augmentation,
    )


_SHIFTS: Final = Augmentation(rotation_degrees=0.0, zoom=0.0, shift=0.07)

OURS: Final = (
    _reference(
        name="speed-99",
        title="99 % in the fewest seconds",
        model=_network(
            _block(16, kernel=5, stride=2, padding="same"),
            _block(32, stride=2, padding="same"),
            _block(64),
        ),
        training=_training(epochs=1),
        published=Published(accuracy=0.9916, runs=10, epochs=1, fit_seconds=6.3),
    ),
    _reference(
        name="speed-995",
        title="99.5 % in few seconds",
        model=_network(
            _block(16, kernel=5, stride=2, padding="same"),
            _block(32),
            _block(64, stride=2),
            _block(96),
        ),
        training=_training(epochs=4, augmentation=_SHIFTS),
        published=Published(accuracy=0.9959, runs=5, epochs=4, fit_seconds=48.0),
    ),
)
