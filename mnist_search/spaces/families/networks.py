"""Families of networks: norms, initial kernels, dense layers, recipes; perceptrons.

A network is its front, Flatten, and hidden dense layers; a perceptron has no front.
`before-activation` is Dense(linear) BatchNorm Activate, `after-activation` is Dense BatchNorm;
`before-head` is one BatchNorm alone, after the last layer before the head and before its dropout.

The functions that read layers only find what they may be: a family keeps the values that build
the same layers again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from mnist_search.spaces.families.family import (
    EPOCHS,
    Chosen,
    Family,
    Setting,
    setting_of,
)
from mnist_search.spaces.families.recipes import RECIPE_SETTINGS, make_training, read_training
from mnist_search.spaces.parameters import Condition, Level, Value
from mnist_search.specs import (
    Activate,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    Initializer,
    Layer,
    ModelFamily,
    Network,
    RunConfig,
)

Front = Sequence[Layer]
Kernel = TypeVar("Kernel", Conv, Dense)

_SHARED_SETTINGS = (
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


def _dense_settings(depth: int, norms: Sequence[str], stddev: str) -> tuple[Setting, ...]:
    return (
        Setting(
            "dense_layers",
            "int",
            "number of hidden dense layers",
            depth,
            bounds=((">=", 0), ("<=", 10)),
        ),
        setting_of(Dense, "units", "width of a hidden dense layer", default=128, level="dense"),
        Setting(
            "dense_norm",
            "text",
            "where batch normalization stands among the dense layers",
            "none",
            choices=tuple(norms),
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
        setting_of(
            Dense,
            "l1",
            "L1 penalty of a hidden dense layer's kernel",
            name="dense_l1",
            level="dense",
        ),
        setting_of(
            Dense,
            "l2",
            "L2 penalty of a hidden dense layer's kernel",
            name="dense_l2",
            level="dense",
        ),
        stddev_setting(stddev, "dense"),
    )


def network_family(
    name: ModelFamily,
    own: Iterable[Setting],
    *,
    depth: int,
    norms: Sequence[str],
    stddev: str,
    make_front: Callable[[Chosen], Iterable[Layer]],
    read_front: Callable[[Front], Iterable[dict[str, Value]]],
) -> Family:
    """Return a family of networks that differ from others in their front.

    Its stack of dense layers has by default `depth`, one of `norms`, and kernels whose standard
    deviation is the setting `stddev`.
    """

    def make(chosen: Chosen, epochs: int) -> RunConfig:
        network = Network(
            layers=(*make_front(chosen), Flatten(), *_make_dense(chosen, stddev)),
            output_initializer=make_initializer(chosen, "output_initializer", "output_stddev"),
        )
        return RunConfig(model=network, training=make_training(chosen, epochs))

    def read(config: RunConfig) -> Iterator[dict[str, Value]]:
        network = config.model
        if not isinstance(network, Network) or Flatten() not in network.layers:
            return
        border = network.layers.index(Flatten())
        rest = _read_shared(network) | read_training(config.training)
        for front in read_front(network.layers[:border]):
            for dense in _read_dense(network.layers[border + 1 :], norms, stddev):
                yield {**front, **dense, **rest}

    dense = _dense_settings(depth, norms, stddev)
    settings = (*own, *dense, *_SHARED_SETTINGS, *RECIPE_SETTINGS, EPOCHS)
    return Family(name=name, settings={it.name: it for it in settings}, make=make, read=read)


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


def _make_dense(chosen: Chosen, stddev: str) -> list[Layer]:
    """Return the hidden dense layers of these settings."""
    layers: list[Layer] = []
    norm, depth = chosen.get("dense_norm"), chosen.get("dense_layers")
    for index in range(1, depth + 1):
        dense = Dense(
            units=chosen.get("units", index),
            activation="linear",
            initializer=make_initializer(chosen, "initializer", stddev, index),
            l1=chosen.get("dense_l1", index),
            l2=chosen.get("dense_l2", index),
        )
        layers += activated(dense, norm, chosen.get("activation"))
        if norm == "before-head" and index == depth:
            layers.append(BatchNorm())
        layers += make_dropout(chosen.get("dense_dropout", index))
    return layers


def with_tails(layers: Front, kernel: type[Kernel]) -> list[tuple[Kernel, list[Layer]]]:
    """Return the layers of a class, each with what follows it up to the next of them."""
    found: list[tuple[Kernel, list[Layer]]] = []
    for layer in layers:
        if isinstance(layer, kernel):
            found.append((layer, []))
        elif found:
            found[-1][1].append(layer)
    return found


def read_dropout(tail: Front) -> float:
    """Return the rate of the first dropout, 0 if there is none."""
    return next((layer.rate for layer in tail if isinstance(layer, Dropout)), 0.0)


def read_initializer(start: Initializer, name: str, stddev: str) -> dict[str, Value]:
    """Return the settings of an initializer; a standard deviation if it has one."""
    values: dict[str, Value] = {name: start.name}
    return values if start.stddev is None else values | {stddev: start.stddev}


def _read_dense(layers: Front, norms: Sequence[str], stddev: str) -> Iterator[dict[str, Value]]:
    """Yield what a stack of hidden dense layers may be, one with each norm."""
    values: dict[str, Value] = {"dense_layers": 0}
    for depth, (dense, tail) in enumerate(with_tails(layers, Dense), start=1):
        values |= {"dense_layers": depth, f"units_{depth}": dense.units}
        values |= read_initializer(dense.initializer, "initializer", f"{stddev}_{depth}")
        values[f"dense_dropout_{depth}"] = read_dropout(tail)
        values |= {f"dense_l1_{depth}": dense.l1, f"dense_l2_{depth}": dense.l2}
    if not layers:
        yield values
        return
    for norm in norms:
        yield {**values, "dense_norm": norm}


def _read_shared(network: Network) -> dict[str, Value]:
    """Return what all layers share: their activation, and the output's initial kernel."""
    values = read_initializer(network.output_initializer, "output_initializer", "output_stddev")
    for layer in network.layers:
        if isinstance(layer, Conv | Dense | Activate) and layer.activation != "linear":
            values["activation"] = layer.activation
    return values


MLP = network_family(
    "mlp",
    (),
    depth=2,
    norms=("none", "after-activation", "before-activation", "before-head"),
    stddev="init_stddev",
    make_front=lambda _: (),
    read_front=lambda layers: () if layers else ({},),
)
