"""Train one linear classifier with scikit-learn."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import SGDClassifier

from mnist_search.specs import QUARTERS, Epoch, Job, LinearClassifier
from mnist_search.specs.shapes import UnbuildableError, measure
from mnist_search.training.data import Labelled, RunData, load_data
from mnist_search.training.inference import INFERENCE_BATCHES, time_per_image
from mnist_search.training.recorder import Recorder
from mnist_search.training.scores import DivergedError, Verdict, judge

CLASSES = np.arange(10)


def train_linear(job: Job, spec: LinearClassifier, recorder: Recorder) -> SGDClassifier:
    """Train on pixels / 255; optimizer, schedule and batch size are the classifier's own.

    With a tolerance scikit-learn decides when to end, within the job's epochs, and there is one
    report, at the end; `epochs` then holds the last epoch alone. Without, every epoch reports.

    Raises:
        UnbuildableError: the job asks for augmented images.
        DivergedError: a loss stopped to be a finite number.
    """
    if job.config.training.augmentation is not None:
        raise UnbuildableError("a linear classifier cannot be trained on augmented images")
    size = measure(spec)
    recorder.flops = size.flops
    recorder.parameters = size.parameters
    recorder.trainable_parameters = size.trainable_parameters
    recorder.precision = "float32"
    with recorder.stretch() as stretch:
        data = load_data(job)
        pixels = data.train.scaled()
    recorder.data_seconds = stretch.seconds
    with recorder.stretch() as stretch:
        model = _make_classifier(job, spec)
    recorder.build_seconds = stretch.seconds

    with recorder.fit(), _overflow_is_divergence():
        if spec.tolerance is None:
            verdict = _fit_epochs(job, model, pixels, data, recorder)
        else:
            verdict = _fit_at_once(model, pixels, data, recorder)
    recorder.train = _examine(model, data.train, what="the training images").score
    if data.final is not None:
        verdict = _examine(model, data.final, what="the test images")
    if verdict is not None:
        recorder.conclude(verdict, test=data.ends_with_test)
    if not recorder.stopped:
        recorder.inference_us = _time_inference(model, pixels)
    return model


@contextmanager
def _overflow_is_divergence() -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        if "overflow" not in str(error):
            raise
        raise DivergedError("the weights of the classifier overflowed") from error


def _make_classifier(job: Job, spec: LinearClassifier) -> SGDClassifier:
    # A whole number would shuffle each `partial_fit` alike.
    random = np.random.RandomState(job.seed)
    return SGDClassifier(
        loss="log_loss",
        penalty=None if spec.penalty == "none" else spec.penalty,
        alpha=spec.alpha,
        learning_rate=spec.policy,
        eta0=spec.eta0,
        average=spec.average,
        max_iter=job.config.training.epochs,
        tol=spec.tolerance,
        random_state=random,
    )


def _fit_at_once(
    model: SGDClassifier, pixels: NDArray[np.float32], data: RunData, recorder: Recorder
) -> Verdict | None:
    with recorder.stretch() as training, warnings.catch_warnings():
        # `n_iter_` tells the same: it reached the epochs allowed.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(pixels, data.train.labels)
    epoch = int(model.n_iter_)
    verdict = _watch(epoch, model, data, training.seconds, recorder)
    if verdict is not None:
        recorder.ask(QUARTERS * epoch, verdict.accuracy)
    return verdict


def _fit_epochs(
    job: Job,
    model: SGDClassifier,
    pixels: NDArray[np.float32],
    data: RunData,
    recorder: Recorder,
) -> Verdict | None:
    verdict = None
    for epoch in range(1, job.config.training.epochs + 1):
        with recorder.stretch() as training:
            model.partial_fit(pixels, data.train.labels, classes=CLASSES)
        verdict = _watch(epoch, model, data, training.seconds, recorder)
        if verdict is not None and recorder.ask(QUARTERS * epoch, verdict.accuracy):
            break
    return verdict


def _watch(
    epoch: int, model: SGDClassifier, data: RunData, seconds: float, recorder: Recorder
) -> Verdict | None:
    verdict = None
    with recorder.stretch() as validation:
        if data.watched is not None:
            what = f"the validation images after epoch {epoch}"
            verdict = _examine(model, data.watched, what=what)
    recorder.epochs.append(
        Epoch(
            epoch=epoch,
            loss=None,
            accuracy=None,
            val_loss=None if verdict is None else verdict.loss,
            val_accuracy=None if verdict is None else verdict.accuracy,
            seconds=seconds,
            validation_seconds=validation.seconds,
        )
    )
    return verdict


def classifier_logits(model: SGDClassifier, asked: Labelled) -> NDArray[np.float32]:
    """Return what a softmax makes the classifier's probabilities of, shape (n, 10)."""
    decisions = model.decision_function(asked.scaled())
    # scikit-learn's probabilities are the sigmoids of the ten decisions, made to sum to one: the
    # softmax of the logarithms of the sigmoids.
    logits: NDArray[np.float64] = -np.logaddexp(0.0, -decisions.astype(np.float64))
    return logits.astype(np.float32)


def restore_classifier(
    coefficients: NDArray[np.float32], intercepts: NDArray[np.float32]
) -> SGDClassifier:
    """Return a fitted classifier with these coefficients (10, 784) and intercepts (10,)."""
    model = SGDClassifier(loss="log_loss")
    model.coef_, model.intercept_, model.classes_ = coefficients, intercepts, CLASSES
    return model


def _examine(model: SGDClassifier, asked: Labelled, *, what: str) -> Verdict:
    return judge(classifier_logits(model, asked), asked.labels, what=what)


def _time_inference(model: SGDClassifier, pixels: NDArray[Any]) -> dict[int, float]:
    def microseconds(batch_size: int) -> float:
        batch = np.resize(pixels, (batch_size, pixels.shape[1]))
        return time_per_image(lambda: model.predict(batch), batch_size)

    return {batch_size: microseconds(batch_size) for batch_size in INFERENCE_BATCHES}
