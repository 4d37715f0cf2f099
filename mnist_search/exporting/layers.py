"""Specifications as the Keras expressions that build them."""

from __future__ import annotations

from typing import assert_never

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
    Layer,
    Nadam,
    Optimizer,
    Pool,
    Precision,
    RMSprop,
)
from mnist_search.specs.training import Schedule

CLASSES = 10


def layer_code(layer: Layer, precision: Precision) -> str:
    """Return the expression that makes a layer."""
    match layer:
        case Conv():
            arguments = [
                f"{layer.filters}",
                f"{layer.kernel}",
                f'padding="{layer.padding}"',
                f'activation="{layer.activation}"',
                f"use_bias={layer.bias}",
                f"kernel_initializer={initializer_code(layer.initializer)}",
            ]
            name = "Conv2D"
        case Dense():
            arguments = [
                f"{layer.units}",
                f'activation="{layer.activation}"',
                f"use_bias={layer.bias}",
                f"kernel_initializer={initializer_code(layer.initializer)}",
            ]
            name = "Dense"
        case BatchNorm():
            name, arguments = "BatchNormalization", []
        case Activate(activation=activation):
            name, arguments = "Activation", [f'"{activation}"']
        case Pool(function="max", size=size):
            name, arguments = "MaxPooling2D", [f"{size}"]
        case Pool(size=size):
            name, arguments = "AveragePooling2D", [f"{size}"]
        case Dropout(rate=rate):
            name, arguments = "Dropout", [f"{rate!r}"]
        case Flatten():
            name, arguments = "Flatten", []
        case _:
            assert_never(layer)
    if precision == "bfloat16":
        arguments.append('dtype="mixed_bfloat16"')
    return f"keras.layers.{name}({', '.join(arguments)})"


def output_code(initializer: Initializer) -> str:
    """Return the expression of the output layer, which answers logits in float32."""
    start = initializer_code(initializer)
    return f'keras.layers.Dense({CLASSES}, kernel_initializer={start}, dtype="float32")'


def initializer_code(initializer: Initializer) -> str:
    """Return the expression that makes an initializer."""
    match initializer.name:
        case "glorot-uniform":
            name = "GlorotUniform()"
        case "glorot-normal":
            name = "GlorotNormal()"
        case "he-uniform":
            name = "HeUniform()"
        case "he-normal":
            name = "HeNormal()"
        case "lecun-normal":
            name = "LecunNormal()"
        case "random-normal":
            stddev = 0.05 if initializer.stddev is None else initializer.stddev
            name = f"RandomNormal(stddev={stddev!r})"
        case _:
            assert_never(initializer.name)
    return f"keras.initializers.{name}"


def optimizer_code(optimizer: Optimizer, schedule: Schedule) -> str:
    """Return the expression that makes an optimizer; `total_steps` must be a name in scope."""
    rate = _rate_code(optimizer.learning_rate, schedule)
    match optimizer:
        case Adam():
            name, more = "Adam", ""
        case AdamW(weight_decay=weight_decay):
            name, more = "AdamW", f", weight_decay={weight_decay!r}"
        case Nadam():
            name, more = "Nadam", ""
        case RMSprop():
            name, more = "RMSprop", ""
        case SGD(momentum=momentum, nesterov=nesterov):
            name, more = "SGD", f", momentum={momentum!r}, nesterov={nesterov}"
        case Adadelta(rho=rho):
            name, more = "Adadelta", f", rho={rho!r}"
        case _:
            assert_never(optimizer)
    return f"keras.optimizers.{name}({rate}{more})"


def _rate_code(peak: float, schedule: Schedule) -> str:
    match schedule:
        case "constant":
            return repr(peak)
        case "cosine":
            return f"keras.optimizers.schedules.CosineDecay({peak!r}, total_steps)"
        case "one-cycle":
            return f"OneCycle({peak!r}, total_steps)"
        case _:
            assert_never(schedule)
