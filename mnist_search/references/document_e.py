"""Document E: three baselines, a perceptron and two CNNs, Adam, batches of 200."""

from __future__ import annotations

from typing import Final

from mnist_search.references._base import (
    Published,
    Reference,
    documented,
    mean_seconds,
    read_curves,
)
from mnist_search.specs.models import Conv, Dense, Dropout, Flatten, Initializer, Network, Pool
from mnist_search.specs.training import Adam, Training

_SOURCE: Final = (
    "Notebook 'Keras- Convolutional Neural Network': a baseline perceptron, a simple CNN and a "
    "larger one"
)
_SEED: Final = 7
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


def _published(name: str, *, accuracy: float) -> Published:
    curves = read_curves(name)
    return Published(
        accuracy=accuracy,
        loss=curves[-1].val_loss,
        train_accuracy=curves[-1].accuracy,
        seconds_per_epoch=mean_seconds(curves),
        epochs=len(curves),
        curves=curves,
    )


REFERENCES: Final = (
    Reference(
        name="mlp-784",
        family="mlp",
        document="E",
        title="Baseline perceptron",
        source=_SOURCE,
        config=documented(
            Network(
                layers=(Flatten(), Dense(units=784, initializer=_NORMAL)),
                output_initializer=_NORMAL,
            ),
            _training(epochs=10),
        ),
        published=_published("mlp-784", accuracy=0.9818),
        quirks=(_ERROR_RATE,),
        seed=_SEED,
    ),
    Reference(
        name="cnn-simple",
        family="cnn",
        document="E",
        title="Simple CNN",
        source=_SOURCE,
        config=documented(
            Network(
                layers=(
                    Conv(filters=32, kernel=5),
                    Pool(),
                    Dropout(rate=0.2),
                    Flatten(),
                    Dense(units=128),
                )
            ),
            _training(epochs=4),
        ),
        published=_published("cnn-simple", accuracy=0.9878),
        quirks=(_CHANNELS_FIRST, _ERROR_RATE),
        seed=_SEED,
    ),
    Reference(
        name="cnn-larger",
        family="cnn",
        document="E",
        title="Larger CNN",
        source=_SOURCE,
        config=documented(
            Network(
                layers=(
                    Conv(filters=30, kernel=5),
                    Pool(),
                    Conv(filters=15, kernel=3),
                    Pool(),
                    Dropout(rate=0.2),
                    Flatten(),
                    Dense(units=128),
                    Dense(units=50),
                )
            ),
            _training(epochs=10),
        ),
        published=_published("cnn-larger", accuracy=0.9906),
        quirks=(_CHANNELS_FIRST, _ERROR_RATE),
        seed=_SEED,
    ),
)
