"""Keras and TensorFlow, with the same settings whatever the user's own are.

The other modules of the room take both from here, so that none of them meets other settings.
"""

from __future__ import annotations

import logging
import os

from mnist_search.errors import UsageError

# Keras reads this, and then ~/.keras/keras.json, when it is imported.
os.environ["KERAS_BACKEND"] = "tensorflow"
# For JAX alone, and yet Keras asks for flax where it is set.
os.environ["KERAS_NNX_ENABLED"] = "0"

try:
    import keras
except (AttributeError, OSError, ValueError) as error:
    raise UsageError(
        f"Keras cannot be imported: {error}",
        hint="a keras.json in ~/.keras or KERAS_HOME may be the cause: mend or remove it",
    ) from error
import tensorflow as tf

__all__ = ["free_memory", "keras", "tf"]


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
    if os.environ.get("CUDA_VISIBLE_DEVICES") == "":
        # Plugins for other GPUs, such as Metal, do not read that variable.
        tf.config.set_visible_devices([], "GPU")
    # Each run traces its own loop; TensorFlow takes that for a mistake after the fifth.
    tf.get_logger().setLevel(logging.ERROR)


_pin()


def free_memory() -> None:
    """Forget the models of this process, their graphs among them."""
    # Every trace of `Optimizer.apply`, and of swish, leaves a gradient function behind in a
    # registry of TensorFlow's, and that holds the whole graph: 5 MB a run with the smallest CNN.
    # Nothing public takes it out again.
    from tensorflow.python.framework.ops import gradient_registry

    for name in [name for name in gradient_registry.list() if name.startswith("CustomGradient-")]:
        del gradient_registry._registry[name]
    # Collects garbage, too: a traced loop and its model refer to each other in circles.
    keras.utils.clear_session(free_memory=True)
