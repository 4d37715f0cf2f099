"""Shapes and parameters beside those that Keras counts."""

from __future__ import annotations

import math
from typing import Any, NamedTuple, assert_never

import pytest
from hypothesis import given, settings

from mnist_search.references import REFERENCES
from mnist_search.specs import (
    Activate,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    Layer,
    Network,
    Pool,
)
from mnist_search.specs.models import Padding
from mnist_search.specs.shapes import UnbuildableError, measure
from tests.specs.stacks import NETWORKS


class KerasSize(NamedTuple):
    """What Keras says of a network: per layer, and the sum of the trainable parameters."""

    output_shapes: list[tuple[int, ...]]
    parameters: list[int]
    trainable_parameters: int


def keras_size(network: Network) -> KerasSize:
    """Build `network` with Keras itself and read its sizes off it."""
    import keras

    keras.backend.clear_session()
    model = keras.Sequential([keras.Input((28, 28, 1))])
    for layer in network.layers:
        model.add(keras_layer(layer))
    model.add(keras.layers.Dense(10, activation="softmax"))
    return KerasSize(
        output_shapes=[tuple(layer.output.shape[1:]) for layer in model.layers],
        parameters=[layer.count_params() for layer in model.layers],
        trainable_parameters=sum(math.prod(weight.shape) for weight in model.trainable_weights),
    )


def keras_layer(layer: Layer) -> Any:
    from keras import layers

    match layer:
        case Conv(filters=filters, kernel=kernel):
            return layers.Conv2D(
                filters,
                kernel,
                strides=layer.stride,
                padding=layer.padding,
                activation=layer.activation,
                use_bias=layer.bias,
            )
        case Dense(units=units):
            return layers.Dense(units, activation=layer.activation, use_bias=layer.bias)
        case BatchNorm():
            return layers.BatchNormalization()
        case Activate(activation=activation):
            return layers.Activation(activation)
        case Pool(function=function, size=size):
            pooling = {"max": layers.MaxPooling2D, "average": layers.AveragePooling2D}
            return pooling[function](size)
        case Dropout(rate=rate):
            return layers.Dropout(rate)
        case Flatten():
            return layers.Flatten()
        case _:
            assert_never(layer)


def our_size(network: Network) -> KerasSize:
    size = measure(network)
    return KerasSize(
        output_shapes=[layer.output_shape for layer in size.layers],
        parameters=[layer.parameters for layer in size.layers],
        trainable_parameters=size.trainable_parameters,
    )


@pytest.mark.slow
def test_sizes_of_the_references_are_those_of_keras() -> None:
    networks = [
        reference.config.model
        for reference in REFERENCES
        if isinstance(reference.config.model, Network)
    ]
    assert len(networks) == 22
    for network in networks:
        assert our_size(network) == keras_size(network)


@pytest.mark.slow
@settings(max_examples=20, derandomize=True, deadline=None, database=None)
@given(network=NETWORKS)
def test_random_networks_are_measured_as_by_keras(network: Network) -> None:
    try:
        ours = our_size(network)
    except UnbuildableError:
        with pytest.raises(ValueError, match="zero or negative"):
            keras_size(network)
    else:
        assert ours == keras_size(network)


@pytest.mark.slow
@pytest.mark.parametrize("padding", ["same", "valid"])
def test_every_stride_is_measured_as_by_keras(padding: Padding) -> None:
    for stride in (*range(1, 8), 14, 27, 28):
        for kernel in (1, 2, 5, 28):
            conv = Conv(filters=2, kernel=kernel, padding=padding, stride=stride)
            network = Network(layers=(conv, Flatten()))
            assert our_size(network) == keras_size(network)


@pytest.mark.slow
@pytest.mark.parametrize(
    "shrinking",
    [
        (Conv(filters=2, kernel=27), Conv(filters=2, kernel=3)),
        (Pool(size=14), Pool(size=3)),
        (Conv(filters=2, kernel=28), Pool(function="average")),
        (Conv(filters=2, kernel=3, stride=14), Conv(filters=2, kernel=3)),
    ],
)
def test_keras_refuses_what_is_unbuildable(shrinking: tuple[Layer, ...]) -> None:
    network = Network(layers=(*shrinking, Flatten()))
    with pytest.raises(UnbuildableError, match="layer 2"):
        measure(network)
    with pytest.raises(ValueError, match="zero or negative"):
        keras_size(network)
    keras_size(Network(layers=(shrinking[0], Flatten())))
