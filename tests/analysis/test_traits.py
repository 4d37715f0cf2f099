"""What distinguishes configurations."""

from __future__ import annotations

import pytest

from mnist_search.analysis import describe
from mnist_search.analysis.traits import traits_of
from mnist_search.references import get_reference
from mnist_search.specs import (
    SGD,
    Activate,
    Adam,
    AdamW,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    Layer,
    LinearClassifier,
    Network,
    Optimizer,
    RunConfig,
    Training,
)


def config(*layers: Layer, optimizer: Optimizer | None = None) -> RunConfig:
    return RunConfig(
        model=Network(layers=layers),
        training=Training(
            optimizer=Adam() if optimizer is None else optimizer, batch_size=128, epochs=2
        ),
    )


def test_a_cnn() -> None:
    found = traits_of(get_reference("cnn-bn-dropout").config)
    assert (found.family, found.depth, found.widths) == ("cnn", 3, (32, 64, 128))
    assert (found.activation, found.norm, found.dropout) == ("relu", "after activation", (0.25,))
    assert (found.optimizer, found.learning_rate, found.batch_size) == ("adadelta", 1.0, 100)
    assert not found.augmented


def test_a_linear_classifier_has_no_layers() -> None:
    found = traits_of(get_reference("logistic-l1").config)
    assert (found.family, found.depth, found.widths) == ("linear", 0, ())
    assert (found.activation, found.norm, found.batch_size) == (None, None, None)
    # The policy `optimal` does not use eta0.
    assert found.learning_rate is None
    constant = LinearClassifier(policy="constant", eta0=0.02)
    training = Training(optimizer=SGD(), batch_size=1, epochs=2)
    assert traits_of(RunConfig(model=constant, training=training)).learning_rate == 0.02


BEFORE: tuple[Layer, ...] = (
    Dense(units=8, activation="linear"),
    BatchNorm(),
    Activate(activation="tanh"),
)
AFTER: tuple[Layer, ...] = (Dense(units=8, activation="tanh"), BatchNorm())
APART: tuple[Layer, ...] = (
    Dense(units=8, activation="linear"),
    Activate(activation="tanh"),
    BatchNorm(),
)


@pytest.mark.parametrize(
    ("layers", "norm"),
    [
        (BEFORE, "before activation"),
        (AFTER, "after activation"),
        (APART, "after activation"),
        (BEFORE + AFTER, "mixed"),
        ((Dense(units=8),), "none"),
    ],
)
def test_where_batch_normalization_stands(layers: tuple[Layer, ...], norm: str) -> None:
    assert traits_of(config(Flatten(), *layers)).norm == norm


def test_activations_are_named_once_each() -> None:
    mixed = config(Flatten(), *BEFORE, Dense(units=4), Dense(units=4))
    assert traits_of(mixed).activation == "tanh+relu"
    assert traits_of(config(Flatten(), Dense(units=4, activation="linear"))).activation == "linear"


def test_describe_is_one_telling_line() -> None:
    net = (Conv(filters=8, kernel=3), Dropout(rate=0.25), Flatten())
    assert describe(config(*net)) == "C8(3x3 valid) DO.25 Flatten | adam 0.001 | b128"
    momentum = SGD(learning_rate=0.1, momentum=0.9, nesterov=True)
    assert "sgd 0.1 nesterov 0.9" in describe(config(*net, optimizer=momentum))
    assert "adamw 0.002 decay 0.004" in describe(config(*net, optimizer=AdamW(learning_rate=2e-3)))
    assert "alpha 0.0001" in describe(get_reference("logistic-l1").config)
    assert "augmented" in describe(get_reference("cnn-double-32-augmented").config)
