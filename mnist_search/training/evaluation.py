"""Ask a trained network about images, and time the asking."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from mnist_search.training.data import Labelled
from mnist_search.training.inference import INFERENCE_BATCHES, time_per_image
from mnist_search.training.scores import Verdict, judge

# Large enough to keep one core busy, small enough for the feature maps of a wide CNN.
BATCH_SIZE = 500


class Examiner:
    """The compiled forward pass of one model."""

    def __init__(self, model: keras.Model) -> None:
        @tf.function(  # type: ignore[untyped-decorator]
            autograph=False,
            jit_compile=False,
            input_signature=[
                tf.TensorSpec([None, 28, 28], tf.uint8),
                tf.TensorSpec([], tf.float32),
            ],
        )
        def answer(images: Any, divisor: Any) -> Any:
            pixels = tf.cast(images, tf.float32)[..., tf.newaxis] / divisor
            return model(pixels, training=False)

        self._answer = answer

    def logits(self, asked: Labelled) -> NDArray[np.float32]:
        """Return the model's logits (n, 10) for the images."""
        divisor = tf.constant(asked.divisor, tf.float32)
        logits = [
            self._answer(tf.constant(asked.images[start : start + BATCH_SIZE]), divisor).numpy()
            for start in range(0, len(asked), BATCH_SIZE)
        ]
        return np.concatenate(logits)

    def examine(self, asked: Labelled, *, what: str) -> Verdict:
        """Score the model on labelled images; `what` names them, should the loss be no number."""
        return judge(self.logits(asked), asked.labels, what=what)

    def time_inference(self, images: NDArray[np.uint8]) -> dict[int, float]:
        """Return microseconds per image, scaling included, by batch size."""
        divisor = tf.constant(255.0, tf.float32)

        def microseconds(batch_size: int) -> float:
            batch = tf.constant(np.resize(images, (batch_size, *images.shape[1:])))
            return time_per_image(lambda: self._answer(batch, divisor).numpy(), batch_size)

        return {batch_size: microseconds(batch_size) for batch_size in INFERENCE_BATCHES}
