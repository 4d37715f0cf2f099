from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mnist_search.errors import SpaceError
from mnist_search.references import REFERENCES, Reference, get_reference
from mnist_search.spaces import FAMILIES, Family, Setting, Value, get_family
from mnist_search.specs import (
    SGD,
    Activate,
    Adadelta,
    Adam,
    AdamW,
    Augmentation,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    Initializer,
    LinearClassifier,
    ModelFamily,
    Nadam,
    Network,
    Pool,
    RunConfig,
    Training,
)

# No test may depend on the time that this machine leaves it.
CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def layers(config: RunConfig) -> tuple[object, ...]:
    assert isinstance(config.model, Network)
    return config.model.layers


def plainest(family: Family, config: RunConfig) -> dict[str, Value]:
    return next(family.readings(config))


def test_there_are_25_references() -> None:
    assert len(REFERENCES) == 25


@pytest.mark.parametrize("reference", REFERENCES, ids=lambda reference: reference.name)
def test_every_reference_is_a_point_of_its_family(reference: Reference) -> None:
    family, config = get_family(reference.family), reference.config
    built = family.build(plainest(family, config), epochs=config.training.epochs)
    training = config.training.model_copy(update={"train_images": None})
    assert built == RunConfig(model=config.model, training=training, protocol="held-out")


def test_references_read_as_a_person_would_say_them() -> None:
    plain = plainest(get_family("cnn"), get_reference("cnn-plain").config)
    assert {
        "blocks": 1,
        "convs_1": 2,
        "filters_1_1": 32,
        "filters_1_2": 64,
    }.items() <= plain.items()
    norm = plainest(get_family("cnn"), get_reference("cnn-bn-dropout").config)
    assert norm["conv_norm"] == norm["dense_norm"] == "after-activation"
    assert (norm["blocks"], norm["pool_1"], norm["pool_2"]) == (2, "none", "max")
    two = plainest(get_family("cnn"), get_reference("cnn-mnist-2").config)
    assert (two["conv_norm"], two["last_conv_bias"]) == ("before-head", False)
    assert (two["convs_1"], two["convs_2"], two["pool_2"]) == (2, 2, "none")


@pytest.mark.parametrize(
    ("norm", "expected"),
    [
        ("none", ("C", "P", "O", "C", "P", "O", "F")),
        ("before-activation", ("L", "B", "A", "P", "O", "L", "B", "A", "P", "O", "F")),
        ("after-activation", ("C", "B", "P", "O", "C", "B", "P", "O", "F")),
        ("after-pooling", ("C", "P", "B", "O", "C", "P", "B", "O", "F")),
        ("before-head", ("C", "P", "O", "C", "P", "B", "O", "F")),
    ],
)
def test_places_of_the_convolutional_norm(norm: str, expected: tuple[str, ...]) -> None:
    values: dict[str, Value] = {"conv_norm": norm, "conv_dropout": 0.1, "dense_layers": 0}
    assert tuple(map(letter, layers(get_family("cnn").build(values, 1)))) == expected


@pytest.mark.parametrize(
    ("norm", "expected"),
    [
        ("none", ("F", "D", "O", "D", "O")),
        ("before-activation", ("F", "L", "B", "A", "O", "L", "B", "A", "O")),
        ("after-activation", ("F", "D", "B", "O", "D", "B", "O")),
        ("before-head", ("F", "D", "O", "D", "B", "O")),
    ],
)
def test_places_of_the_dense_norm(norm: str, expected: tuple[str, ...]) -> None:
    values: dict[str, Value] = {"dense_norm": norm, "dense_dropout": 0.1}
    assert tuple(map(letter, layers(get_family("mlp").build(values, 1)))) == expected


def letter(layer: object) -> str:
    match layer:
        case Conv(activation="linear") | Dense(activation="linear"):
            return "L"
        case Conv():
            return "C"
        case Dense():
            return "D"
        case BatchNorm():
            return "B"
        case Activate():
            return "A"
        case Pool():
            return "P"
        case Dropout():
            return "O"
        case Flatten():
            return "F"
        case _:
            raise AssertionError(layer)


def test_defaults_are_the_documented_ones() -> None:
    assert layers(get_family("cnn").build({}, 1)) == (
        Conv(filters=32, kernel=3, padding="same"),
        Pool(),
        Conv(filters=32, kernel=3, padding="same"),
        Pool(),
        Flatten(),
        Dense(units=128),
    )
    assert layers(get_family("mlp").build({}, 1)) == (
        Flatten(),
        Dense(units=128),
        Dense(units=128),
    )
    assert get_family("linear").build({}, 4).model == LinearClassifier()
    training = get_family("cnn").build({}, 4).training
    assert (training.optimizer, training.batch_size, training.epochs) == (Adam(), 128, 4)


def test_most_specific_value_counts() -> None:
    values: dict[str, Value] = {
        "blocks": 3,
        "convs_2": 2,
        "filters": 8,
        "filters_2": 16,
        "filters_2_1": 24,
        "kernel_3": 5,
        "pool": "none",
        "pool_2": "average",
        "conv_dropout_3": 0.5,
    }
    built = layers(get_family("cnn").build(values, 1))
    convs = [(it.filters, it.kernel) for it in built if isinstance(it, Conv)]
    assert convs == [(8, 3), (24, 3), (16, 3), (8, 5)]
    assert [it for it in built if isinstance(it, Pool)] == [Pool(function="average")]
    assert [it for it in built if isinstance(it, Dropout)] == [Dropout(rate=0.5)]


def test_each_optimizer_takes_its_own_rate_and_extras() -> None:
    def optimizer(**values: Value) -> object:
        return get_family("mlp").build(values, 1).training.optimizer

    rates: dict[str, Value] = {"learning_rate": 0.5, "learning_rate_adam": 0.25}
    assert optimizer(optimizer="adam", **rates) == Adam(learning_rate=0.25)
    assert optimizer(optimizer="sgd", momentum=0.9, nesterov=True, **rates) == SGD(
        learning_rate=0.5, momentum=0.9, nesterov=True
    )
    assert optimizer(optimizer="adamw", weight_decay=0.1) == AdamW(weight_decay=0.1)
    assert optimizer(optimizer="adadelta", rho=0.9) == Adadelta(learning_rate=1.0, rho=0.9)


def test_adam_and_its_kin_take_their_moments() -> None:
    values: dict[str, Value] = {"beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-3}
    for name, optimizer in {"adam": Adam, "adamw": AdamW, "nadam": Nadam}.items():
        built = get_family("mlp").build({"optimizer": name, **values}, 1).training.optimizer
        assert built == optimizer(beta_1=0.8, beta_2=0.95, epsilon=1e-3)
    sgd = get_family("mlp").build({"optimizer": "sgd", **values}, 1).training.optimizer
    assert sgd == SGD()


def test_recipes_added_since_version_0_1_are_built() -> None:
    def training(**values: Value) -> Training:
        return get_family("mlp").build(values, 1).training

    assert training(label_smoothing=0.1).label_smoothing == 0.1
    assert (training(clip_norm=2.0).clip_norm, training(clip_norm=0.0).clip_norm) == (2.0, None)


def test_the_share_of_the_warm_up_is_built_for_the_schedule_that_has_one() -> None:
    family = get_family("cnn")
    warm = family.build({"schedule": "warm-up-linear", "warm_up_share": 0.4}, 1)
    assert warm.training.warm_up_share == 0.4
    assert plainest(family, warm)["warm_up_share"] == 0.4
    # Elsewhere it has no effect, and makes no other configuration.
    plain = family.build({"schedule": "cosine"}, 1)
    assert family.build({"schedule": "cosine", "warm_up_share": 0.4}, 1) == plain
    with pytest.raises(SpaceError) as caught:
        family.build({"warm_up_share": 1}, 1)
    assert caught.value.problems == ("warm_up_share: must be a finite number >= 0 and < 1, got 1",)


def test_strides_are_built_and_read_back() -> None:
    values: dict[str, Value] = {"stride_1": 2, "stride_2_1": 3, "convs_1": 2}
    config = get_family("cnn").build(values, 1)
    assert [it.stride for it in layers(config) if isinstance(it, Conv)] == [2, 2, 3]
    read = plainest(get_family("cnn"), config)
    assert [read[f"stride_{index}"] for index in ("1_1", "1_2", "2_1")] == [2, 2, 3]


def test_biases_of_all_convolutions_or_of_the_last_are_left_out_and_read_back() -> None:
    family = get_family("cnn")
    for values, biases in (
        ({}, [True, True]),
        ({"last_conv_bias": False}, [True, False]),
        ({"conv_bias": False}, [False, False]),
        ({"conv_bias": False, "last_conv_bias": False}, [False, False]),
    ):
        config = family.build(values, epochs=3)
        assert [layer.bias for layer in layers(config) if isinstance(layer, Conv)] == biases
        reading = plainest(family, config)
        assert (reading["conv_bias"], reading["last_conv_bias"]) == (any(biases), biases[-1])


@pytest.mark.parametrize("name", FAMILIES)
def test_a_trial_trains_its_own_epochs_but_never_more_than_the_search(name: ModelFamily) -> None:
    family = get_family(name)
    assert family.build({"epochs": 2}, epochs=3).training.epochs == 2
    assert family.build({"epochs": 4}, epochs=3).training.epochs == 3
    assert family.build({}, epochs=3).training.epochs == 3
    assert plainest(family, family.build({"epochs": 2}, epochs=3))["epochs"] == 2


def test_starts_and_augmentation_are_built() -> None:
    values: dict[str, Value] = {
        "blocks": 1,
        "initializer": "random-normal",
        "conv_init_stddev_1": 0.2,
        "dense_init_stddev": 0.3,
        "output_initializer": "random-normal",
        "output_stddev": 0.4,
        "last_conv_bias": False,
        "augmentation": True,
        "zoom": 0.2,
    }
    config = get_family("cnn").build(values, 1)
    conv, _, _, dense = layers(config)
    assert isinstance(conv, Conv)
    assert isinstance(dense, Dense)
    assert isinstance(config.model, Network)
    assert conv.initializer == Initializer(name="random-normal", stddev=0.2)
    assert not conv.bias
    assert dense.initializer == Initializer(name="random-normal", stddev=0.3)
    assert config.model.output_initializer == Initializer(name="random-normal", stddev=0.4)
    assert config.training.augmentation == Augmentation(zoom=0.2)


@pytest.mark.parametrize(
    "values",
    [
        {"dense_dropout": 1.5},
        {"dense_dropout": "0.5"},
        {"activation": "rellu"},
        {"activation": "linear"},
        {"batch_size": True},
        {"learning_rate": float("nan")},
        {"learning_rate": float("inf")},
        {"learning_rate_lion": 0.1},
        {"units_0": 5},
        {"units_01": 5},
        {"units_1_1": 5},
        {"dense_norm_1": "none"},
        {"filters": 5},
    ],
)
def test_wrong_values_are_refused(values: dict[str, Value]) -> None:
    with pytest.raises(SpaceError):
        get_family("mlp").build(values, 1)


def test_model_of_another_family_has_no_values() -> None:
    assert list(get_family("mlp").readings(get_reference("cnn-plain").config)) == []
    assert list(get_family("linear").readings(get_reference("dnn").config)) == []
    assert list(get_family("cnn").readings(get_reference("logistic").config)) == []


def all_settings() -> list[Setting]:
    return [it for name in FAMILIES for it in get_family(name).settings.values()]


@pytest.mark.parametrize("setting", all_settings(), ids=lambda setting: setting.name)
def test_defaults_keep_their_own_rule(setting: Setting) -> None:
    if setting.name == "learning_rate":
        assert setting.default is None
    else:
        assert setting.problem(setting.default) is None
        assert type(setting.read(setting.default)) is type(setting.default)


@CALM
@given(st.sampled_from(all_settings()), st.one_of(st.none(), st.integers(), st.floats(), st.text()))
def test_a_value_is_read_or_has_a_problem(setting: Setting, raw: object) -> None:
    value, problem = setting.read(raw), setting.problem(raw)
    assert (value is None) != (problem is None)
    if problem is not None:
        nouns = {"bool": "true or false", "int": "a whole number", "float": "a finite number"}
        assert problem.startswith(f"must be {nouns.get(setting.kind, 'one of')}")
        allowed = (*setting.choices, *(f"{sign} {number:g}" for sign, number in setting.bounds))
        assert all(each in problem for each in allowed)
        assert problem.isprintable()
