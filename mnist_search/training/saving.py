"""A trained model as a `.keras` file, which needs nothing of this package to be loaded."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, assert_never

from mnist_search.specs import LinearClassifier, Model, Network, Precision
from mnist_search.training.weights import COEFFICIENTS, INTERCEPTS, Weights, restore_model
from mnist_search.writing import output_file


def save_keras(spec: Model, weights: Weights, path: Path, *, precision: Precision) -> None:
    """Write a model from pixels (n, 28, 28, 1) in 0..255 to shares of the classes (n, 10).

    The scaling is its first layer and the softmax its last. A classifier becomes one dense layer
    of its one-against-rest decisions: its answers are the same, its shares are not.

    Raises:
        DataError: the weights are not those of such a model.
        UsageError: the file cannot be written.
        ResourceError: the disk is full.
    """
    import keras

    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            keras.layers.Rescaling(1 / 255, dtype="float32"),
            *_layers(spec, weights, precision),
            keras.layers.Softmax(dtype="float32"),
        ]
    )
    _set_classifier(spec, model, weights)
    with output_file(path) as temporary, warnings.catch_warnings():
        # Keras 3.15 asks TensorFlow's variables for arrays in a way that NumPy 2 reproves.
        warnings.simplefilter("ignore", DeprecationWarning)
        model.save(temporary)


def _layers(spec: Model, weights: Weights, precision: Precision) -> list[Any]:
    import keras

    restored = restore_model(spec, weights, precision=precision)
    match spec:
        case Network():
            layers: list[Any] = restored.layers
            return layers
        case LinearClassifier():
            # Not of log-sigmoids, which would give its own probabilities: in float32 two sure
            # classes would then tie at 1.
            return [keras.layers.Flatten(), keras.layers.Dense(10)]
        case _:
            assert_never(spec)


def _set_classifier(spec: Model, model: Any, weights: Weights) -> None:
    if isinstance(spec, LinearClassifier):
        model.layers[-2].set_weights([weights[COEFFICIENTS].T, weights[INTERCEPTS]])
