"""From the specification of a network to a Keras model that answers logits."""

from __future__ import annotations

from typing import assert_never

import keras

from mnist_search.specs import (
    Activate,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    Initializer,
    Layer,
    Network,
    Pool,
    Precision,
)
from mnist_search.specs.shapes import INPUT_SHAPE
from mnist_search.training import fused as fused_layers

CLASSES = 10


def build_model(network: Network, precision: Precision, *, fused: bool = False) -> keras.Model:
    """Build a model from images (n, 28, 28, 1) in 0..1 to logits (n, 10) in float32.

    With bfloat16 the hidden layers compute in it and keep their variables in float32. The policy
    is given to each layer, so the process is left as it was. Without `fused` all layers are Keras'
    own, as a file needs that is read without this package; with it, some are faster ones with the
    same variables and answers.
    """
    policy = keras.DTypePolicy("mixed_bfloat16" if precision == "bfloat16" else "float32")
    return keras.Sequential(
        [
            keras.Input(INPUT_SHAPE),
            *(_layer(layer, policy, fused=fused) for layer in network.layers),
            keras.layers.Dense(
                CLASSES,
                kernel_initializer=_initializer(network.output_initializer),
                dtype="float32",
            ),
        ]
    )


def _layer(layer: Layer, policy: keras.DTypePolicy, *, fused: bool) -> keras.Layer:
    fast = fused_layers if fused else keras.layers
    match layer:
        case Conv():
            return keras.layers.Conv2D(
                layer.filters,
                layer.kernel,
                padding=layer.padding,
                activation=layer.activation,
                use_bias=layer.bias,
                kernel_initializer=_initializer(layer.initializer),
                dtype=policy,
            )
        case Dense():
            return keras.layers.Dense(
                layer.units,
                activation=layer.activation,
                use_bias=layer.bias,
                kernel_initializer=_initializer(layer.initializer),
                dtype=policy,
            )
        case BatchNorm():
            return fast.BatchNormalization(dtype=policy)
        case Activate(activation=activation):
            return keras.layers.Activation(activation, dtype=policy)
        case Pool(function="max", size=size):
            return keras.layers.MaxPooling2D(size, dtype=policy)
        case Pool(size=size):
            return keras.layers.AveragePooling2D(size, dtype=policy)
        case Dropout(rate=rate):
            return fast.Dropout(rate, dtype=policy)
        case Flatten():
            return keras.layers.Flatten(dtype=policy)
        case _:
            assert_never(layer)


def _initializer(initializer: Initializer) -> keras.Initializer:
    match initializer.name:
        case "glorot-uniform":
            return keras.initializers.GlorotUniform()
        case "glorot-normal":
            return keras.initializers.GlorotNormal()
        case "he-uniform":
            return keras.initializers.HeUniform()
        case "he-normal":
            return keras.initializers.HeNormal()
        case "lecun-normal":
            return keras.initializers.LecunNormal()
        case "random-normal":
            stddev = 0.05 if initializer.stddev is None else initializer.stddev
            return keras.initializers.RandomNormal(stddev=stddev)
        case _:
            assert_never(initializer.name)
