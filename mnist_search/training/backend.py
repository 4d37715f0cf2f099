"""Keras and TensorFlow, with the same settings whatever the user's own are.

The other modules of the room take both from here, so that none of them meets other settings.
"""

from __future__ import annotations

import os

from mnist_search.errors import UsageError

# Keras reads this, and then ~/.keras/keras.json, when it is imported.
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import tensorflow as tf

__all__ = ["keras", "tf"]


def _pin() -> None:
    if keras.config.backend() != "tensorflow":
        raise UsageError(
            f"this process imported Keras with the backend {keras.config.backend()}, "
            "networks are trained with TensorFlow",
            hint="import mnist_search first, or set KERAS_BACKEND=tensorflow",
        )
    keras.config.set_image_data_format("channels_last")
    keras.config.set_floatx("float32")
    keras.config.set_epsilon(1e-7)
    keras.config.set_dtype_policy("float32")


_pin()
