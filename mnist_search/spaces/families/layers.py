"""What the families of networks share: norms, activations, starts of kernels, dense layers.

`before-activation` is Dense(linear) BatchNorm Activate, `after-activation` is Dense BatchNorm;
`before-head` is one BatchNorm alone, after the last layer before the head and before its dropout.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

from mnist_search.spaces.families.family import Setting, Settings
from mnist_search.spaces.parameters import Condition, Value
from mnist_search.specs import (
    Activate,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Initializer,
    Layer,
    Network,
)
from mnist_search.specs.models import Activation, InitializerName

ACTIVATIONS = ("relu", "sigmoid", "tanh", "elu", "gelu", "swish", "selu")
INITIALIZERS = (
    "glorot-uniform",
    "glorot-normal",
    "he-uniform",
    "he-normal",
    "lecun-normal",
    "random-normal",
)
HIDDEN_RANDOM_NORMAL = (Condition("initializer", choices=("random-normal",)),)

NETWORK_SETTINGS = (
    Setting(
        name="activation",
        kind="text",
        doc="activation of every hidden layer",
        default="relu",
        choices=ACTIVATIONS,
    ),
    Setting(
        name="initializer",
        kind="text",
        doc="how the kernels of the hidden layers start",
        default="glorot-uniform",
        choices=INITIALIZERS,
    ),
    Setting(
        name="output_initializer",
        kind="text",
        doc="how the kernel of the output layer starts",
        default="glorot-uniform",
        choices=INITIALIZERS,
    ),
    Setting(
        name="output_stddev",
        kind="float",
        doc="standard deviation of a random-normal output kernel",
        default=0.05,
        low=0.0,
        low_included=False,
        needs=(Condition("output_initializer", choices=("random-normal",)),),
    ),
)


def stddev_setting(name: str, layer: str) -> Setting:
    """Return the setting for the standard deviation of random-normal kernels."""
    return Setting(
        name=name,
        kind="float",
        doc=f"standard deviation of a random-normal {layer} kernel",
        default=0.05,
        level="conv" if layer == "conv" else "dense",
        low=0.0,
        low_included=False,
        needs=HIDDEN_RANDOM_NORMAL,
    )


def dense_settings(*, depth: int, norms: tuple[str, ...], stddev: str) -> tuple[Setting, ...]:
    """Return the settings of a stack of dense layers, `depth` of them by default."""
    exists = (Condition("dense_layers", at_least=1),)
    return (
        Setting(
            name="dense_layers",
            kind="int",
            doc="number of hidden dense layers",
            default=depth,
            low=0,
            high=10,
        ),
        Setting(
            name="units",
            kind="int",
            doc="width of a hidden dense layer",
            default=128,
            level="dense",
            low=1,
            high=65536,
        ),
        Setting(
            name="dense_norm",
            kind="text",
            doc="where batch normalization stands among the dense layers",
            default="none",
            choices=norms,
            needs=exists,
        ),
        Setting(
            name="dense_dropout",
            kind="float",
            doc="dropout rate after a hidden dense layer, 0 for no dropout layer",
            default=0.0,
            level="dense",
            low=0.0,
            high=1.0,
            high_included=False,
        ),
        stddev_setting(stddev, "dense"),
    )


def make_initializer(settings: Settings, name: str, stddev: str, *index: int) -> Initializer:
    """Return the initializer that setting `name` chooses, `stddev` with random-normal only."""
    chosen = cast(InitializerName, settings.text(name))
    if chosen != "random-normal":
        return Initializer(name=chosen)
    return Initializer(name=chosen, stddev=settings.number(stddev, *index))


def activated(layer: Conv | Dense, norm: str, activation: str) -> list[Layer]:
    """Return a linear layer with its activation, and its norm where the norm stands next to it."""
    function = cast(Activation, activation)
    if norm == "before-activation":
        return [layer, BatchNorm(), Activate(activation=function)]
    after: list[Layer] = [BatchNorm()] if norm == "after-activation" else []
    return [layer.model_copy(update={"activation": function}), *after]


def make_dense(settings: Settings, stddev: str) -> list[Layer]:
    """Return the hidden dense layers of these settings."""
    layers: list[Layer] = []
    norm, depth = settings.text("dense_norm"), settings.integer("dense_layers")
    for index in range(1, depth + 1):
        dense = Dense(
            units=settings.integer("units", index),
            activation="linear",
            initializer=make_initializer(settings, "initializer", stddev, index),
        )
        layers += activated(dense, norm, settings.text("activation"))
        if norm == "before-head" and index == depth:
            layers.append(BatchNorm())
        rate = settings.number("dense_dropout", index)
        if rate > 0:
            layers.append(Dropout(rate=rate))
    return layers


def take_activated(layers: Sequence[Layer], at: int, norm: str) -> int | None:
    """Return the place after the layer at `at` and its norm and activation, None if not so."""
    layer = layers[at] if at < len(layers) else None
    if not isinstance(layer, Conv | Dense):
        return None
    if norm == "before-activation":
        rest = [type(following) for following in layers[at + 1 : at + 3]]
        matches = layer.activation == "linear" and rest == [BatchNorm, Activate]
        return at + 3 if matches else None
    if layer.activation == "linear":
        return None
    if norm == "after-activation":
        return take_norm(layers, at + 1)
    return at + 1


def take_norm(layers: Sequence[Layer], at: int) -> int | None:
    """Return the place after the BatchNorm at `at`, None if there is none."""
    return at + 1 if at < len(layers) and isinstance(layers[at], BatchNorm) else None


def take_dropout(layers: Sequence[Layer], at: int) -> tuple[float, int]:
    """Return the rate of the dropout at `at` and the place after it; 0 if there is none."""
    layer = layers[at] if at < len(layers) else None
    return (layer.rate, at + 1) if isinstance(layer, Dropout) else (0.0, at)


def read_dense(
    layers: Sequence[Layer], norms: tuple[str, ...], stddev: str
) -> Iterator[dict[str, Value]]:
    """Yield every way to say a stack of hidden dense layers."""
    if not layers:
        yield {"dense_layers": 0}
        return
    for norm in norms:
        values = _read_dense(layers, norm, stddev)
        if values is not None:
            yield values


def _read_dense(layers: Sequence[Layer], norm: str, stddev: str) -> dict[str, Value] | None:
    values: dict[str, Value] = {"dense_norm": norm}
    at, depth = 0, 0
    while at < len(layers):
        layer, depth = layers[at], depth + 1
        following = take_activated(layers, at, norm)
        if following is None or not isinstance(layer, Dense):
            return None
        values[f"units_{depth}"] = layer.units
        if layer.initializer.stddev is not None:
            values[f"{stddev}_{depth}"] = layer.initializer.stddev
        if norm == "before-head" and len(layers) - following <= 2:
            following = take_norm(layers, following) or following
        values[f"dense_dropout_{depth}"], at = take_dropout(layers, following)
    return {"dense_layers": depth, **values}


def read_shared(network: Network) -> dict[str, Value] | None:
    """Return what all layers share: activation and initializers; None where they differ."""
    kernels = [layer for layer in network.layers if isinstance(layer, Conv | Dense)]
    functions = {
        layer.activation
        for layer in network.layers
        if isinstance(layer, Conv | Dense | Activate) and layer.activation != "linear"
    }
    starts = {layer.initializer.name for layer in kernels}
    if len(functions) > 1 or len(starts) > 1:
        return None
    output = network.output_initializer
    values: dict[str, Value] = {"output_initializer": output.name}
    if output.stddev is not None:
        values["output_stddev"] = output.stddev
    for function in functions:
        values["activation"] = function
    for start in starts:
        values["initializer"] = start
    return values
