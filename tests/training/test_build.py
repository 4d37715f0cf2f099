"""From specifications to Keras: networks, optimizers, schedules."""

from __future__ import annotations

import math

import numpy as np
import pytest

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
    Flatten,
    Initializer,
    Nadam,
    Network,
    Pool,
    RMSprop,
    Training,
)
from mnist_search.specs.shapes import measure

slow = pytest.mark.slow

EVERYTHING = Network(
    layers=(
        Conv(filters=4, kernel=3, padding="same", activation="linear", stride=2),
        BatchNorm(),
        Activate(activation="relu"),
        Pool(),
        Conv(filters=3, kernel=5, bias=False, activation="sigmoid"),
        Pool(function="average", size=3),
        Dropout(rate=0.25),
        Flatten(),
        Dense(units=7, activation="gelu"),
        BatchNorm(),
        Dense(units=6, activation="selu", bias=False),
    )
)


def build(network, precision="float32"):
    from mnist_search.training.build import build_model

    return build_model(network, precision)


@slow
def test_every_layer_becomes_what_it_says():
    model = build(EVERYTHING)
    names = [type(layer).__name__ for layer in model.layers]
    assert names == [
        "Conv2D",
        "BatchNormalization",
        "Activation",
        "MaxPooling2D",
        "Conv2D",
        "AveragePooling2D",
        "Dropout",
        "Flatten",
        "Dense",
        "BatchNormalization",
        "Dense",
        "Dense",
    ]
    assert model.layers[0].padding == "same"
    assert model.layers[4].padding == "valid"
    assert (model.layers[0].strides, model.layers[4].strides) == ((2, 2), (1, 1))
    assert model.layers[5].pool_size == (3, 3)
    assert model.layers[6].rate == 0.25
    assert [model.layers[n].activation.__name__ for n in (0, 4, 8, 10)] == [
        "linear",
        "sigmoid",
        "gelu",
        "selu",
    ]


@slow
def test_sizes_agree_with_the_measurement_without_keras():
    model, size = build(EVERYTHING), measure(EVERYTHING)
    assert model.count_params() == size.parameters
    trainable = sum(int(np.prod(v.shape)) for v in model.trainable_variables)
    assert trainable == size.trainable_parameters
    shapes = [layer.output.shape[1:] for layer in model.layers]
    assert shapes == [layer.output_shape for layer in size.layers]


@slow
def test_it_answers_logits():
    model = build(Network(layers=(Flatten(), Dense(units=3))))
    assert model.layers[-1].activation.__name__ == "linear"
    answer = model(np.zeros((2, 28, 28, 1), np.float32))
    assert answer.shape == (2, 10)


@slow
def test_bfloat16_is_for_hidden_layers_and_leaves_the_process_alone():
    import keras

    before = keras.config.dtype_policy().name
    model = build(EVERYTHING, "bfloat16")
    assert keras.config.dtype_policy().name == before == "float32"
    assert {layer.compute_dtype for layer in model.layers[:-1]} == {"bfloat16"}
    assert {variable.dtype for variable in model.trainable_variables} == {"float32"}
    assert model.layers[-1].compute_dtype == "float32"
    assert str(model(np.zeros((1, 28, 28, 1), np.float32)).dtype.name) == "float32"


@slow
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("glorot-uniform", (2 / 1284) ** 0.5),
        ("glorot-normal", (2 / 1284) ** 0.5),
        ("he-uniform", (2 / 784) ** 0.5),
        ("he-normal", (2 / 784) ** 0.5),
        ("lecun-normal", (1 / 784) ** 0.5),
        ("random-normal", 0.05),
    ],
)
def test_kernels_start_with_the_spread_of_their_initializer(name, expected):
    start = Initializer(name=name)
    model = build(Network(layers=(Flatten(), Dense(units=500, initializer=start))))
    kernel = model.layers[1].get_weights()[0]
    assert kernel.std() == pytest.approx(expected, rel=0.02)
    largest = np.abs(kernel).max() / expected
    # uniform numbers end at sqrt(3) standard deviations
    assert bool(largest < 1.74) is name.endswith("uniform")


@slow
def test_a_given_spread_is_used_in_hidden_and_output_layers():
    start = Initializer(name="random-normal", stddev=0.3)
    model = build(
        Network(
            layers=(Flatten(), Dense(units=300, initializer=start)),
            output_initializer=start,
        )
    )
    for layer in model.layers[1:]:
        assert layer.get_weights()[0].std() == pytest.approx(0.3, rel=0.05)


def make(spec, schedule="constant", total_steps=100, **changes):
    from mnist_search.training.build import make_optimizer

    recipe = {"optimizer": spec, "schedule": schedule, "batch_size": 1, "epochs": 1}
    return make_optimizer(Training(**recipe | changes), total_steps)


def rates(schedule, total_steps, peak=0.5, **changes):
    optimizer = make(Adam(learning_rate=peak), schedule, total_steps, **changes)
    values = []
    for step in range(total_steps + 1):
        optimizer.iterations.assign(step)
        values.append(float(optimizer.learning_rate))
    return values


@slow
@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (Adam(), {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7, "weight_decay": None}),
        (AdamW(weight_decay=0.1), {"weight_decay": 0.1}),
        (AdamW(weight_decay=0.0), {"weight_decay": 0.0}),
        (Adam(beta_1=0.8, beta_2=0.95, epsilon=1e-5), {"beta_1": 0.8, "beta_2": 0.95}),
        (AdamW(epsilon=1e-5), {"beta_2": 0.999, "epsilon": 1e-5}),
        (Nadam(), {"beta_1": 0.9}),
        (Nadam(beta_1=0.7, epsilon=1e-6), {"beta_1": 0.7, "epsilon": 1e-6}),
        (RMSprop(), {"rho": 0.9, "momentum": 0.0}),
        (SGD(momentum=0.9, nesterov=True), {"momentum": 0.9, "nesterov": True}),
        (Adadelta(), {"rho": 0.95, "epsilon": 1e-7}),
    ],
)
def test_the_specification_reaches_keras(spec, expected):
    import keras

    optimizer = make(spec)
    # Keras' Adam with a weight decay is its AdamW.
    kind = "Adam" if isinstance(spec, AdamW) else type(spec).__name__
    assert isinstance(optimizer, getattr(keras.optimizers, kind))
    config = optimizer.get_config()
    assert config["learning_rate"] == pytest.approx(spec.learning_rate)
    assert {name: config[name] for name in expected} == expected
    assert config["global_clipnorm"] is None
    assert make(spec, clip_norm=0.5).get_config()["global_clipnorm"] == 0.5


@slow
def test_cosine_falls_to_nothing_over_all_steps():
    values = rates("cosine", 10)
    assert values == pytest.approx([0.25 * (1 + math.cos(math.pi * k / 10)) for k in range(11)])


@slow
def test_one_cycle_climbs_for_three_tenths_and_falls_to_nothing():
    values = rates("one-cycle", 20)
    assert values[0] == pytest.approx(0.05)
    assert values[:7] == pytest.approx([0.05 + 0.45 * step / 6 for step in range(7)])
    assert max(values) == values[6] == pytest.approx(0.5)
    assert values[13] == pytest.approx(0.25)
    assert values[6:] == sorted(values[6:], reverse=True)
    assert values[20] == pytest.approx(0.0, abs=1e-7)


@slow
def test_warm_up_linear_climbs_for_its_share_and_falls_to_nothing():
    values = rates("warm-up-linear", 20, warm_up_share=0.3)
    assert values[:7] == pytest.approx([0.05 + 0.45 * step / 6 for step in range(7)])
    assert values[6:] == pytest.approx([0.5 * (20 - step) / 14 for step in range(6, 21)])
    assert rates("warm-up-linear", 4, warm_up_share=0.0) == pytest.approx(
        [0.5, 0.375, 0.25, 0.125, 0.0]
    )


@slow
@pytest.mark.parametrize("schedule", ["one-cycle", "warm-up-linear"])
@pytest.mark.parametrize("total_steps", [1, 2, 3])
def test_a_run_can_be_very_short(schedule, total_steps):
    assert all(0 <= value <= 0.5 for value in rates(schedule, total_steps))
