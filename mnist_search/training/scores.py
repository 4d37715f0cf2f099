"""From logits to scores and packed answers; numpy alone."""

from __future__ import annotations

import base64
import math
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_search.specs import Score

KERAS_2_EPSILON = np.float32(1e-7)


class DivergedError(ArithmeticError):
    """A loss is no finite number any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a model answered for a set of images: one class per image, and how good that is."""

    classes: NDArray[np.uint8]
    score: Score

    @property
    def loss(self) -> float | None:
        """Return the mean cross-entropy, in nats."""
        return self.score.loss

    @property
    def accuracy(self) -> float:
        """Return the share of right answers."""
        return self.score.accuracy

    @property
    def constant(self) -> bool:
        """Return whether every image got the same answer."""
        return bool(np.all(self.classes == self.classes[0]))


def judge(logits: NDArray[np.float32], labels: NDArray[Any], *, what: str) -> Verdict:
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
    return Verdict(classes=classes.astype(np.uint8), score=score)


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


def pack(classes: NDArray[np.uint8]) -> str:
    """Pack answered classes as base64 of zlib of one byte per image."""
    return base64.b64encode(zlib.compress(classes.tobytes(), 9)).decode("ascii")
