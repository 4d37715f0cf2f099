"""From specifications to what Keras trains: a model that answers logits, and its optimizer."""

from __future__ import annotations

import math
from typing import Any, assert_never

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
from mnist_search.training import fused as fused_kinds
from mnist_search.training.backend import keras

CLASSES = 10
WARM_UP_SHARE = 0.3
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
    fast = fused_kinds if fused else keras.layers
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


def make_optimizer(training: Training, total_steps: int) -> keras.Optimizer:
    """Make the optimizer of a run of `total_steps` steps; defaults are those of Keras 2."""
    optimizer = training.optimizer
    rate = _rate(training, total_steps)
    common: dict[str, Any] = {"learning_rate": rate, "global_clipnorm": training.clip_norm}
    match optimizer:
        case Adam():
            return fused_kinds.Adam(**common, **_moments(optimizer))
        case AdamW(weight_decay=weight_decay):
            return fused_kinds.AdamW(**common, **_moments(optimizer), weight_decay=weight_decay)
        case Nadam():
            return keras.optimizers.Nadam(**common, **_moments(optimizer))
        case RMSprop():
            return keras.optimizers.RMSprop(**common)
        case SGD(momentum=momentum, nesterov=nesterov):
            return keras.optimizers.SGD(**common, momentum=momentum, nesterov=nesterov)
        case Adadelta(rho=rho):
            return fused_kinds.Adadelta(**common, rho=rho)
        case _:
            assert_never(optimizer)


def _moments(optimizer: Adam | AdamW | Nadam) -> dict[str, float]:
    return {
        "beta_1": optimizer.beta_1,
        "beta_2": optimizer.beta_2,
        "epsilon": optimizer.epsilon,
    }


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
            return OneCycle(peak, total_steps)
        case "warm-up-linear":
            return WarmUpLinear(peak, total_steps, training.warm_up_share)
        case _:
            assert_never(training.schedule)


class OneCycle(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
    """Up once, down once, over all the steps of a run.

    With w = round(0.3 total) the rate at step s is peak (0.1 + 0.9 s / w) for s < w, then
    peak / 2 (1 + cos(pi (s - w) / (total - w))): 0 at s = total. After Smith & Topin,
    https://arxiv.org/abs/1708.07120, with a cosine for the way down.
    """

    def __init__(self, peak: float, total_steps: int) -> None:
        self.peak = peak
        self.total_steps = total_steps
        self.warm_steps = round(WARM_UP_SHARE * total_steps)

    def __call__(self, step: Any) -> Any:
        """Return the rate at a step; both scalar tensors."""
        step = keras.ops.cast(step, "float32")
        climb = step / max(self.warm_steps, 1)
        fall = (step - self.warm_steps) / max(self.total_steps - self.warm_steps, 1)
        # Not CosineDecay's warm-up: that is a branch in the graph, and AdamW asks for the rate
        # once per variable.
        return self.peak * keras.ops.where(
            step < self.warm_steps,
            FIRST_RATE_SHARE + (1 - FIRST_RATE_SHARE) * climb,
            (1 + keras.ops.cos(math.pi * keras.ops.minimum(fall, 1.0))) / 2,
        )

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make this schedule."""
        return {"peak": self.peak, "total_steps": self.total_steps}


class WarmUpLinear(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
    """Up to the peak and down to 0, both along a line, over all the steps of a run.

    With w = round(share total) the rate at step s is peak (0.1 + 0.9 s / w) for s < w, then
    peak (total - s) / (total - w).
    """

    def __init__(self, peak: float, total_steps: int, share: float) -> None:
        self.peak = peak
        self.total_steps = total_steps
        self.share = share
        self.warm_steps = round(share * total_steps)

    def __call__(self, step: Any) -> Any:
        """Return the rate at a step; both scalar tensors."""
        step = keras.ops.cast(step, "float32")
        climb = step / max(self.warm_steps, 1)
        left = (self.total_steps - step) / max(self.total_steps - self.warm_steps, 1)
        return self.peak * keras.ops.where(
            step < self.warm_steps,
            FIRST_RATE_SHARE + (1 - FIRST_RATE_SHARE) * climb,
            keras.ops.maximum(left, 0.0),
        )

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make this schedule."""
        return {"peak": self.peak, "total_steps": self.total_steps, "share": self.share}
