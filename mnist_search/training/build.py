"""From specifications to what Keras trains: a model that answers logits, and its optimizer."""

from __future__ import annotations

import math
from typing import Any, Literal, assert_never

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
    Network,
    Pool,
    Precision,
    RMSprop,
    Training,
)
from mnist_search.specs.shapes import INPUT_SHAPE
from mnist_search.training.backend import keras
from mnist_search.training.fused import (
    FusedAdadelta,
    FusedAdam,
    FusedBatchNormalization,
    FusedDropout,
)

CLASSES = 10
ONE_CYCLE_SHARE = 0.3
FIRST_RATE_SHARE = 0.1


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
    match layer:
        case Conv():
            return keras.layers.Conv2D(
                layer.filters,
                layer.kernel,
                strides=layer.stride,
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
            kind = FusedBatchNormalization if fused else keras.layers.BatchNormalization
            return kind(dtype=policy)
        case Activate(activation=activation):
            return keras.layers.Activation(activation, dtype=policy)
        case Pool(function="max", size=size):
            return keras.layers.MaxPooling2D(size, dtype=policy)
        case Pool(size=size):
            return keras.layers.AveragePooling2D(size, dtype=policy)
        case Dropout(rate=rate):
            kind = FusedDropout if fused else keras.layers.Dropout
            return kind(rate, dtype=policy)
        case Flatten():
            return keras.layers.Flatten(dtype=policy)
        case _:
            assert_never(layer)


def _initializer(initializer: Initializer) -> keras.Initializer:
    if initializer.name == "random-normal":
        stddev = 0.05 if initializer.stddev is None else initializer.stddev
        return keras.initializers.RandomNormal(stddev=stddev)
    return keras.initializers.get(initializer.name.replace("-", "_"))


def make_optimizer(training: Training, total_steps: int) -> keras.Optimizer:
    """Make the optimizer of a run of `total_steps` steps; defaults are those of Keras 2."""
    # The other fields of a spec have the names that Keras gives them.
    arguments: dict[str, Any] = {
        **training.optimizer.model_dump(exclude={"name"}),
        "learning_rate": _rate(training, total_steps),
        "global_clipnorm": training.clip_norm,
    }
    match training.optimizer:
        case Adam() | AdamW():
            return FusedAdam(**arguments)
        case Nadam():
            return keras.optimizers.Nadam(**arguments)
        case RMSprop():
            return keras.optimizers.RMSprop(**arguments)
        case SGD():
            return keras.optimizers.SGD(**arguments)
        case Adadelta():
            return FusedAdadelta(**arguments)
        case _:
            assert_never(training.optimizer)


def _rate(
    training: Training, total_steps: int
) -> float | keras.optimizers.schedules.LearningRateSchedule:
    peak = training.optimizer.learning_rate
    match training.schedule:
        case "constant":
            return peak
        case "cosine":
            return keras.optimizers.schedules.CosineDecay(peak, total_steps)
        case "one-cycle":
            return WarmUp(peak, total_steps, ONE_CYCLE_SHARE, "cosine")
        case "warm-up-linear":
            return WarmUp(peak, total_steps, training.warm_up_share, "linear")
        case _:
            assert_never(training.schedule)


class WarmUp(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
    """Up to the peak along a line, then down to 0, over all the steps of a run.

    With w = round(share total) the rate at step s is peak (0.1 + 0.9 s / w) for s < w. Then it is
    peak (total - s) / (total - w), or peak / 2 (1 + cos(pi (s - w) / (total - w))), the one cycle
    of Smith & Topin, https://arxiv.org/abs/1708.07120, with a cosine for the way down.
    """

    def __init__(
        self, peak: float, total_steps: int, share: float, fall: Literal["linear", "cosine"]
    ) -> None:
        self.peak = peak
        self.total_steps = total_steps
        self.share = share
        self.fall = fall

    def __call__(self, step: Any) -> Any:
        """Return the rate at a step; both scalar tensors."""
        step = keras.ops.cast(step, "float32")
        warm_steps = round(self.share * self.total_steps)
        falling_steps = max(self.total_steps - warm_steps, 1)
        climb = FIRST_RATE_SHARE + (1 - FIRST_RATE_SHARE) * (step / max(warm_steps, 1))
        if self.fall == "linear":
            fall = keras.ops.maximum((self.total_steps - step) / falling_steps, 0.0)
        else:
            done = keras.ops.minimum((step - warm_steps) / falling_steps, 1.0)
            fall = (1 + keras.ops.cos(math.pi * done)) / 2
        # Not CosineDecay's warm-up: that is a branch in the graph, and AdamW asks for the rate
        # once per variable.
        return self.peak * keras.ops.where(step < warm_steps, climb, fall)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make this schedule."""
        return {
            "peak": self.peak,
            "total_steps": self.total_steps,
            "share": self.share,
            "fall": self.fall,
        }
