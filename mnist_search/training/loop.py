"""The training loop: many steps of one epoch in one call, nothing of Python between them."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from mnist_search.specs import QUARTERS, Training
from mnist_search.training.augmentation import augment
from mnist_search.training.backend import keras, tf
from mnist_search.training.build import make_optimizer
from mnist_search.training.data import Labelled

# How long a call may take before somebody is told how far the run is.
STRETCH_SECONDS = 0.5
# A loss that falls by less does not fall.
LEAST_FALL = 1e-4


@dataclass(slots=True, kw_only=True)
class EpochTotals:
    """Sums over the images that the steps of an epoch have trained on so far, and seconds."""

    loss: float = 0.0
    correct: int = 0
    steps: int = 0
    images: int = 0
    seconds: float = 0.0
    validation_seconds: float = 0.0


class Loop:
    """Steps through the epochs of one run.

    The images stay in memory as uint8; a step gathers its batch by index, scales it, and goes
    forward, back and down. One process with one thread, against Keras' `fit` on float arrays:
    1.2 to 1.4 times as many images per second with `cnn-simple` at batch 200, 1.7 to 1.8 with
    `mlp-drop-2` at batch 128, 4 with `dnn` at batch 32. jit_compile is slower on CPUs.
    """

    def __init__(
        self, model: keras.Model, training: Training, train: Labelled, *, seed: int
    ) -> None:
        self.steps_per_epoch = -(-len(train) // training.batch_size)
        self.steps_done = 0
        self._images = len(train)
        self._batch_size = training.batch_size
        self._seed = seed
        self._stretch = 1
        optimizer = make_optimizer(training, self.steps_per_epoch * training.epochs)
        self._plateau = Plateau(training, optimizer)
        self._run = _compile(model, training, train, optimizer, seed)

    def order(self, epoch: int) -> Any:
        """Return the order of the images in an epoch, a function of seed and epoch alone."""
        generator = np.random.default_rng([self._seed, epoch])
        return tf.constant(generator.permutation(self._images).astype(np.int32))

    def boundary(self, quarter: int) -> int:
        """Return the step of an epoch at which its first, second, third, last quarter is done."""
        return -(-quarter * self.steps_per_epoch // QUARTERS)

    def end_epoch(self, loss: float) -> None:
        """Take the mean loss of an epoch, which a schedule may heed."""
        self._plateau.end_epoch(loss)

    def run(
        self, order: Any, until: int, totals: EpochTotals, told: Callable[[], None] = lambda: None
    ) -> None:
        """Step on from where the totals stand; the last batch of an epoch may be smaller.

        `told` is called after each stretch of steps, about every half second. The sums go from one
        stretch to the next, so that no result depends on how long the stretches are.
        """
        loss, correct = tf.constant(0.0), tf.constant(0)
        while totals.steps < until:
            began, stop = time.perf_counter(), min(until, totals.steps + self._stretch)
            ends = tf.constant(totals.steps, tf.int32), tf.constant(stop, tf.int32)
            loss, correct = self._run(order, *ends, loss, correct)
            self.steps_done += stop - totals.steps
            totals.steps = stop
            told()
            seconds = time.perf_counter() - began
            if seconds < STRETCH_SECONDS:
                self._stretch *= 2
            elif seconds > 2 * STRETCH_SECONDS:
                self._stretch = max(1, self._stretch // 2)
        totals.loss += float(loss)
        totals.correct += int(correct)
        totals.images = min(until * self._batch_size, self._images)


class Plateau:
    """Lowers the learning rate where the training loss stays, as Keras' ReduceLROnPlateau does."""

    def __init__(self, training: Training, optimizer: keras.Optimizer) -> None:
        """Take the schedule of a run; of any other one nothing is done."""
        self._training = training
        self._optimizer = optimizer
        self._best = math.inf
        self._waited = 0

    def end_epoch(self, loss: float) -> None:
        """Take the mean loss of an epoch."""
        if self._training.schedule != "reduce-on-plateau":
            return
        self._waited += 1
        if loss < self._best - LEAST_FALL:
            self._best, self._waited = loss, 0
        elif self._waited >= self._training.plateau_patience:
            self._waited = 0
            rate = float(self._optimizer.learning_rate)
            self._optimizer.learning_rate = rate * self._training.plateau_factor


def _compile(
    model: keras.Model, training: Training, train: Labelled, optimizer: keras.Optimizer, seed: int
) -> Callable[..., tuple[Any, Any]]:
    optimizer.build(model.trainable_variables)
    images, labels = tf.constant(train.images), tf.constant(train.labels)
    batch_size, count = training.batch_size, len(train)
    penalized = any(getattr(layer, "kernel_regularizer", None) for layer in model.layers)
    variables = [variable.value for variable in model.trainable_variables]

    def step(order: Any, number: Any) -> tuple[Any, Any]:
        rows = order[number * batch_size : tf.minimum((number + 1) * batch_size, count)]
        pixels = tf.cast(tf.gather(images, rows), tf.float32)[..., tf.newaxis] / train.divisor
        if training.augmentation is not None:
            # the global step, which `fit`'s callbacks would know as well
            done = tf.cast(tf.convert_to_tensor(optimizer.iterations), tf.int64)
            seeds = tf.stack([tf.constant(seed, tf.int64), done])
            pixels = augment(pixels, training.augmentation, seeds)
        classes = tf.gather(labels, rows)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(variables)
            logits = model(pixels, training=True)
            losses = cross_entropies(classes, logits, training.label_smoothing)
            if penalized:
                losses += tf.add_n(model.losses)
            loss = tf.reduce_mean(losses)
        optimizer.apply(tape.gradient(loss, variables), model.trainable_variables)
        right = tf.equal(tf.argmax(logits, axis=1, output_type=tf.int32), classes)
        return tf.reduce_sum(losses), tf.reduce_sum(tf.cast(right, tf.int32))

    number, total = tf.TensorSpec([], tf.int32), tf.TensorSpec([], tf.float32)

    @tf.function(  # type: ignore[untyped-decorator]
        autograph=False,
        jit_compile=False,
        input_signature=[tf.TensorSpec([None], tf.int32), number, number, total, number],
    )
    def run(order: Any, first: Any, last: Any, loss: Any, correct: Any) -> tuple[Any, Any]:
        def body(number: Any, loss: Any, correct: Any) -> tuple[Any, Any, Any]:
            more_loss, more_correct = step(order, number)
            return number + 1, loss + more_loss, correct + more_correct

        start = (first, loss, correct)
        _, loss, correct = tf.while_loop(
            lambda number, *_: number < last, body, start, parallel_iterations=1
        )
        return loss, correct

    return run  # type: ignore[no-any-return]


def cross_entropies(classes: Any, logits: Any, label_smoothing: float) -> Any:
    """Return the losses (n,) of logits (n, 10), of which smoothing spreads a share of the target.

    The right class is wanted with 1 - 0.9 s, each other one with 0.1 s, as in Keras.
    """
    if label_smoothing == 0.0:
        return tf.nn.sparse_softmax_cross_entropy_with_logits(classes, logits)
    others = label_smoothing / logits.shape[-1]
    targets = tf.one_hot(
        classes, logits.shape[-1], on_value=1.0 - label_smoothing + others, off_value=others
    )
    return tf.nn.softmax_cross_entropy_with_logits(targets, logits)
