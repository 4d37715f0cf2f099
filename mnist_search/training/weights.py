"""Trained weights: in a file that is read without trusting it, and in a model again."""

from __future__ import annotations

import hashlib
import warnings
import zipfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, assert_never

import numpy as np
from numpy.typing import NDArray

from mnist_search.datasets.readers import DAMAGE
from mnist_search.errors import DataError, UsageError
from mnist_search.paths import read_regular
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
from mnist_search.specs.shapes import label, measure
from mnist_search.training.data import Labelled, load_data
from mnist_search.training.evaluate import Evaluator
from mnist_search.writing import output_file, replacing

# By `layer.name`, such as `1.kernel`, layers from 1 on.
Weights = dict[str, NDArray[np.float32]]

# A hundred times what the largest network of the documents has.
MOST_BYTES = 2**30

COEFFICIENTS, INTERCEPTS = "1.coefficients", "1.intercepts"


def kernels(weights: Weights, spec: Model) -> Weights:
    """Return what each layer multiplies its input by, under its number and label.

    Biases and batch normalization are left out: one scale does not fit them.
    """
    names = {
        f"{layer.number}.{kind}": f"{layer.number} {layer.label}"
        for layer in measure(spec).layers
        for kind in ("kernel", "coefficients")
    }
    return {names[key]: array for key, array in weights.items() if key in names}


def save_weights(weights: Weights, path: Path) -> str:
    """Write weights as .npz, the whole file or none; return its SHA-256 in hex digits.

    Raises OSError where it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as temporary, temporary.open("w+b") as file:
        arrays: dict[str, Any] = dict(weights)
        np.savez(file, **arrays)
        file.seek(0)
        return hashlib.file_digest(file, "sha256").hexdigest()


def load_weights(path: Path, *, sha256: str) -> Weights:
    """Read weights that `save_weights` wrote.

    Raises:
        DataError: the file cannot be read, or is not the one with that checksum.
    """
    try:
        # Once, so that what is checked is what is parsed.
        content = read_regular(path, most_bytes=MOST_BYTES)
    except UsageError as error:
        raise DataError(error.message) from error
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise DataError(
            f"{path}: the weights are not those that the study wrote "
            f"(sha256 {sha256[:16]}…, got {found[:16]}…)"
        )
    try:
        # A study of a stranger brings the checksum along: nothing may be packed, as bombs are.
        with zipfile.ZipFile(BytesIO(content)) as members:
            if any(member.compress_type != zipfile.ZIP_STORED for member in members.infolist()):
                raise DataError(f"{path}: no weights in it: it is compressed")
        with np.load(BytesIO(content), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except (*DAMAGE, KeyError, MemoryError, OSError) as error:
        raise DataError(f"{path}: no weights in it: {error}") from error
    if not all(isinstance(array, np.ndarray) for array in arrays.values()):
        raise DataError(f"{path}: no weights in it: it holds other things than arrays")
    return arrays


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureMaps:
    """What a convolution gives out for one image: (height, width, channels)."""

    layer: int
    label: str
    maps: NDArray[np.float32]


def scored_images(config: RunConfig, dataset: DatasetRef) -> Labelled:
    """Return the images that runs of this kind are scored on, scaled as they were.

    Held-out validation images for `held-out`, else the test images. Raises DataError when they
    are no longer there.
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
        layers = self._spec.layers if isinstance(self._spec, Network) else ()
        convolutions = {
            str(number): layer
            for number, layer in enumerate(layers, start=1)
            if isinstance(layer, Conv)
        }
        if not convolutions:
            return []
        from mnist_search.training.backend import keras

        pixels: Any = image.images[:1, ..., np.newaxis].astype(np.float32) / image.divisor
        # By name: Keras returns a list of one output as that output.
        wanted = {number: self._model.layers[int(number) - 1].output for number in convolutions}
        outputs = keras.Model(self._model.inputs[0], wanted)(pixels, training=False)
        return [
            FeatureMaps(
                layer=int(number),
                label=label(layer),
                maps=np.asarray(outputs[number], dtype=np.float32)[0],
            )
            for number, layer in convolutions.items()
        ]


def weights_of(model: Any, spec: Model) -> Weights:
    """Return a trained model's weights as `layer.name`, such as `1.kernel`, layers from 1 on.

    Layers are numbered as `specs.shapes` does; what batch normalization has averaged belongs to
    it. A classifier has `1.coefficients` (10, 784) and `1.intercepts` (10,).
    """
    match spec:
        case Network():
            return {name: np.asarray(found.numpy()) for name, found in _variables(model).items()}
        case LinearClassifier():
            return {
                COEFFICIENTS: model.coef_.astype(np.float32),
                INTERCEPTS: model.intercept_.astype(np.float32),
            }
        case _:
            assert_never(spec)


def restore_model(spec: Model, weights: Weights, *, precision: Precision) -> Any:
    """Build the model anew and give it the weights: a `keras.Model` or an `SGDClassifier`.

    Raises:
        DataError: the weights are not those of such a model.
    """
    match spec:
        case Network():
            from mnist_search.training.build import build_model

            network = build_model(spec, precision)
            variables = _variables(network)
            _check_shapes(weights, {name: tuple(v.shape) for name, v in variables.items()})
            for name, variable in variables.items():
                variable.assign(weights[name])
            return network
        case LinearClassifier():
            from mnist_search.training.linear import restore_classifier

            (layer,) = measure(spec).layers
            (classes,) = layer.output_shape
            inputs = layer.parameters // classes - 1
            _check_shapes(weights, {COEFFICIENTS: (classes, inputs), INTERCEPTS: (classes,)})
            return restore_classifier(weights[COEFFICIENTS], weights[INTERCEPTS])
        case _:
            assert_never(spec)


def _variables(model: Any) -> dict[str, Any]:
    return {
        f"{number}.{variable.name}": variable
        for number, layer in enumerate(model.layers, start=1)
        for variable in layer.weights
    }


def _check_shapes(weights: Weights, expected: dict[str, tuple[int, ...]]) -> None:
    if weights.keys() != expected.keys():
        raise DataError(
            f"the weights must be those of {', '.join(expected)}, "
            f"got those of {', '.join(weights) or 'nothing'}"
        )
    for name, shape in expected.items():
        array = weights[name]
        if array.shape != shape or array.dtype != np.float32:
            raise DataError(
                f"weights {name} must be float32 of shape {shape}, "
                f"got {array.dtype} of shape {array.shape}"
            )


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

    # First, for Keras counts inputs: the names in the file depend on the order.
    first = [keras.Input((28, 28, 1)), keras.layers.Rescaling(1 / 255, dtype="float32")]
    model = restore_model(spec, weights, precision=precision)
    match spec:
        case Network():
            layers = model.layers
        case LinearClassifier():
            # Not of log-sigmoids, which would give its own probabilities: in float32 two sure
            # classes would then tie at 1.
            dense = keras.layers.Dense(len(model.intercept_))
            dense.build((None, model.coef_.shape[1]))
            dense.set_weights([model.coef_.T, model.intercept_])
            layers = [keras.layers.Flatten(), dense]
        case _:
            assert_never(spec)
    saved = keras.Sequential([*first, *layers, keras.layers.Softmax(dtype="float32")])
    with output_file(path) as temporary, warnings.catch_warnings():
        # Keras 3.15 asks TensorFlow's variables for arrays in a way that NumPy 2 reproves.
        warnings.simplefilter("ignore", DeprecationWarning)
        saved.save(temporary)
