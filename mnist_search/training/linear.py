"""Train one linear classifier with scikit-learn."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import SGDClassifier

from mnist_search.specs import Job, LinearClassifier
from mnist_search.specs.shapes import UnbuildableError, measure
from mnist_search.training.data import Labelled, RunData, load_data
from mnist_search.training.evaluate import (
    DivergedError,
    Evaluation,
    evaluate_logits,
    time_inference,
)
from mnist_search.training.recorder import Recorder

CLASSES = np.arange(10)


def train_linear(job: Job, spec: LinearClassifier, recorder: Recorder) -> SGDClassifier:
    """Train on pixels / 255; optimizer, schedule and batch size are the classifier's own.

    With a tolerance scikit-learn decides when to end, within the job's epochs, and there is one
    report, at the end; `epochs` then holds the last epoch alone. Without, every epoch reports.

    Raises:
        UnbuildableError: the job asks for what scikit-learn cannot do, such as augmented images.
        DivergedError: a loss stopped to be a finite number.
    """
    training = job.config.training
    if training.augmentation is not None:
        raise UnbuildableError("a linear classifier cannot be trained on augmented images")
    if training.label_smoothing > 0 or training.clip_norm is not None:
        raise UnbuildableError(
            "a linear classifier cannot be trained with label smoothing or clipped gradients"
        )
    recorder.note_size(measure(spec))
    recorder.note(precision="float32")
    with recorder.timed("data_seconds"):
        data = load_data(job)
        pixels = data.train.scaled()
    with recorder.timed("build_seconds"):
        model = _make_classifier(job, spec)
    with recorder.fit(), _overflow_is_divergence():
        watched = _fit(job, model, pixels, data, recorder)
    recorder.note(
        train=_evaluate(model, data.train, what="the training images").score,
        zero_coefficients=int((model.coef_ == 0).sum()),
    )
    recorder.conclude(data, watched, functools.partial(_evaluate, model))
    if not recorder.stopped:
        recorder.note_inference(time_inference(pixels, lambda batch: lambda: model.predict(batch)))
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


def _fit(
    job: Job, model: SGDClassifier, pixels: NDArray[np.float32], data: RunData, recorder: Recorder
) -> Evaluation | None:
    """Return the final weights evaluated on the watched images, None where there are none."""
    at_once = model.tol is not None
    evaluation = None
    for epoch in range(1, job.config.training.epochs + 1):
        with recorder.timed() as training, warnings.catch_warnings():
            # `n_iter_` tells the same: it reached the epochs allowed.
            warnings.simplefilter("ignore", ConvergenceWarning)
            if at_once:
                model.fit(pixels, data.train.labels)
                epoch = int(model.n_iter_)
            else:
                model.partial_fit(pixels, data.train.labels, classes=CLASSES)
        with recorder.timed() as validation:
            if data.watched is not None:
                what = f"the validation images after epoch {epoch}"
                evaluation = _evaluate(model, data.watched, what=what)
        recorder.end_epoch(
            epoch,
            evaluation,
            loss=None,
            accuracy=None,
            seconds=training.seconds,
            validation_seconds=validation.seconds,
        )
        if at_once or recorder.stopped:
            break
    return evaluation


def classifier_logits(model: SGDClassifier, images: Labelled) -> NDArray[np.float32]:
    """Return what a softmax makes the classifier's probabilities of, shape (n, 10)."""
    decisions = model.decision_function(images.scaled())
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


def _evaluate(model: SGDClassifier, images: Labelled, *, what: str) -> Evaluation:
    return evaluate_logits(classifier_logits(model, images), images.labels, what=what)
