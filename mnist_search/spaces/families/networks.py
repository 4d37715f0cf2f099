"""Families of networks: norms, initial kernels, dense layers, recipes; perceptrons.

A network is its front, Flatten, and hidden dense layers; a perceptron has no front.
`before-activation` is Dense(linear) BatchNorm Activate, `after-activation` is Dense BatchNorm;
`before-head` is one BatchNorm alone, after the last layer before the head and before its dropout.

The functions that read layers only find what they may be: a family keeps the values that build
the same layers again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeVar, get_args

from mnist_search.spaces.families.family import (
    EPOCHS,
    OPTIMIZERS,
    Chosen,
    Family,
    Setting,
    setting_of,
)
from mnist_search.spaces.parameters import Condition, Level, Value
from mnist_search.specs import (
    SGD,
    Activate,
    Augmentation,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    Frozen,
    Initializer,
    Layer,
    ModelFamily,
    Network,
    Optimizer,
    RunConfig,
    Training,
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


_CLASSES: dict[str, type[Frozen]] = dict(
    zip(OPTIMIZERS, get_args(get_args(Optimizer)[0]), strict=True)
)
# Fields of an optimizer's spec are settings of the same name, which that optimizer needs.
_OWN = {
    "momentum": "momentum of sgd",
    "nesterov": "Nesterov's momentum in sgd",
    "weight_decay": "decoupled weight decay of adamw",
    "rho": "decay of adadelta's running means",
    "beta_1": "decay of the running mean of gradients in adam, adamw and nadam",
    "beta_2": "decay of the running mean of squared gradients in adam, adamw and nadam",
    "epsilon": "added to the divisor in adam, adamw and nadam",
}
# The schedule that has a share of its own.
WARM_UP = "warm-up-linear"
_AUGMENTED = (Condition("augmentation", choices=(True,)),)


def _own_settings() -> Iterator[Setting]:
    for field, doc in _OWN.items():
        having = tuple(name for name, spec in _CLASSES.items() if field in spec.model_fields)
        needs = (Condition("optimizer", choices=having),)
        yield setting_of(_CLASSES[having[0]], field, doc, needs=needs)


def _rate_setting() -> Setting:
    rates = [
        f"{name} {spec.model_fields['learning_rate'].default}" for name, spec in _CLASSES.items()
    ]
    doc = f"step size; default: {', '.join(rates)}"
    return replace(setting_of(SGD, "learning_rate", doc, level="optimizer"), default=None)


_RECIPE_SETTINGS = (
    Setting("optimizer", "text", "how the weights are updated", "adam", choices=OPTIMIZERS),
    _rate_setting(),
    *_own_settings(),
    setting_of(Training, "schedule", "how the learning rate changes over the epochs"),
    setting_of(
        Training,
        "warm_up_share",
        "share of the steps in which warm-up-linear climbs",
        needs=(Condition("schedule", choices=(WARM_UP,)),),
    ),
    setting_of(Training, "batch_size", "images per step", default=128),
    Setting(
        "augmentation",
        "bool",
        "rotate, zoom and shift the training images at random",
        False,
    ),
    setting_of(Augmentation, "rotation_degrees", "largest rotation, in degrees", needs=_AUGMENTED),
    setting_of(Augmentation, "zoom", "largest change of scale, as a share", needs=_AUGMENTED),
    setting_of(Augmentation, "shift", "largest shift, as a share of the width", needs=_AUGMENTED),
    setting_of(Training, "label_smoothing", "share of the target spread over all classes"),
    setting_of(Training, "clip_norm", "longest gradient of all weights, 0 for any length", off=0.0),
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
        return RunConfig(model=network, training=_make_training(chosen, epochs))

    def read(config: RunConfig) -> Iterator[dict[str, Value]]:
        network = config.model
        if not isinstance(network, Network) or Flatten() not in network.layers:
            return
        border = network.layers.index(Flatten())
        rest = _read_shared(network) | _read_training(config.training)
        for front in read_front(network.layers[:border]):
            for dense in _read_dense(network.layers[border + 1 :], norms, stddev):
                yield {**front, **dense, **rest}

    dense = _dense_settings(depth, norms, stddev)
    settings = (*own, *dense, *_SHARED_SETTINGS, *_RECIPE_SETTINGS, EPOCHS)
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


def _make_training(chosen: Chosen, epochs: int) -> Training:
    """Return the recipe of these settings."""
    name = chosen.get("optimizer")
    own = [field for field in _CLASSES[name].model_fields if field in _OWN]
    optimizer = {"name": name, **{field: chosen.get(field) for field in own}}
    if (rate := chosen.get("learning_rate", name)) is not None:
        optimizer["learning_rate"] = rate
    plain = {field: chosen.get(field) for field in ("batch_size", "schedule", "label_smoothing")}
    if plain["schedule"] == WARM_UP:
        plain["warm_up_share"] = chosen.get("warm_up_share")
    augmentation = {field: chosen.get(field) for field in Augmentation.model_fields}
    return Training.model_validate(
        {
            "optimizer": optimizer,
            "epochs": epochs,
            "augmentation": augmentation if chosen.get("augmentation") else None,
            "clip_norm": chosen.get("clip_norm") or None,
            **plain,
        }
    )


def _read_training(training: Training) -> dict[str, Value]:
    """Return the settings that make this recipe."""
    optimizer = dict(training.optimizer)
    return {
        "optimizer": optimizer.pop("name"),
        **optimizer,
        "schedule": training.schedule,
        "warm_up_share": training.warm_up_share,
        "batch_size": training.batch_size,
        "augmentation": training.augmentation is not None,
        **dict(training.augmentation or ()),
        "label_smoothing": training.label_smoothing,
        "clip_norm": training.clip_norm or 0.0,
    }


MLP = network_family(
    "mlp",
    (),
    depth=2,
    norms=("none", "after-activation", "before-activation", "before-head"),
    stddev="init_stddev",
    make_front=lambda _: (),
    read_front=lambda layers: () if layers else ({},),
)
