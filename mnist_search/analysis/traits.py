"""What distinguishes one configuration from another, read off its RunConfig."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, assert_never

from mnist_search.specs import (
    SGD,
    Activate,
    Adadelta,
    Adam,
    AdamW,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Layer,
    LinearClassifier,
    ModelFamily,
    Nadam,
    Network,
    Optimizer,
    Pool,
    RMSprop,
    RunConfig,
)
from mnist_search.specs.shapes import summarize

Norm = Literal["none", "before activation", "after activation", "mixed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """The choices behind a configuration; None where a linear classifier has no such choice.

    `depth` counts convolution and hidden dense layers, `widths` are their filters and units.
    `norm` is where batch normalization stands to the activation, `dropout` the distinct rates.
    `schedule` is the plan of the learning rate.
    """

    family: ModelFamily
    architecture: str
    depth: int = 0
    widths: tuple[int, ...] = ()
    activation: str | None = None
    norm: Norm | None = None
    dropout: tuple[float, ...] = ()
    optimizer: str
    learning_rate: float | None
    batch_size: int | None = None
    schedule: str
    augmented: bool


def traits_of(config: RunConfig) -> Traits:
    """Read the distinguishing choices off a configuration."""
    training, model = config.training, config.model
    match model:
        case Network(layers=layers):
            weighted = [layer for layer in layers if isinstance(layer, Conv | Dense)]
            convolutional = any(isinstance(layer, Conv) for layer in layers)
            return Traits(
                family="cnn" if convolutional else "mlp",
                architecture=summarize(model),
                depth=len(weighted),
                widths=tuple(
                    layer.filters if isinstance(layer, Conv) else layer.units for layer in weighted
                ),
                activation=_activation(layers),
                norm=_norm(layers),
                dropout=tuple(
                    dict.fromkeys(layer.rate for layer in layers if isinstance(layer, Dropout))
                ),
                optimizer=training.optimizer.name,
                learning_rate=training.optimizer.learning_rate,
                batch_size=training.batch_size,
                schedule=training.schedule,
                augmented=training.augmentation is not None,
            )
        case LinearClassifier(policy=policy):
            # scikit-learn steps image by image, and its own policy sets the rate.
            return Traits(
                family="linear",
                architecture=summarize(model),
                optimizer="sgd (scikit-learn)",
                learning_rate=None if policy == "optimal" else model.eta0,
                schedule=policy,
                augmented=training.augmentation is not None,
            )
        case _:
            assert_never(model)


def differing_traits(first: RunConfig, second: RunConfig) -> tuple[str, ...]:
    """Name the choices in which two configurations differ, for the reader.

    The spread of random kernels is left out: it follows from the widths where documents set it.
    """
    one, other = _comparable_traits(first), _comparable_traits(second)
    return tuple(name for name in one if one[name] != other[name])


def _comparable_traits(config: RunConfig) -> dict[str, object]:
    traits, model = traits_of(config), config.model
    layers = model.layers if isinstance(model, Network) else ()
    convolutions = [layer for layer in layers if isinstance(layer, Conv)]
    dense = [layer for layer in layers if isinstance(layer, Dense)]
    weighted: list[Conv | Dense] = [*convolutions, *dense]
    return {
        "family": traits.family,
        "depth": traits.depth,
        "widths": traits.widths,
        "kernels": tuple(layer.kernel for layer in convolutions),
        "padding": frozenset(layer.padding for layer in convolutions),
        "pooling": tuple(layer.size for layer in layers if isinstance(layer, Pool)),
        "bias": all(layer.bias for layer in weighted),
        "initializer": frozenset(layer.initializer.name for layer in weighted),
        "activation": traits.activation,
        "norm": traits.norm,
        "dropout": traits.dropout,
        "penalty": model.penalty
        if isinstance(model, LinearClassifier)
        else frozenset((each.l1, each.l2) for each in dense if each.l1 > 0 or each.l2 > 0),
        "optimizer": traits.optimizer,
        "learning rate": traits.learning_rate,
        "batch size": traits.batch_size,
        "schedule": traits.schedule,
        "epochs": config.training.epochs,
        "augmentation": config.training.augmentation,
    }


def describe(config: RunConfig) -> str:
    """Return one readable line, such as `C32(5x5 valid) MP Flatten D128 | adam 0.001 | b200`."""
    traits = traits_of(config)
    parts = [traits.architecture]
    match config.model:
        case Network():
            parts.append(_describe_optimizer(config.training.optimizer))
            parts.append(f"b{config.training.batch_size}")
            if config.training.schedule != "constant":
                parts.append(config.training.schedule)
        case LinearClassifier(penalty=penalty, alpha=alpha, policy=policy, average=average):
            if penalty != "none":
                parts.append(f"alpha {alpha:g}")
            parts.append(policy)
            if average:
                parts.append("averaged")
        case _:
            assert_never(config.model)
    if traits.augmented:
        parts.append("augmented")
    return " | ".join(parts)


def _describe_optimizer(optimizer: Optimizer) -> str:
    match optimizer:
        case SGD(momentum=momentum, nesterov=nesterov):
            name = "nesterov" if nesterov else "momentum"
            extra = f" {name} {momentum:g}" if momentum > 0 else ""
        case AdamW(weight_decay=decay):
            extra = f" decay {decay:g}"
        case Adam() | Nadam() | RMSprop() | Adadelta():
            extra = ""
        case _:
            assert_never(optimizer)
    return f"{optimizer.name} {optimizer.learning_rate:.3g}{extra}"


def _activation(layers: Sequence[Layer]) -> str:
    found = dict.fromkeys(
        layer.activation for layer in layers if isinstance(layer, Conv | Dense | Activate)
    )
    # Linear only means that a layer of its own follows, unless nothing else is there.
    named = [name for name in found if name != "linear"]
    return "+".join(named) if named else "linear"


def _norm(layers: Sequence[Layer]) -> Norm:
    places: set[Norm] = set()
    waits = False
    for layer in layers:
        match layer:
            case Conv(activation=activation) | Dense(activation=activation):
                waits = activation == "linear"
            case Activate():
                waits = False
            case BatchNorm():
                places.add("before activation" if waits else "after activation")
            case _:
                continue
    if not places:
        return "none"
    return places.pop() if len(places) == 1 else "mixed"
