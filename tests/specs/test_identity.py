"""What version 0.1 knew keeps its identity, whatever fields were added since."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mnist_search.references import REFERENCES
from mnist_search.spaces import Value, find_space
from mnist_search.specs import (
    Adam,
    AdamW,
    Conv,
    Flatten,
    Nadam,
    Network,
    RunConfig,
    Training,
)

# As version 0.1 had them.
CONFIG_IDS = {
    "cnn-plain": "34ecb4dad3283dee",
    "cnn-bn-dropout": "c19bae1cc267a846",
    "cnn-mnist-1": "63a893509c1961a8",
    "cnn-mnist-2": "3544bf60d063b515",
    "cnn-mnist-3": "2f9e2b15d6a201f1",
    "cnn-mnist-4": "c4613acc7aab4166",
    "mlp-relu-2": "d32c32d669cafa1d",
    "mlp-batch-2": "df54b69a94647127",
    "mlp-drop-2": "78d81aa20eb024b5",
    "mlp-relu-3": "1c5ac60270ef95df",
    "mlp-batch-3": "b0dd9c03b21666f5",
    "mlp-drop-3": "2104c1def574065c",
    "mlp-relu-5": "54c39271606c4fb1",
    "mlp-batch-5": "6514dd17ee710595",
    "mlp-drop-5": "bcc70f10464b30b2",
    "logistic": "6b5171e1dea0e4f2",
    "logistic-l1": "3ce538968620ad87",
    "logistic-l2": "f66e3cf861b1e7d3",
    "dnn": "fd1cc53a7258450d",
    "dnn-dropout": "efcce822ed7e5a14",
    "cnn-double-32": "1459f66141b3450a",
    "cnn-double-32-augmented": "2c05b91aa88e8528",
    "mlp-784": "82d55ed8bc87d263",
    "cnn-simple": "61570e031d66fdb7",
    "cnn-larger": "551c05f41abb58f1",
}
# The keys of its JSON, in its order.
KEYS: dict[str, tuple[str, ...]] = {
    "config": ("model", "training", "protocol", "raw_test_pixels"),
    "training": (
        "optimizer",
        "batch_size",
        "epochs",
        "schedule",
        "augmentation",
        "train_images",
    ),
    "augmentation": ("rotation_degrees", "zoom", "shift"),
    "initializer": ("name", "stddev"),
    "adam": ("name", "learning_rate"),
    "adamw": ("name", "learning_rate", "weight_decay"),
    "nadam": ("name", "learning_rate"),
    "rmsprop": ("name", "learning_rate"),
    "sgd": ("name", "learning_rate", "momentum", "nesterov"),
    "adadelta": ("name", "learning_rate", "rho"),
    "network": ("kind", "layers", "output_initializer"),
    "linear": ("kind", "penalty", "alpha", "policy", "eta0", "average", "tolerance"),
    "conv": ("kind", "filters", "kernel", "padding", "activation", "bias", "initializer"),
    "dense": ("kind", "units", "activation", "bias", "initializer"),
    "batch-norm": ("kind",),
    "activate": ("kind", "activation"),
    "pool": ("kind", "function", "size"),
    "dropout": ("kind", "rate"),
    "flatten": ("kind",),
}


def assert_keys(config: RunConfig) -> None:
    data = config.model_dump(mode="json")
    training, model = data["training"], data["model"]
    parts = {
        "config": [data],
        "training": [training],
        "augmentation": [it for it in [training["augmentation"]] if it is not None],
        training["optimizer"]["name"]: [training["optimizer"]],
        model["kind"]: [model],
        "initializer": [model["output_initializer"]] if model["kind"] == "network" else [],
    }
    for layer in model.get("layers", ()):
        parts.setdefault(layer["kind"], []).append(layer)
        parts["initializer"] += [layer["initializer"]] if "initializer" in layer else []
    for kind, objects in parts.items():
        assert {tuple(it) for it in objects} <= {KEYS[kind]}, kind


def test_references_keep_their_identity() -> None:
    assert {it.name: it.config.config_id for it in REFERENCES} == CONFIG_IDS
    for reference in REFERENCES:
        assert_keys(reference.config)


# The space `cnn` has settings that version 0.1 did not know.
@pytest.mark.parametrize("name", ["cnn-documented", "mlp", "linear"])
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.randoms(use_true_random=False))
def test_points_of_spaces_keep_the_json_of_version_0_1(name: str, random: Any) -> None:
    space, values = find_space(name), dict[str, Value]()
    for parameter in space.active(values):
        if parameter.count is None:
            values[parameter.name] = parameter.nearest(random.random())
        else:
            values[parameter.name] = parameter.value(random.randrange(parameter.count))
    config = space.config(values, epochs=3)
    assert_keys(config)
    assert RunConfig.model_validate_json(config.model_dump_json()) == config


def config(*, conv: dict[str, Any] | None = None, **training: Any) -> RunConfig:
    layers = (Conv(filters=4, kernel=3, **(conv or {})), Flatten())
    recipe = {"optimizer": Adam(), "batch_size": 32, "epochs": 1, **training}
    return RunConfig(model=Network(layers=layers), training=Training(**recipe))


@pytest.mark.parametrize(
    "change",
    [
        {"conv": {"stride": 2}},
        {"label_smoothing": 0.1},
        {"clip_norm": 1.0},
        {"optimizer": Adam(beta_1=0.8)},
        {"optimizer": Adam(beta_2=0.95)},
        {"optimizer": Adam(epsilon=1e-3)},
    ],
    ids=str,
)
def test_what_an_added_field_says_makes_another_configuration(change: dict[str, Any]) -> None:
    plain, changed = config(), config(**change)
    assert changed.config_id != plain.config_id
    assert RunConfig.model_validate_json(changed.model_dump_json()) == changed
    with pytest.raises(AssertionError):
        assert_keys(changed)


def test_defaults_that_are_given_are_defaults_all_the_same() -> None:
    given = {"label_smoothing": 0, "clip_norm": None}
    moments = {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}
    assert config(conv={"stride": 1}, **given).config_id == config().config_id
    for optimizer in (Adam, AdamW, Nadam):
        plain = config(optimizer=optimizer()).config_id
        assert config(optimizer=optimizer(**moments)).config_id == plain


@pytest.mark.parametrize(
    "change",
    [
        {"conv": {"stride": 0}},
        {"conv": {"stride": 29}},
        {"label_smoothing": 1.0},
        {"clip_norm": 0.0},
        {"optimizer": {"name": "adam", "beta_1": 1.0}},
        {"optimizer": {"name": "adam", "epsilon": 0.0}},
        {"optimizer": {"name": "sgd", "beta_1": 0.9}},
    ],
    ids=str,
)
def test_values_out_of_bounds_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"(?i)stride|smoothing|clip|beta|epsilon"):
        config(**change)
