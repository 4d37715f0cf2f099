"""A finished run looked at again: its images, its model rebuilt from stored weights or saved."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, assert_never

import numpy as np
from numpy.typing import NDArray

from mnist_search.specs import (
    Conv,
    DatasetRef,
    Job,
    LinearClassifier,
    Model,
    Network,
    Precision,
    RunConfig,
)
from mnist_search.specs.shapes import label
from mnist_search.training.data import Labelled, load_data
from mnist_search.training.evaluate import Evaluator
from mnist_search.training.weights import COEFFICIENTS, INTERCEPTS, Weights, restore_model
from mnist_search.writing import output_file


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureMaps:
    """What a convolution gives out for one image: (height, width, channels)."""

    layer: int
    label: str
    maps: NDArray[np.float32]


def scored_images(config: RunConfig, dataset: DatasetRef) -> Labelled:
    """Return the images that runs of this kind are scored on, scaled as they were.

    Held-out validation images for `held-out`, else the test images. Raises DataError when they
    are no longer to be had.
    """
    return load_data(Job(number=0, config=config, seed=0, dataset=dataset)).scored


class TrainedModel:
    """A model with its trained weights, to predict with and to look into."""

    def __init__(self, config: RunConfig, weights: Weights, *, precision: Precision) -> None:
        """Rebuild the model; raises DataError where the weights do not fit it."""
        self._spec = config.model
        self._model = restore_model(config.model, weights, precision=precision)

    def predict(self, images: Labelled) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Return the predicted class of each image (n,), and its probability (n,)."""
        logits = self._logits(images).astype(np.float64)
        # Not of the probabilities: where two round to the same, the logits still differ.
        classes = logits.argmax(axis=1)
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        return classes, shares[np.arange(len(classes)), classes]

    def _logits(self, images: Labelled) -> NDArray[np.float32]:
        match self._spec:
            case Network():
                return Evaluator(self._model).logits(images)
            case LinearClassifier():
                from mnist_search.training.linear import classifier_logits

                return classifier_logits(self._model, images)
            case _:
                assert_never(self._spec)

    def feature_maps(self, image: Labelled) -> list[FeatureMaps]:
        """Return what each convolution gives out for the first of the images."""
        if not isinstance(self._spec, Network):
            return []
        convolutions = [
            (number, layer)
            for number, layer in enumerate(self._spec.layers)
            if isinstance(layer, Conv)
        ]
        if not convolutions:
            return []
        outputs = self._outputs([number for number, _ in convolutions], image)
        return [
            FeatureMaps(layer=number + 1, label=label(layer), maps=maps)
            for (number, layer), maps in zip(convolutions, outputs, strict=True)
        ]

    def _outputs(self, numbers: list[int], image: Labelled) -> list[NDArray[np.float32]]:
        from mnist_search.training.backend import keras

        pixels: Any = image.images[:1, ..., np.newaxis].astype(np.float32) / image.divisor
        # By name: Keras returns a list of one output as that output.
        layers = {str(number): self._model.layers[number].output for number in numbers}
        outputs = keras.Model(self._model.inputs[0], layers)(pixels, training=False)
        return [np.asarray(outputs[str(number)], dtype=np.float32)[0] for number in numbers]


def save_keras(spec: Model, weights: Weights, path: Path, *, precision: Precision) -> None:
    """Write a model from pixels (n, 28, 28, 1) in 0..255 to shares of the classes (n, 10).

    The scaling is its first layer and the softmax its last. A classifier becomes one dense layer
    of its one-against-rest decisions: its answers are the same, its shares are not.

    Raises:
        DataError: the weights are not those of such a model.
        UsageError: the file cannot be written.
        ResourceError: the disk is full.
    """
    from mnist_search.training.backend import keras

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
    from mnist_search.training.backend import keras

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
