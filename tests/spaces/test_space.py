from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import optuna
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mnist_search.errors import SpaceError
from mnist_search.spaces import (
    ChoiceParameter,
    Condition,
    FloatParameter,
    IntParameter,
    SearchSpace,
    Value,
    find_space,
)
from mnist_search.specs import SGD, Conv, Dense, Flatten, Network, RunConfig, Training

# No test may depend on the time that this machine leaves it.
CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

Load = Callable[[str], SearchSpace]

SMALL = SearchSpace(
    name="small",
    family="mlp",
    parameters=(
        IntParameter("dense_layers", 1, 2),
        IntParameter("units_1", 16, 64, step=16),
        IntParameter("units_2", 16, 64, conditions=(Condition("dense_layers", at_least=2),)),
        FloatParameter("dense_dropout", 0.0, 0.6, step=0.1),
        ChoiceParameter("activation", ("relu", "tanh")),
    ),
    fixed={"batch_size": 32},
)
POINT: dict[str, Value] = {
    "dense_layers": 1,
    "units_1": 32,
    "dense_dropout": 0.1 + 0.2,
    "activation": "tanh",
}

# Spaces whose settings overlap: general ones with exceptions, ambiguous blocks and norms.
TWISTED = (
    """
    family = "cnn"
    parameters.blocks = { type = "int", low = 1, high = 3 }
    parameters.convs = { type = "int", low = 1, high = 2, per = "block" }
    parameters.filters = { type = "int", low = 4, high = 6 }
    parameters.filters_2 = { type = "choice", choices = [5, 8], when = { pool = "none" } }
    parameters.filters_1_2 = { type = "choice", choices = [5, 9] }
    parameters.kernel = { type = "choice", choices = [1, 3] }
    parameters.stride = { type = "int", low = 1, high = 3, per = "block" }
    parameters.stride_1_2 = { type = "choice", choices = [2] }
    parameters.pool = { type = "choice", choices = ["none", "average"] }
    parameters.pool_2 = { type = "choice", choices = ["none", "max"] }
    parameters.conv_norm = { type = "choice", choices = ["before-head", "after-pooling", "none"] }
    parameters.conv_dropout = { type = "float", low = 0, high = 0.4, step = 0.2, per = "block" }
    parameters.dense_layers = { type = "choice", choices = [0, 2] }
    parameters.dense_norm = { type = "choice", choices = ["none", "before-activation"] }
    parameters.initializer = { type = "choice", choices = ["random-normal", "he-normal"] }
    parameters.conv_init_stddev = { type = "float", low = 0.1, high = 0.2, per = "block" }
    parameters.optimizer = { type = "choice", choices = ["sgd", "adam"] }
    parameters.learning_rate = { type = "float", low = 0.1, high = 0.2 }
    parameters.learning_rate_sgd = { type = "float", low = 0.3, high = 0.4 }
    fixed.filters_3 = 7
    fixed.dense_dropout_2 = 0.5
    fixed.last_conv_bias = false
    """,
    """
    family = "mlp"
    parameters.dense_layers = { type = "int", low = 0, high = 3 }
    parameters.units = { type = "int", low = 4, high = 40, log = true }
    parameters.units_2 = { type = "int", low = 4, high = 40, step = 9 }
    parameters.dense_norm = { type = "choice", choices = ["before-head", "after-activation"] }
    parameters.dense_dropout = { type = "choice", choices = [0, 0.5], per = "dense" }
    parameters.augmentation = { type = "choice", choices = [true, false] }
    parameters.zoom = { type = "float", low = 0, high = 0.3, step = 0.1 }
    parameters.label_smoothing = { type = "choice", choices = [0, 0.1] }
    parameters.clip_norm = { type = "choice", choices = [0, 1] }
    parameters.schedule = { type = "choice", choices = ["constant", "warm-up-linear"] }
    parameters.warm_up_share = { type = "choice", choices = [0, 0.2, 0.5] }
    parameters.optimizer = { type = "choice", choices = ["nadam", "rmsprop"] }
    parameters.beta_1 = { type = "float", low = 0.8, high = 0.9, step = 0.1 }
    parameters.epsilon = { type = "choice", choices = [1e-7, 1e-3] }
    parameters.output_initializer = { type = "choice", choices = ["random-normal", "he-normal"] }
    parameters.output_stddev = { type = "float", low = 0.1, high = 0.2 }
    """,
)


@st.composite
def points(draw: st.DrawFn, space: SearchSpace) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for parameter in space.active(values):
        match parameter:
            case ChoiceParameter(choices=choices):
                value: Any = draw(st.sampled_from(choices))
            case IntParameter(low=low, high=high, step=step):
                value = low + step * draw(st.integers(0, (high - low) // step))
            case FloatParameter(low=start, high=end, step=None):
                value = draw(st.floats(start, end))
            case FloatParameter(low=start, step=width, count=count):
                value = start + (width or 0) * draw(st.integers(0, (count or 1) - 1))
        values[parameter.name] = value
    return values


def assert_round_trip(space: SearchSpace, values: dict[str, Value]) -> None:
    space.check(values)
    config = space.config(values, epochs=3)
    located = space.locate(config)
    assert located is not None
    space.check(located)
    assert space.config(located, epochs=3) == config


@pytest.mark.parametrize("name", ["cnn", "cnn-documented", "mlp", "linear"])
@settings(CALM, max_examples=60)
@given(data=st.data())
def test_points_of_shipped_spaces_are_found_again(name: str, data: st.DataObject) -> None:
    space = find_space(name)
    assert_round_trip(space, data.draw(points(space)))


@pytest.mark.parametrize("number", range(len(TWISTED)))
def test_points_of_overlapping_settings_are_found_again(load: Load, number: int) -> None:
    space = load(TWISTED[number])

    @settings(CALM, max_examples=150)
    @given(points(space))
    def check(values: dict[str, Value]) -> None:
        assert_round_trip(space, values)

    check()


def test_optunas_proposals_are_points() -> None:
    space = find_space("cnn")
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    for _ in range(30):
        trial, values = study.ask(), dict[str, Value]()
        for parameter in space.active(values):
            match parameter:
                case ChoiceParameter(name=name, choices=choices):
                    value: Any = trial.suggest_categorical(name, choices)
                case IntParameter(name=name, low=low, high=high, log=log, step=step):
                    value = trial.suggest_int(name, low, high, log=log, step=step)
                case FloatParameter(name=name, low=start, high=end, log=log, step=width):
                    value = trial.suggest_float(name, start, end, log=log, step=width)
            values[parameter.name] = value
        assert_round_trip(space, values)


def test_config_mends_steps_and_adds_what_is_fixed() -> None:
    config = SMALL.config(POINT, epochs=7)
    assert isinstance(config.model, Network)
    assert config.training.batch_size == 32
    assert config.training.epochs == 7
    assert config.protocol == "held-out"
    assert config.model.layers[2].rate == 0.3  # type: ignore[union-attr]


def test_locate_ignores_epochs_and_protocol_but_nothing_else() -> None:
    config = SMALL.config(POINT, epochs=7)
    training = config.training.model_copy(update={"train_images": 100, "epochs": 99})
    other = RunConfig(
        model=config.model, training=training, protocol="documented", raw_test_pixels=True
    )
    assert SMALL.locate(other) == {**POINT, "dense_dropout": 0.3}
    slower = training.model_copy(update={"optimizer": SGD()})
    assert SMALL.locate(other.model_copy(update={"training": slower})) is None


def test_locate_ignores_epochs_that_are_searched_too() -> None:
    short = replace(SMALL, parameters=(*SMALL.parameters, IntParameter("epochs", 1, 4)))
    config = short.config({**POINT, "epochs": 3}, epochs=8)
    assert config.training.epochs == 3
    for located, epochs in ((config, 3), (SMALL.config(POINT, epochs=12), 4)):
        found = short.locate(located)
        assert found is not None
        assert found["epochs"] == epochs


def test_epochs_are_those_of_a_trial_and_at_most_those_of_the_search() -> None:
    short = replace(SMALL, parameters=(*SMALL.parameters, IntParameter("epochs", 1, 4)))
    assert short.epochs({"epochs": 3}, most=8) == 3
    assert short.epochs({"epochs": 3}, most=2) == 2
    assert SMALL.epochs({}, most=8) == 8
    fixed = replace(SMALL, fixed={"epochs": 5})
    assert fixed.epochs({}, most=8) == 5
    assert [space.most_epochs() for space in (short, SMALL, fixed)] == [4, None, 5]


@pytest.mark.parametrize(
    "layers",
    [
        (),
        (Flatten(), Dense(units=17, activation="tanh")),
        (Flatten(), Dense(units=16, activation="sigmoid")),
        (Flatten(), Dense(units=16), Dense(units=16, activation="tanh")),
        (Flatten(), Dense(units=16, bias=False)),
        (Flatten(), Dense(units=16), Dense(units=16), Dense(units=16)),
        (Conv(filters=4, kernel=3), Flatten(), Dense(units=16)),
        (Flatten(), Flatten(), Dense(units=16)),
        (Flatten(), Dense(units=16, activation="linear")),
    ],
)
def test_models_outside_are_not_located(layers: tuple[Any, ...]) -> None:
    training = Training(optimizer=SGD(), batch_size=32, epochs=1)
    config = RunConfig(model=Network(layers=layers), training=training)
    adam = SMALL.config(POINT, epochs=1).training
    assert SMALL.locate(config.model_copy(update={"training": adam})) is None


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"units_1": None}, "units_1: is active and needs a value, got none"),
        ({"units_2": 16}, "units_2: is not active here, got 16"),
        ({"units_1": 33}, "must be a whole number from 16 to 64, step 16, got 33"),
        ({"units_1": True}, "units_1: must be a whole number from 16 to 64"),
        ({"dense_dropout": 0}, "must be a float from 0 to 0.6, step 0.1, got 0"),
        ({"activation": "elu"}, 'must be one of relu, tanh, got "elu"'),
        ({"unit_1": 16}, 'unit_1: is no parameter of this space; did you mean "units_1"?'),
        ({"batch_size": 32}, "batch_size: is no parameter of this space"),
    ],
)
def test_check_names_what_is_wrong(change: dict[str, Any], rule: str) -> None:
    values = {name: value for name, value in (POINT | change).items() if value is not None}
    with pytest.raises(SpaceError) as caught:
        SMALL.config(values, epochs=1)
    (problem,) = caught.value.problems
    assert problem.startswith("space small: ")
    assert rule in problem


def test_active_decides_as_values_arrive() -> None:
    asked = []
    values: dict[str, Value] = {}
    for parameter in SMALL.active(values):
        asked.append(parameter.name)
        values[parameter.name] = 1 if parameter.name == "dense_layers" else POINT[parameter.name]
    assert asked == ["dense_layers", "units_1", "dense_dropout", "activation"]


def test_space_id_is_of_the_content_alone() -> None:
    renamed = SearchSpace(
        name="other",
        family="mlp",
        parameters=(SMALL.parameters[0], *reversed(SMALL.parameters[1:])),
        fixed=SMALL.fixed,
        description="x",
        source="y",
    )
    assert renamed.space_id == SMALL.space_id
    for changed in (
        SearchSpace("small", "cnn", SMALL.parameters, SMALL.fixed),
        SearchSpace("small", "mlp", SMALL.parameters[:-1], SMALL.fixed),
        SearchSpace("small", "mlp", SMALL.parameters, {"batch_size": 33}),
        SearchSpace("small", "mlp", SMALL.parameters, {"batch_size": 32.0}),
    ):
        assert changed.space_id != SMALL.space_id


@pytest.mark.parametrize("space", [SMALL, find_space("cnn"), find_space("mlp")])
def test_json_round_trip(space: SearchSpace) -> None:
    again = SearchSpace.from_json(space.to_json())
    assert again == space
    assert again.space_id == space.space_id
    assert hash(again) == hash(space)
    assert [p.per for p in again.parameters] == [p.per for p in space.parameters]


@pytest.mark.parametrize("key", ["name", "family", "parameters"])
def test_damaged_json_is_refused(key: str) -> None:
    content = json.loads(SMALL.to_json())
    with pytest.raises(ValueError, match="no search space"):
        SearchSpace.from_json(json.dumps({k: v for k, v in content.items() if k != key}))
    for wrong in ("[]", "3", "{", json.dumps(content | {"family": "x"})):
        with pytest.raises(ValueError, match=r".+"):
            SearchSpace.from_json(wrong)


def test_inconsistent_spaces_are_refused() -> None:
    first, *_ = SMALL.parameters
    with pytest.raises(ValueError, match="twice"):
        SearchSpace("x", "mlp", (first, first))
    with pytest.raises(ValueError, match="twice"):
        SearchSpace("x", "mlp", (first,), {"dense_layers": 1})
    with pytest.raises(ValueError, match="not a parameter before it"):
        SearchSpace("x", "mlp", (SMALL.parameters[2], first))


def test_size_counts_points() -> None:
    assert SMALL.size() == 4 * (1 + 49) * 7 * 2
    assert find_space("cnn").size() is None


@pytest.mark.parametrize("name", ["cnn", "mlp", "linear"])
def test_defaults_are_a_point_of_the_space(name: str) -> None:
    space = find_space(name)
    values = space.defaults()
    space.check(values)
    assert space.defaults() == values


def test_defaults_outside_the_ranges_come_as_near_as_they_can(tmp_path: Path) -> None:
    path = tmp_path / "far.toml"
    path.write_text(
        """
family = "mlp"
[parameters.dense_layers]
type = "int"
low = 5
high = 6
[parameters.units]
type = "choice"
choices = [700, 300]
[parameters.activation]
type = "choice"
choices = ["gelu", "tanh"]
[parameters.dense_dropout]
type = "float"
low = 0.3
high = 0.5
step = 0.1
[parameters.learning_rate]
type = "float"
low = 1e-4
high = 1e-2
log = true
"""
    )
    values = find_space(str(path)).defaults()
    assert values["dense_layers"] == 5
    assert values["units"] == 300
    assert values["activation"] == "gelu"
    assert values["dense_dropout"] == 0.3
    assert values["learning_rate"] == pytest.approx(1e-3)
