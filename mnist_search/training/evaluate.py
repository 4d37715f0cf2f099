"""What a model predicts for labelled images: classes, score, time per image.

Scores come from logits by numpy alone; TensorFlow is imported by what needs a network.
"""

from __future__ import annotations

import base64
import math
import statistics
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_search.specs import Score
from mnist_search.training.data import Labelled

# Large enough to keep one core busy, small enough for the feature maps of a wide CNN.
BATCH_SIZE = 500
KERAS_2_EPSILON = np.float32(1e-7)
# Below this share of its starting values a moving average needs no correction.
NEGLIGIBLE = 1e-4
INFERENCE_BATCHES = (1, 256)
BUDGET_SECONDS = 0.1
MIN_REPEATS = 3
MAX_REPEATS = 200


class DivergedError(FloatingPointError):
    """A loss is no finite number any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """The classes (n,) that a model predicts for n images, and how good they are."""

    classes: NDArray[np.uint8]
    score: Score

    @property
    def loss(self) -> float | None:
        """Return the mean cross-entropy, in nats."""
        return self.score.loss

    @property
    def accuracy(self) -> float:
        """Return the share of images with the right class."""
        return self.score.accuracy

    @property
    def collapsed(self) -> bool:
        """Return whether the model predicts a single class."""
        return bool(np.all(self.classes == self.classes[0]))

    @property
    def predictions(self) -> str:
        """Return the classes as base64 of zlib of one byte per image."""
        return base64.b64encode(zlib.compress(self.classes.tobytes(), 9)).decode("ascii")


def evaluate_logits(logits: NDArray[np.float32], labels: NDArray[Any], *, what: str) -> Evaluation:
    """Score logits of shape (images, classes) against labels of shape (images,).

    Raises:
        DivergedError: the loss of `what` is not finite.
    """
    classes = logits.argmax(axis=1)
    loss = finite(cross_entropy(logits, labels), f"the loss of {what}")
    score = Score(
        correct=int(np.count_nonzero(classes == labels)),
        total=len(labels),
        loss=loss,
        clipped_loss=clipped_cross_entropy(logits, labels),
    )
    return Evaluation(classes=classes.astype(np.uint8), score=score)


def cross_entropy(logits: NDArray[np.float32], labels: NDArray[Any]) -> float:
    """Return the mean cross-entropy in nats, straight from the logits."""
    # Huge logits of a diverged model give nan without a warning; the caller tells.
    with np.errstate(invalid="ignore", over="ignore"):
        wide = logits.astype(np.float64)
        shifted = wide - wide.max(axis=1, keepdims=True)
        log_sum = np.log(np.exp(shifted).sum(axis=1))
        return float(np.mean(log_sum - shifted[np.arange(len(labels)), labels]))


def clipped_cross_entropy(logits: NDArray[np.float32], labels: NDArray[Any]) -> float:
    """Return Keras 2's cross-entropy, which saturates at -log(1e-7) = 16.118 nats.

    float32 throughout, as there: softmax, normalized once more, clipped to [1e-7, 1 - 1e-7].
    """
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True), dtype=np.float32)
    probabilities = exponentials / exponentials.sum(axis=1, keepdims=True)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    right = probabilities[np.arange(len(labels)), labels]
    clipped = np.clip(right, KERAS_2_EPSILON, np.float32(1) - KERAS_2_EPSILON)
    return float(np.mean(-np.log(clipped), dtype=np.float64))


def finite(loss: float, name: str) -> float:
    """Return the loss, or raise DivergedError if it is infinite or no number."""
    if not math.isfinite(loss):
        raise DivergedError(f"{name} is {loss}, not a finite number")
    return loss


class Evaluator:
    """The compiled forward pass of one network."""

    def __init__(self, model: Any) -> None:
        from mnist_search.training.backend import tf

        @tf.function(  # type: ignore[untyped-decorator]
            autograph=False,
            jit_compile=False,
            input_signature=[
                tf.TensorSpec([None, 28, 28], tf.uint8),
                tf.TensorSpec([], tf.float32),
            ],
        )
        def predict(images: Any, divisor: Any) -> Any:
            pixels = tf.cast(images, tf.float32)[..., tf.newaxis] / divisor
            return model(pixels, training=False)

        self._predict = predict

    def logits(self, images: Labelled) -> NDArray[np.float32]:
        """Return the model's logits (n, 10) for the images."""
        divisor = np.float32(images.divisor)
        logits = [
            self._predict(images.images[start : start + BATCH_SIZE], divisor).numpy()
            for start in range(0, len(images), BATCH_SIZE)
        ]
        return np.concatenate(logits)

    def evaluate(self, images: Labelled, *, what: str) -> Evaluation:
        """Score the model; `what` names the images, should the loss be no number."""
        return evaluate_logits(self.logits(images), images.labels, what=what)

    def time_inference(self, images: NDArray[np.uint8]) -> dict[int, float]:
        """Return microseconds per image, scaling included, by batch size."""
        from mnist_search.training.backend import tf

        divisor = tf.constant(255.0, tf.float32)

        def prepare(batch: NDArray[np.uint8]) -> Callable[[], object]:
            tensor = tf.constant(batch)
            return lambda: self._predict(tensor, divisor).numpy()

        return time_inference(images, prepare)


def time_inference(
    images: NDArray[Any], prepare: Callable[[NDArray[Any]], Callable[[], object]]
) -> dict[int, float]:
    """Return microseconds per image by batch size; `prepare` returns what predicts a batch."""
    return {
        size: time_per_image(prepare(np.resize(images, (size, *images.shape[1:]))), size)
        for size in INFERENCE_BATCHES
    }


def time_per_image(
    predict: Callable[[], object],
    batch_size: int,
    clock: Callable[[], float] = time.perf_counter,
) -> float:
    """Return the median microseconds per image of repeated calls, after one that warms up.

    At least 3 calls and at most 200; beyond the third only while 0.1 s are not used up.
    """
    predict()
    seconds: list[float] = []
    while len(seconds) < MIN_REPEATS or (
        sum(seconds) < BUDGET_SECONDS and len(seconds) < MAX_REPEATS
    ):
        started = clock()
        predict()
        seconds.append(clock() - started)
    return statistics.median(seconds) / batch_size * 1e6


class MovingAverages:
    """The moving means and variances of a model's batch normalizations.

    They start at 0 and 1 and forget by a factor `momentum`, 0.99, each step, so that after a
    quarter of an epoch they are still mostly their start, and a network that has learnt well
    predicts at random. Divided by what they have not forgotten, as Adam does with its moments
    (Kingma & Ba 2015, section 3), they are the averages of the steps so far.
    """

    def __init__(self, model: Any | None) -> None:
        """Find the batch normalizations of a built model; None: correct nothing."""
        from mnist_search.training.backend import keras

        layers = [] if model is None else model.layers
        self._layers = [
            layer for layer in layers if isinstance(layer, keras.layers.BatchNormalization)
        ]

    def correct(self, steps: int) -> None:
        """Replace the averages after so many training steps by the corrected ones."""
        for layer in self._layers:
            start = layer.momentum**steps
            if start < NEGLIGIBLE or start == 1.0:
                continue
            layer.moving_mean.assign(layer.moving_mean / (1.0 - start))
            layer.moving_variance.assign((layer.moving_variance - start) / (1.0 - start))

    @contextmanager
    def corrected(self, steps: int) -> Iterator[None]:
        """Correct the averages inside the block and put them back after it."""
        variables: list[Any] = [
            variable
            for layer in self._layers
            for variable in (layer.moving_mean, layer.moving_variance)
        ]
        before = [variable.numpy() for variable in variables]
        self.correct(steps)
        try:
            yield
        finally:
            for variable, value in zip(variables, before, strict=True):
                variable.assign(value)
