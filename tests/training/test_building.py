"""From specifications to Keras models."""

from __future__ import annotations

import numpy as np
import pytest

from mnist_search.specs import (
    Activate,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    Initializer,
    Network,
    Pool,
)
from mnist_search.specs.shapes import measure

pytestmark = pytest.mark.slow

EVERYTHING = Network(
    layers=(
        Conv(filters=4, kernel=3, padding="same", activation="linear"),
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
    from mnist_search.training.building import build_model

    return build_model(network, precision)


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
    assert model.layers[5].pool_size == (3, 3)
    assert model.layers[6].rate == 0.25
    assert [model.layers[n].activation.__name__ for n in (0, 4, 8, 10)] == [
        "linear",
        "sigmoid",
        "gelu",
        "selu",
    ]


def test_sizes_agree_with_the_measurement_without_keras():
    model, size = build(EVERYTHING), measure(EVERYTHING)
    assert model.count_params() == size.parameters
    trainable = sum(int(np.prod(v.shape)) for v in model.trainable_variables)
    assert trainable == size.trainable_parameters
    shapes = [layer.output.shape[1:] for layer in model.layers]
    assert shapes == [layer.output_shape for layer in size.layers]


def test_it_answers_logits():
    model = build(Network(layers=(Flatten(), Dense(units=3))))
    assert model.layers[-1].activation.__name__ == "linear"
    answer = model(np.zeros((2, 28, 28, 1), np.float32))
    assert answer.shape == (2, 10)


def test_bfloat16_is_for_hidden_layers_and_leaves_the_process_alone():
    import keras

    before = keras.config.dtype_policy().name
    model = build(EVERYTHING, "bfloat16")
    assert keras.config.dtype_policy().name == before == "float32"
    assert {layer.compute_dtype for layer in model.layers[:-1]} == {"bfloat16"}
    assert {variable.dtype for variable in model.trainable_variables} == {"float32"}
    assert model.layers[-1].compute_dtype == "float32"
    assert str(model(np.zeros((1, 28, 28, 1), np.float32)).dtype.name) == "float32"


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
