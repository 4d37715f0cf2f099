"""Keras' optimizers, batch normalization and dropout in fewer passes through memory.

Keras writes a step of an optimizer, and a normalization, as some ten operations, each of which goes
through memory on its own; with a million weights, or with the feature maps of a convolution, that
is a good part of a training step. TensorFlow has kernels that do it in one. Variables, schedules
and arithmetic are Keras' own, results the same up to rounding; dropout draws other random numbers.
"""

from __future__ import annotations

from typing import Any

from mnist_search.training.backend import keras, tf


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
