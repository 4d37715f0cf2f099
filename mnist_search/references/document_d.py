"""Document D: from logistic regression to a CNN trained on augmented images."""

from __future__ import annotations

from functools import partial
from typing import Final, Literal

from mnist_search.references._base import Published, Reference, publish_curves, stack
from mnist_search.specs.models import (
    LinearClassifier,
)
from mnist_search.specs.training import SGD, Adam, Augmentation, Training

_reference: Final = partial(
    Reference,
    document="D",
    source="Thibault Dody, 'A take on the famous MNIST dataset (Accuracy 99.5%)', blog notebook, "
    "August 2019",
)
# How a linear classifier says max_iter=20000: scikit-learn takes one image at a time, its rate
# follows the policy of the model, and its tolerance ends the training long before.
_LINEAR_TRAINING: Final = Training(optimizer=SGD(), batch_size=1, epochs=20_000)
_DNN_TRAINING: Final = Training(optimizer=Adam(learning_rate=1e-3), batch_size=32, epochs=50)
_CNN_TRAINING: Final = Training(optimizer=Adam(learning_rate=1e-3), batch_size=32, epochs=30)

_LINEAR_QUIRKS: Final = (
    "The text describes a multinomial model; SGDClassifier fits ten one-against-rest models.",
    "eta0 has no effect under the policy `optimal`, whose rate follows from alpha.",
    'The document\'s loss="log" is called "log_loss" by today\'s scikit-learn.',
)
_RUNNING_MEAN: Final = (
    "The published training accuracy is the running mean over the last epoch, while weights "
    "still change and dropout is on."
)
_COMMENTED_DNN: Final = (
    "A comment above the model says 128->64->10; the code has layers of 128, 64 and 32 before the "
    "10."
)
_RAW_MAPS: Final = (
    "The feature maps are drawn from pixels of 0..255, on which the network was not trained."
)
_ELEVEN: Final = "The confusion matrix is given eleven labels, 0 to 10, for ten digits."
_UNUSED_SCHEDULE: Final = "The text announces a falling learning rate, which the code never uses."
_COMMENTED_64: Final = (
    "A comment above the model says 64 filters and 128 units; the code has 32 and 256."
)


def _logistic(
    name: str,
    title: str,
    penalty: Literal["none", "l1", "l2"],
    *,
    accuracy: float,
    train_accuracy: float,
) -> Reference:
    return _reference(
        name=name,
        title=title,
        # 1e-3 is the tolerance, and 1e-4 the alpha, that scikit-learn 0.21 took untold.
        model=LinearClassifier(
            penalty=penalty, alpha=1e-4, policy="optimal", eta0=0.01, tolerance=1e-3
        ),
        training=_LINEAR_TRAINING,
        published=Published(
            accuracy=accuracy,
            train_accuracy=train_accuracy,
            train_accuracy_evaluated=train_accuracy,
        ),
        quirks=_LINEAR_QUIRKS,
    )


_CNN: Final = stack("C32(5x5 same) MP DO.25 C32(5x5 same) MP DO.25 Flatten D256 DO.5")

REFERENCES: Final = (
    _logistic("logistic", "Logistic regression", "none", accuracy=0.8987, train_accuracy=0.91145),
    _logistic(
        "logistic-l1",
        "Logistic regression, l1 penalty",
        "l1",
        accuracy=0.9070,
        train_accuracy=0.91390,
    ),
    _logistic(
        "logistic-l2",
        "Logistic regression, l2 penalty",
        "l2",
        accuracy=0.9152,
        train_accuracy=0.92040,
    ),
    _reference(
        name="dnn",
        title="Perceptron, 3 hidden layers",
        model=stack("Flatten D128 D64 D32"),
        training=_DNN_TRAINING,
        published=publish_curves(
            "dnn",
            accuracy=0.9786,
            loss=0.15362604289185866,
            train_accuracy=0.997883,
            train_accuracy_evaluated=0.9975,
        ),
        quirks=(_COMMENTED_DNN, _RUNNING_MEAN),
    ),
    _reference(
        name="dnn-dropout",
        title="Perceptron with dropout, 3 hidden layers",
        model=stack("Flatten D128 DO.2 D64 DO.2 D32 DO.2"),
        training=_DNN_TRAINING,
        published=publish_curves(
            "dnn-dropout",
            accuracy=0.9829,
            loss=0.10325850226903108,
            train_accuracy=0.990883,
            train_accuracy_evaluated=0.9984,
        ),
        quirks=(_RUNNING_MEAN, _ELEVEN),
    ),
    _reference(
        name="cnn-double-32",
        title="CNN with dropout",
        model=_CNN,
        training=_CNN_TRAINING,
        published=publish_curves(
            "cnn-double-32",
            accuracy=0.9950,
            loss=0.018755361672989995,
            train_accuracy=0.993883,
            train_accuracy_evaluated=0.9994,
        ),
        quirks=(_COMMENTED_64, _UNUSED_SCHEDULE, _RUNNING_MEAN, _RAW_MAPS, _ELEVEN),
    ),
    _reference(
        name="cnn-double-32-augmented",
        title="CNN with dropout, augmented images",
        model=_CNN,
        training=Training(
            optimizer=Adam(learning_rate=1e-3),
            batch_size=32,
            epochs=30,
            augmentation=Augmentation(rotation_degrees=10.0, zoom=0.1, shift=0.1),
        ),
        published=publish_curves(
            "cnn-double-32-augmented",
            accuracy=0.9938,
            loss=0.019008814232396254,
            train_accuracy=0.985100,
            train_accuracy_evaluated=0.9959,
        ),
        quirks=(
            _COMMENTED_64,
            "The published training accuracy is the running mean over the last epoch, on "
            "augmented images and with dropout on.",
            _RAW_MAPS,
            _ELEVEN,
        ),
    ),
)
