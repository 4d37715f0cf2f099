"""Keras' optimizers with TensorFlow's own kernels for their step: one pass over each variable.

Keras writes a step as some ten operations, each of which goes through memory on its own; with a
million weights that is a good part of a training step. Variables, schedules and arithmetic are
Keras' own, results the same up to rounding.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


class _AdamStep:
    def update_step(self: Any, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Take a step of Adam; its schedule and weight decay are seen to elsewhere."""
        place = self._get_variable_index(variable)
        step = tf.cast(self.iterations.value + 1, variable.dtype)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[place].value.handle,
            v=self._velocities[place].value.handle,
            beta1_power=tf.pow(tf.cast(self.beta_1, variable.dtype), step),
            beta2_power=tf.pow(tf.cast(self.beta_2, variable.dtype), step),
            lr=tf.cast(learning_rate, variable.dtype),
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=tf.cast(gradient, variable.dtype),
        )


class Adam(_AdamStep, keras.optimizers.Adam):  # type: ignore[misc]
    """Adam."""


class AdamW(_AdamStep, keras.optimizers.AdamW):  # type: ignore[misc]
    """Adam with decoupled weight decay."""


class Adadelta(keras.optimizers.Adadelta):  # type: ignore[misc]
    """Adadelta."""

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Take a step of Adadelta."""
        place = self._get_variable_index(variable)
        tf.raw_ops.ResourceApplyAdadelta(
            var=variable.handle,
            accum=self._accumulated_grads[place].value.handle,
            accum_update=self._accumulated_delta_vars[place].value.handle,
            lr=tf.cast(learning_rate, variable.dtype),
            rho=self.rho,
            epsilon=self.epsilon,
            grad=tf.cast(gradient, variable.dtype),
        )
