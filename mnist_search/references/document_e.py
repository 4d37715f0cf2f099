"""Document E: three baselines, a perceptron and two CNNs, Adam, batches of 200."""

from __future__ import annotations

from functools import partial
from typing import Final

from mnist_search.references._base import Reference, publish_curves, stack
from mnist_search.specs.models import Dense, Flatten, Initializer, Network
from mnist_search.specs.training import Adam, Training

_reference: Final = partial(
    Reference,
    document="E",
    source="Notebook 'Keras- Convolutional Neural Network': a baseline perceptron, a simple CNN "
    "and a larger one",
    seed=7,
)
# What kernel_initializer="normal" meant in the Keras of the document.
_NORMAL: Final = Initializer(name="random-normal", stddev=0.05)
_ERROR_RATE: Final = (
    "The document prints an error rate; the loss is that of the last validation, four decimals."
)
_CHANNELS_FIRST: Final = (
    "The document's images are channels first; the same model is built with channels last."
)


def _training(epochs: int) -> Training:
    return Training(optimizer=Adam(learning_rate=1e-3), batch_size=200, epochs=epochs)


REFERENCES: Final = (
    _reference(
        name="mlp-784",
        title="Baseline perceptron",
        model=Network(
            layers=(Flatten(), Dense(units=784, initializer=_NORMAL)),
            output_initializer=_NORMAL,
        ),
        training=_training(epochs=10),
        published=publish_curves("mlp-784", accuracy=0.9818),
        quirks=(_ERROR_RATE,),
    ),
    _reference(
        name="cnn-simple",
        title="Simple CNN",
        model=stack("C32(5x5 valid) MP DO.2 Flatten D128"),
        training=_training(epochs=4),
        published=publish_curves("cnn-simple", accuracy=0.9878),
        quirks=(_CHANNELS_FIRST, _ERROR_RATE),
    ),
    _reference(
        name="cnn-larger",
        title="Larger CNN",
        model=stack("C30(5x5 valid) MP C15(3x3 valid) MP DO.2 Flatten D128 D50"),
        training=_training(epochs=10),
        published=publish_curves("cnn-larger", accuracy=0.9906),
        quirks=(_CHANNELS_FIRST, _ERROR_RATE),
    ),
)
