"""Document A: a small CNN, plain against batch-norm and dropout, Adadelta, 3 epochs."""

from __future__ import annotations

from functools import partial
from typing import Final

from mnist_search.references._base import Published, Reference, stack
from mnist_search.specs.training import Adadelta, Training

_reference: Final = partial(
    Reference,
    document="A",
    source="Untitled notebook that sets a small CNN against the same CNN with batch-norm and "
    "dropout",
    # Adadelta() meant a rate of 1.0 in the Keras of the document.
    training=Training(optimizer=Adadelta(learning_rate=1.0, rho=0.95), batch_size=100, epochs=3),
    raw_test_pixels=True,
)
_RAW_PIXELS: Final = (
    "The test images were never scaled: the training images were divided by their maximum "
    "first, so that dividing the test images by it divided them by 1. The published figures "
    "belong to test pixels of 0..255 after training on 0..1; `corrected` scales both."
)
_SECONDS: Final = "The fitting time is printed as milliseconds, but was measured in seconds."


REFERENCES: Final = (
    _reference(
        name="cnn-plain",
        title="Plain CNN",
        model=stack("C32(3x3 valid) C64(3x3 valid) MP Flatten D128"),
        published=Published(
            accuracy=0.9900,
            loss=0.15895133051872254,
            fit_seconds=179.19434523582458,
            seconds_per_epoch=round(179.19434523582458 / 3, 2),
            epochs=3,
        ),
        quirks=(
            _RAW_PIXELS,
            _SECONDS,
            "The document calls this model fully connected, which it is not.",
        ),
    ),
    _reference(
        name="cnn-bn-dropout",
        title="CNN with batch-norm and dropout",
        model=stack("C32(3x3 valid) BN DO.25 C64(3x3 valid) BN MP DO.25 Flatten D128 BN DO.25"),
        published=Published(
            accuracy=0.8776,
            loss=1.954911483001709,
            fit_seconds=395.78104400634766,
            seconds_per_epoch=round(395.78104400634766 / 3, 2),
            epochs=3,
        ),
        quirks=(
            _RAW_PIXELS,
            "The statistics of the batch-norm come from images scaled to 0..1 and meet 0..255 in "
            "the test, so the document's verdict against batch-norm rests on that slip.",
            _SECONDS,
            "The document calls this model partially connected, after its dropout.",
            "The closing text gives it an accuracy of 80 %; the printed one is 87.76 %.",
        ),
    ),
)
