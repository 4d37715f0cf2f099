"""From specifications to what Keras trains: a model that answers logits, and its optimizer.

Keras' optimizers, batch normalization and dropout in fewer passes through memory stand at the end.
Keras writes a step of an optimizer, and a normalization, as some ten operations, each of which goes
through memory on its own; with a million weights, or with the feature maps of a convolution, that
is a good part of a training step. TensorFlow has kernels that do it in one. Variables, schedules
and arithmetic are Keras' own, results the same up to rounding; dropout draws other random numbers.
"""

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
from mnist_search.training.backend import keras, tf

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
                kernel_regularizer=keras.regularizers.L1L2(l1=layer.l1, l2=layer.l2)
                if layer.l1 > 0 or layer.l2 > 0
                else None,
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
        case "constant" | "reduce-on-plateau":
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


class _Slots:
    """Keeps what Keras makes for each variable where a step finds it."""

    def add_optimizer_variables(
        self: Any, trainable_variables: Any, name: Any, initializer: Any = "zeros"
    ) -> Any:
        """Make the optimizer's variables, a list for each name."""
        made = super().add_optimizer_variables(trainable_variables, name, initializer)  # type: ignore[misc]
        self.slots = {
            variable.value.ref(): slots
            for variable, *slots in zip(trainable_variables, *made, strict=True)
        }
        return made


class FusedAdam(_Slots, keras.optimizers.Adam):  # type: ignore[misc]
    """Adam; with a weight decay, which Keras applies before the step, AdamW."""

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Take a step of Adam."""
        momentum, velocity = self.slots[variable.ref()]
        step = tf.cast(self.iterations.value + 1, variable.dtype)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=momentum.value.handle,
            v=velocity.value.handle,
            beta1_power=tf.pow(tf.cast(self.beta_1, variable.dtype), step),
            beta2_power=tf.pow(tf.cast(self.beta_2, variable.dtype), step),
            lr=tf.cast(learning_rate, variable.dtype),
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=tf.cast(gradient, variable.dtype),
        )


class FusedAdadelta(_Slots, keras.optimizers.Adadelta):  # type: ignore[misc]
    """Adadelta."""

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Take a step of Adadelta."""
        gradients, updates = self.slots[variable.ref()]
        tf.raw_ops.ResourceApplyAdadelta(
            var=variable.handle,
            accum=gradients.value.handle,
            accum_update=updates.value.handle,
            lr=tf.cast(learning_rate, variable.dtype),
            rho=self.rho,
            epsilon=self.epsilon,
            grad=tf.cast(gradient, variable.dtype),
        )


class FusedBatchNormalization(keras.layers.BatchNormalization):  # type: ignore[misc]
    """Batch normalization over the channels, the last axis.

    A step of four convolutions of 16 and 32 filters with norms takes 0.75 of the time with it in
    float32, 0.6 in bfloat16 (one thread, batch 128). The kernel takes bfloat16 as it comes and
    computes in float32.
    """

    # With other numbers of channels the kernel has no vectors, and is up to 1.4 times slower.
    _CHANNELS = 8

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Normalize feature maps (n, rows, columns, channels); leave other shapes to Keras."""
        # The kernel is no faster with rows (n, units), and four times slower in bfloat16.
        if len(inputs.shape) != 4 or inputs.shape[-1] % self._CHANNELS != 0:
            return super().call(inputs, training=training, mask=mask)
        unknown = tf.constant([], tf.float32)
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=self.gamma.value,
            offset=self.beta.value,
            mean=unknown if training else self.moving_mean.value,
            variance=unknown if training else self.moving_variance.value,
            epsilon=self.epsilon,
            is_training=bool(training),
        )
        if training:
            # The kernel divides by n - 1 what Keras 3 divides by n.
            count = tf.cast(tf.size(inputs) // inputs.shape[-1], tf.float32)
            self._move(self.moving_mean, mean)
            self._move(self.moving_variance, variance * ((count - 1.0) / count))
        return outputs

    def _move(self, average: keras.Variable, value: Any) -> None:
        average.assign(average * self.momentum + value * (1.0 - self.momentum))


class FusedDropout(keras.layers.Dropout):  # type: ignore[misc]
    """Dropout that draws 16 random bits for each value, where Keras draws a float of 32.

    Forward and back through a mask take half of the time with it (one thread, 128 feature maps of
    14 x 14 x 32). The rate is met to 1 / 65,536.
    """

    _LEVELS = 2**16

    def call(self, inputs: Any, training: bool | None = False) -> Any:
        """Drop values of any shape and float type while training."""
        dropped = round(self.rate * self._LEVELS)
        if not training or not 0 < dropped < self._LEVELS:
            return super().call(inputs, training=training)
        count = tf.size(inputs)
        pairs = tf.random.stateless_uniform(
            [(count + 1) // 2],
            self.seed_generator.next(),
            minval=None,
            maxval=None,
            dtype=tf.int32,
        )
        drawn = tf.reshape(tf.bitcast(pairs, tf.int16), [-1])[:count]
        kept = drawn >= tf.constant(dropped - self._LEVELS // 2, tf.int16)
        # A product with the mask, as selecting by it would take a pass more.
        factors = tf.cast(kept, inputs.dtype) * tf.cast(1.0 / (1.0 - self.rate), inputs.dtype)
        return inputs * tf.reshape(factors, tf.shape(inputs))
