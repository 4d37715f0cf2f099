"""What the families of networks share: norms, activations, initial kernels, dense layers.

`before-activation` is Dense(linear) BatchNorm Activate, `after-activation` is Dense BatchNorm;
`before-head` is one BatchNorm alone, after the last layer before the head and before its dropout.

The functions that read layers only find what they may be: a family keeps the values that build
the same layers again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from mnist_search.spaces.families.family import Chosen, Setting, setting_of
from mnist_search.spaces.parameters import Condition, Level, Value
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

Kernel = TypeVar("Kernel", Conv, Dense)

NETWORK_SETTINGS = (
    setting_of(
        Dense, "activation", "activation of every hidden layer", default="relu", omit=("linear",)
    ),
    setting_of(
        Initializer, "name", "how the kernels of the hidden layers start", name="initializer"
    ),
    setting_of(
        Initializer, "name", "how the kernel of the output layer starts", name="output_initializer"
    ),
    setting_of(
        Initializer,
        "stddev",
        "standard deviation of a random-normal output kernel",
        name="output_stddev",
        default=0.05,
        needs=(Condition("output_initializer", choices=("random-normal",)),),
    ),
)


def stddev_setting(name: str, level: Level) -> Setting:
    """Return the setting for the standard deviation of random-normal kernels."""
    return setting_of(
        Initializer,
        "stddev",
        f"standard deviation of a random-normal {level} kernel",
        name=name,
        default=0.05,
        level=level,
        needs=(Condition("initializer", choices=("random-normal",)),),
    )


def dense_settings(*, depth: int, norms: tuple[str, ...], stddev: str) -> tuple[Setting, ...]:
    """Return the settings of a stack of dense layers, `depth` of them by default."""
    return (
        Setting(
            name="dense_layers",
            kind="int",
            doc="number of hidden dense layers",
            default=depth,
            low=0,
            high=10,
        ),
        setting_of(Dense, "units", "width of a hidden dense layer", default=128, level="dense"),
        Setting(
            name="dense_norm",
            kind="text",
            doc="where batch normalization stands among the dense layers",
            default="none",
            choices=norms,
            needs=(Condition("dense_layers", at_least=1),),
        ),
        setting_of(
            Dropout,
            "rate",
            "dropout rate after a hidden dense layer, 0 for no dropout layer",
            name="dense_dropout",
            off=0.0,
            level="dense",
        ),
        stddev_setting(stddev, "dense"),
    )


def make_initializer(chosen: Chosen, name: str, stddev: str, *index: int) -> Initializer:
    """Return the initializer that setting `name` chooses, `stddev` with random-normal only."""
    start = chosen.get(name)
    return Initializer(
        name=start, stddev=chosen.get(stddev, *index) if start == "random-normal" else None
    )


def activated(layer: Conv | Dense, norm: str, activation: Any) -> list[Layer]:
    """Return a linear layer with its activation, and its norm where the norm stands next to it."""
    if norm == "before-activation":
        return [layer, BatchNorm(), Activate(activation=activation)]
    after: list[Layer] = [BatchNorm()] if norm == "after-activation" else []
    return [layer.model_copy(update={"activation": activation}), *after]


def make_dropout(rate: float) -> list[Layer]:
    """Return a dropout layer, none for rate 0."""
    return [Dropout(rate=rate)] if rate > 0 else []


def make_dense(chosen: Chosen, stddev: str) -> list[Layer]:
    """Return the hidden dense layers of these settings."""
    layers: list[Layer] = []
    norm, depth = chosen.get("dense_norm"), chosen.get("dense_layers")
    for index in range(1, depth + 1):
        dense = Dense(
            units=chosen.get("units", index),
            activation="linear",
            initializer=make_initializer(chosen, "initializer", stddev, index),
        )
        layers += activated(dense, norm, chosen.get("activation"))
        if norm == "before-head" and index == depth:
            layers.append(BatchNorm())
        layers += make_dropout(chosen.get("dense_dropout", index))
    return layers


def with_tails(layers: Sequence[Layer], kernel: type[Kernel]) -> list[tuple[Kernel, list[Layer]]]:
    """Return the layers of a class, each with what follows it up to the next of them."""
    found: list[tuple[Kernel, list[Layer]]] = []
    for layer in layers:
        if isinstance(layer, kernel):
            found.append((layer, []))
        elif found:
            found[-1][1].append(layer)
    return found


def read_dropout(tail: Sequence[Layer]) -> float:
    """Return the rate of the first dropout, 0 if there is none."""
    return next((layer.rate for layer in tail if isinstance(layer, Dropout)), 0.0)


def read_initializer(start: Initializer, name: str, stddev: str) -> dict[str, Value]:
    """Return the settings of an initializer; a standard deviation if it has one."""
    values: dict[str, Value] = {name: start.name}
    return values if start.stddev is None else values | {stddev: start.stddev}


def read_dense(
    layers: Sequence[Layer], norms: tuple[str, ...], stddev: str
) -> Iterator[dict[str, Value]]:
    """Yield what a stack of hidden dense layers may be, one with each norm."""
    values: dict[str, Value] = {"dense_layers": 0}
    for depth, (dense, tail) in enumerate(with_tails(layers, Dense), start=1):
        values |= {"dense_layers": depth, f"units_{depth}": dense.units}
        values |= read_initializer(dense.initializer, "initializer", f"{stddev}_{depth}")
        values[f"dense_dropout_{depth}"] = read_dropout(tail)
    if not layers:
        yield values
        return
    for norm in norms:
        yield {**values, "dense_norm": norm}


def read_shared(network: Network) -> dict[str, Value]:
    """Return what all layers share: their activation, and the output's initial kernel."""
    values = read_initializer(network.output_initializer, "output_initializer", "output_stddev")
    for layer in network.layers:
        if isinstance(layer, Conv | Dense | Activate) and layer.activation != "linear":
            values["activation"] = layer.activation
    return values
