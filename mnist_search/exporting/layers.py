"""Specifications as the Keras expressions that build them."""

from __future__ import annotations

from typing import assert_never

from mnist_search.specs import (
    Activate,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    Initializer,
    Layer,
    Pool,
    Precision,
    Training,
)

CLASSES = 10


def layer_code(layer: Layer, precision: Precision) -> str:
    """Return the expression that makes a layer."""
    match layer:
        case Conv():
            arguments = [
                f"{layer.filters}",
                f"{layer.kernel}",
                f"strides={layer.stride}",
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
            if layer.l1 > 0 or layer.l2 > 0:
                penalty = f"keras.regularizers.L1L2(l1={layer.l1!r}, l2={layer.l2!r})"
                arguments.append(f"kernel_regularizer={penalty}")
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
    # Named as Keras' classes: `he-normal` is HeNormal.
    name = "".join(word.capitalize() for word in initializer.name.split("-"))
    arguments = ""
    if initializer.name == "random-normal":
        arguments = f"stddev={0.05 if initializer.stddev is None else initializer.stddev!r}"
    return f"keras.initializers.{name}({arguments})"


def optimizer_code(training: Training) -> str:
    """Return the expression that makes an optimizer; `total_steps` must be a name in scope."""
    optimizer = training.optimizer
    # Classes and fields are named as Keras' own.
    own = {name: value for name, value in optimizer if name not in ("name", "learning_rate")}
    arguments = [_rate_code(training), *(f"{name}={value!r}" for name, value in own.items())]
    if training.clip_norm is not None:
        arguments.append(f"global_clipnorm={training.clip_norm!r}")
    return f"keras.optimizers.{type(optimizer).__name__}({', '.join(arguments)})"


def _rate_code(training: Training) -> str:
    peak = training.optimizer.learning_rate
    match training.schedule:
        case "constant" | "reduce-on-plateau":
            return repr(peak)
        case "cosine":
            return f"keras.optimizers.schedules.CosineDecay({peak!r}, total_steps)"
        case "one-cycle":
            return f"OneCycle({peak!r}, total_steps)"
        case "warm-up-linear":
            return f"WarmUpLinear({peak!r}, total_steps, {training.warm_up_share!r})"
        case _:
            assert_never(training.schedule)
