"""A finished run looked at again: its images, and its model rebuilt from stored weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, assert_never

import numpy as np
from numpy.typing import NDArray

from mnist_search.specs import (
    Conv,
    DatasetRef,
    Job,
    LinearClassifier,
    Network,
    Precision,
    RunConfig,
)
from mnist_search.specs.shapes import label
from mnist_search.training.data import Labelled, load_data
from mnist_search.training.weights import Weights, restore_model


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
    data = load_data(Job(number=0, config=config, seed=0, dataset=dataset))
    return next(part for part in (data.watched, data.final) if part is not None)


class TrainedModel:
    """A model with its trained weights, to be asked and looked into."""

    def __init__(self, config: RunConfig, weights: Weights, *, precision: Precision) -> None:
        """Rebuild the model; raises DataError where the weights do not fit it."""
        self._spec = config.model
        self._model = restore_model(config.model, weights, precision=precision)

    def answer(self, asked: Labelled) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Return the class answered for each image, and the probability that it was given."""
        logits = self._logits(asked).astype(np.float64)
        # Not of the probabilities: where two round to the same, the logits still differ.
        classes = logits.argmax(axis=1)
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        return classes, shares[np.arange(len(classes)), classes]

    def _logits(self, asked: Labelled) -> NDArray[np.float32]:
        match self._spec:
            case Network():
                from mnist_search.training.evaluation import Examiner

                return Examiner(self._model).logits(asked)
            case LinearClassifier():
                from mnist_search.training.linear import classifier_logits

                return classifier_logits(self._model, asked)
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
        import keras

        pixels: Any = image.images[:1, ..., np.newaxis].astype(np.float32) / image.divisor
        # By name: Keras returns a list of one output as that output.
        layers = {str(number): self._model.layers[number].output for number in numbers}
        outputs = keras.Model(self._model.inputs[0], layers)(pixels, training=False)
        return [np.asarray(outputs[str(number)], dtype=np.float32)[0] for number in numbers]
