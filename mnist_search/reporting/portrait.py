"""What is known of one finished run, to be drawn or written as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np


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
    def mistakes(self) -> int:
        """Return how many answers are wrong."""
        return int((self.labels != self.classes).sum())


@dataclass(frozen=True, slots=True, kw_only=True)
class Convolved:
    """What the convolution in layer number `layer` makes of a digit: (height, width, channels)."""

    layer: int
    label: str
    maps: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class Portrait:
    """What is known of a finished run and can be drawn; what is empty or None is not known.

    `name` is for files. `kernels` are weights by layer, `coefficients` those of a linear
    classifier, (10, 784). `digit` is the class whose image the convolutions were shown, and
    `convolved_image` that image, (28, 28).
    """

    name: str
    title: str
    epochs: Sequence[EpochFigures] = ()
    published: Sequence[EpochFigures] = ()
    kernels: Mapping[str, np.ndarray]
    coefficients: np.ndarray | None = None
    answered: Answered | None = None
    convolved: Sequence[Convolved] = ()
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
