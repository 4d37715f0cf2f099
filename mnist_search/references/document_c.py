"""Document C: multilayer perceptrons of depth 2, 3 and 5, plain, batch-norm, and dropout too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

from mnist_search.references._base import Published, Reference
from mnist_search.specs.models import (
    BatchNorm,
    Dense,
    Dropout,
    Flatten,
    Initializer,
    Layer,
    Network,
)
from mnist_search.specs.training import Adam, Training

Style = Literal["relu", "batch", "drop"]

_INITIALIZATION: Final = (
    "The hidden kernels start with a spread of about sqrt(2 / units), the layer's own width, "
    "where He's rule takes the number of its inputs; the output layer keeps Keras' default."
)
_VIOLINS_NORM: Final = (
    "The violins show weights 0, 2 and 4 as those of two hidden layers and the output: with "
    "batch-norm these are the first kernel, and the scale and moving mean of its batch-norm."
)
_VIOLINS_DEEP: Final = (
    "The violins show weights 0, 2 and 4 as those of two hidden layers and the output: here the "
    "last is the kernel of the third hidden layer."
)
_DROPOUT_HEADING: Final = "The heading names dropout alone; the code has batch-norm before it."


def _hidden_layers(style: Style, hidden: tuple[tuple[int, float], ...]) -> Iterator[Layer]:
    for units, stddev in hidden:
        yield Dense(units=units, initializer=Initializer(name="random-normal", stddev=stddev))
        if style != "relu":
            yield BatchNorm()
        if style == "drop":
            yield Dropout(rate=0.5)


def _perceptron(
    style: Style, *, hidden: tuple[tuple[int, float], ...], accuracy: float, loss: float
) -> Reference:
    """Return a reference from the units and the kernel's stddev of each hidden layer."""
    titles: dict[Style, str] = {
        "relu": "Plain perceptron",
        "batch": "Perceptron with batch-norm",
        "drop": "Perceptron with batch-norm and dropout",
    }
    return Reference(
        name=f"mlp-{style}-{len(hidden)}",
        document="C",
        title=f"{titles[style]}, {len(hidden)} hidden layers",
        model=Network(layers=(Flatten(), *_hidden_layers(style, hidden))),
        source="Notebook 'Keras On MNIST': nine perceptrons, with violin plots of their weights",
        training=Training(optimizer=Adam(learning_rate=1e-3), batch_size=128, epochs=30),
        published=Published(accuracy=accuracy, loss=loss, epochs=30),
        quirks=tuple(_quirks(style, len(hidden))),
    )


def _quirks(style: Style, depth: int) -> Iterator[str]:
    yield _INITIALIZATION
    if style == "drop":
        yield _DROPOUT_HEADING
    if style != "relu":
        yield _VIOLINS_NORM
    elif depth > 2:
        yield _VIOLINS_DEEP


REFERENCES: Final = (
    _perceptron(
        "relu", hidden=((364, 0.074), (212, 0.097)), accuracy=0.9817, loss=0.09564156731741441
    ),
    _perceptron(
        "batch", hidden=((532, 0.061), (384, 0.072)), accuracy=0.9804, loss=0.09071999986333348
    ),
    _perceptron(
        "drop", hidden=((532, 0.061), (384, 0.072)), accuracy=0.9848, loss=0.052775146638258594
    ),
    _perceptron(
        "relu",
        hidden=((621, 0.056), (333, 0.077), (161, 0.111)),
        accuracy=0.9816,
        loss=0.09514001322890968,
    ),
    _perceptron(
        "batch",
        hidden=((589, 0.058), (423, 0.068), (272, 0.085)),
        accuracy=0.9817,
        loss=0.08639855843480118,
    ),
    _perceptron(
        "drop",
        hidden=((401, 0.070), (219, 0.095), (121, 0.128)),
        accuracy=0.9858,
        loss=0.05677158319847949,
    ),
    _perceptron(
        "relu",
        hidden=((697, 0.053), (550, 0.060), (462, 0.065), (322, 0.078), (199, 0.100)),
        accuracy=0.9801,
        loss=0.09693762213855957,
    ),
    _perceptron(
        "batch",
        hidden=((667, 0.054), (579, 0.058), (499, 0.063), (349, 0.075), (205, 0.098)),
        accuracy=0.9851,
        loss=0.06694545334176073,
    ),
    _perceptron(
        "drop",
        hidden=((609, 0.057), (599, 0.057), (410, 0.069), (232, 0.092), (144, 0.117)),
        accuracy=0.9855,
        loss=0.056678825084562415,
    ),
)
