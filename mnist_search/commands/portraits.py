"""What is known of one finished run, to be drawn or written as text, and what is not."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from mnist_search.errors import DataError

if TYPE_CHECKING:
    import numpy as np

    from mnist_search.specs import DatasetRef, Record, RunConfig, RunResult
    from mnist_search.training.data import Labelled
    from mnist_search.training.weights import FeatureMaps

DIGIT = 7


class EpochFigures(Protocol):
    """What an epoch is known by, measured or published; None where it is not known."""

    @property
    def loss(self) -> float | None: ...
    @property
    def accuracy(self) -> float | None: ...
    @property
    def val_loss(self) -> float | None: ...
    @property
    def val_accuracy(self) -> float | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class BlankEpoch:
    """An epoch of which nothing was recorded."""

    loss: float | None = None
    accuracy: float | None = None
    val_loss: float | None = None
    val_accuracy: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What a run answered for images (n, 28, 28); `confidence` is None where not known.

    `what` names the images, such as `validation images`.
    """

    images: np.ndarray
    labels: np.ndarray
    classes: np.ndarray
    confidence: np.ndarray | None
    what: str

    @property
    def confusion(self) -> np.ndarray:
        """Return how often each class (row) was answered as each class (column)."""
        import numpy as np

        matrix = np.zeros((10, 10), dtype=np.int64)
        np.add.at(matrix, (self.labels, self.classes), 1)
        return matrix

    @property
    def mistakes(self) -> np.ndarray:
        """Return the places of wrong answers, the surest first where that is known."""
        import numpy as np

        wrong = np.flatnonzero(self.labels != self.classes)
        if self.confidence is None:
            return wrong
        return wrong[np.argsort(-self.confidence[wrong], kind="stable")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Portrait:
    """What is known of a finished run and can be drawn; what is empty or None is not known.

    `name` is for files. `kernels` are weights by layer, `coefficients` those of a linear
    classifier, (10, 784). `digit` is the class whose image the convolutions were shown,
    `convolved_image` that image, (28, 28), and `convolved` what they made of it.
    """

    name: str
    title: str
    epochs: Sequence[EpochFigures] = ()
    published: Sequence[EpochFigures] = ()
    kernels: Mapping[str, np.ndarray]
    coefficients: np.ndarray | None = None
    answered: Answered | None = None
    convolved: Sequence[FeatureMaps] = ()
    convolved_image: np.ndarray | None = None
    digit: int | None = None

    @property
    def empty(self) -> bool:
        """Return whether there is nothing to draw."""
        return not (self.epochs or self.kernels or self.answered)


def from_first_epoch(epochs: Sequence[EpochFigures], first: int) -> list[EpochFigures]:
    """Return the epochs with blank ones before them, where the first recorded is a later one."""
    blank: list[EpochFigures] = [BlankEpoch() for _ in range(first - 1)]
    return [*blank, *epochs]


def gather(
    record: Record,
    records: Sequence[Record],
    folder: Path,
    *,
    find_images: Callable[[], DatasetRef],
    digit: int | None = None,
) -> tuple[Portrait, list[str]]:
    """Return what is known of a run that is over, and a phrase for each thing that is not.

    `find_images` is asked for where the images of the study are, where they are needed, and may
    raise DataError. `digit` is the class to make feature maps of, None: 7, where there are any.

    Raises DataError where stored weights or predictions are not those that the study wrote.
    """
    import numpy as np

    from mnist_search.analysis import unpack_predictions
    from mnist_search.specs import LinearClassifier
    from mnist_search.studies import run_name, stored_weights
    from mnist_search.training.weights import COEFFICIENTS, kernels, load_weights

    config, result = record.config, record.result
    assert config is not None
    assert result is not None
    missing: list[str] = []
    shown_digit = DIGIT if digit is None else digit
    if digit is not None and not _has_convolutions(config):
        missing.append("feature maps: it has no convolution")
    path = stored_weights(folder, record)
    weights = None
    if path is not None:
        assert result.weights_sha256 is not None
        weights = load_weights(path, sha256=result.weights_sha256)
    else:
        missing.append(_without_weights(config, result))
    images = None
    if weights is not None or result.predictions is not None:
        images = _images(find_images, config, missing)
    answered: Answered | None = None
    convolved: Sequence[FeatureMaps] = ()
    convolved_image = None
    if weights is not None:
        from mnist_search.training.weights import TrainedModel

        with quiet_loading():
            model = TrainedModel(config, weights, precision=result.precision)
        if images is not None:
            answered = _answered(images, config, *model.predict(images))
            shown = np.flatnonzero(images.labels == shown_digit)[:1]
            if _has_convolutions(config) and len(shown):
                convolved = model.feature_maps(images.take(shown))
                convolved_image = images.images[shown[0]]
            elif _has_convolutions(config):
                missing.append(f"feature maps: the images hold no {shown_digit}")
    elif images is not None:
        assert result.predictions is not None
        classes = np.frombuffer(unpack_predictions(result.predictions, len(images)), dtype=np.uint8)
        answered = _answered(images, config, classes)
    if answered is not None and len(answered.mistakes) == 0:
        missing.append("mistakes: every answer is right")
    if not result.epochs:
        missing.append("learning curves: it recorded no whole epoch")
    linear = isinstance(config.model, LinearClassifier)
    first = result.epochs[0].epoch if result.epochs else 1
    name = run_name(record, records)
    portrait = Portrait(
        name=name,
        title=_title(name, record),
        epochs=from_first_epoch(result.epochs, first),
        published=_published(record),
        kernels={} if weights is None else kernels(weights, config.model),
        coefficients=weights[COEFFICIENTS] if weights is not None and linear else None,
        answered=answered,
        convolved=convolved,
        convolved_image=convolved_image,
        digit=shown_digit,
    )
    return portrait, missing


def _without_weights(config: RunConfig, result: RunResult) -> str:
    things = ["weights"]
    if result.predictions is None:
        things += ["confusion", "mistakes"]
    if _has_convolutions(config):
        things.append("feature maps")
    return f"{', '.join(things)}: its trained weights are not stored"


def _has_convolutions(config: RunConfig) -> bool:
    from mnist_search.specs import Conv, Network

    model = config.model
    return isinstance(model, Network) and any(isinstance(layer, Conv) for layer in model.layers)


def _images(
    find_images: Callable[[], DatasetRef], config: RunConfig, missing: list[str]
) -> Labelled | None:
    from mnist_search.training.weights import scored_images

    try:
        return scored_images(config, find_images())
    except DataError as error:
        missing.append(f"confusion, mistakes, feature maps: {error.message}")
        return None


def _answered(
    images: Labelled, config: RunConfig, classes: np.ndarray, confidence: np.ndarray | None = None
) -> Answered:
    what = "test images, not scaled" if config.raw_test_pixels else "test images"
    return Answered(
        images=images.images,
        labels=images.labels,
        classes=classes,
        confidence=confidence,
        what="validation images" if config.protocol == "held-out" else what,
    )


def _published(record: Record) -> Sequence[EpochFigures]:
    from mnist_search.references import REFERENCES

    for reference in REFERENCES:
        if reference.name == record.reference:
            return reference.published.curves
    return ()


def _title(name: str, record: Record) -> str:
    assert record.config is not None
    assert record.dataset is not None
    data = f"{record.dataset.name}, not MNIST" if record.dataset.fallback else record.dataset.name
    return f"{name} ({record.config.protocol}) on {data}"


@contextmanager
def quiet_loading() -> Iterator[None]:
    """Keep what TensorFlow's C++ says on being loaded off the terminal; exceptions still pass.

    Its first lines heed no variable (2.21).
    """
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        sys.stderr.flush()
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
