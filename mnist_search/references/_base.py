"""What a reference is: a recipe that a document ran, beside what it published about it."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Annotated, Literal, Self, assert_never

from pydantic import Field, model_validator

from mnist_search.specs._frozen import Frozen
from mnist_search.specs.models import Model, ModelFamily
from mnist_search.specs.run import Protocol, RunConfig
from mnist_search.specs.shapes import summarize
from mnist_search.specs.training import Training

Share = Annotated[float, Field(ge=0, le=1)]
NonNegative = Annotated[float, Field(ge=0)]
Document = Literal["A", "B", "C", "D", "E"]

CURVES = Path(__file__).with_name("curves")


class PublishedEpoch(Frozen):
    """One printed epoch; the training figures are running means, with dropout on.

    The validation images are the test images. `seconds` come from the printed time per image
    where a document prints it in microseconds, else they are the printed whole seconds.
    """

    loss: NonNegative
    accuracy: Share
    val_loss: NonNegative
    val_accuracy: Share
    seconds: NonNegative


class Published(Frozen):
    """What a document printed about a model; None where it printed nothing.

    `accuracy` and `loss` are those on the test images after the last epoch; the loss of Keras 2
    clips probabilities at 1e-7. `train_accuracy` of a network is its running mean over the last
    epoch, `train_accuracy_evaluated` that of a pass over the training images afterwards.
    `seconds_per_epoch` is the mean over the printed epochs, validation included.
    """

    accuracy: Share
    loss: NonNegative | None = None
    train_accuracy: Share | None = None
    train_accuracy_evaluated: Share | None = None
    fit_seconds: NonNegative | None = None
    seconds_per_epoch: NonNegative | None = None
    epochs: Annotated[int, Field(ge=1)] | None = None
    test_images: Annotated[int, Field(ge=1)] = 10_000
    runs: Annotated[int, Field(ge=1)] = 1
    curves: tuple[PublishedEpoch, ...] = ()


class Reference(Frozen):
    """A published system: its recipe as documented, and corrected where a quirk can go.

    `seed` is the seed that the document set, of NumPy's generator.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    family: ModelFamily
    document: Document
    title: str
    source: str
    config: RunConfig
    corrected: RunConfig | None = None
    published: Published
    quirks: tuple[str, ...] = ()
    seed: int | None = None

    @model_validator(mode="after")
    def _check_protocols(self) -> Self:
        if self.config.protocol != "documented":
            raise ValueError(
                f"{self.name}: the protocol of config must be documented, "
                f"got {self.config.protocol}"
            )
        if self.corrected is not None and self.corrected.protocol != "corrected":
            raise ValueError(
                f"{self.name}: the protocol of corrected must be corrected, "
                f"got {self.corrected.protocol}"
            )
        return self

    @property
    def summary(self) -> str:
        """Return the layers in one line, the output layer implied."""
        return summarize(self.config.model)

    def run_config(self, protocol: Protocol) -> RunConfig:
        """Return the recipe under `protocol`; raw test pixels stay with `documented` alone."""
        match protocol:
            case "documented":
                return self.config
            case "corrected" if self.corrected is not None:
                return self.corrected
            case "corrected" | "held-out" | "confirm":
                return RunConfig(
                    model=self.config.model, training=self.config.training, protocol=protocol
                )
            case _:
                assert_never(protocol)


def documented(model: Model, training: Training, *, raw_test_pixels: bool = False) -> RunConfig:
    """Return a recipe as its document ran it."""
    return RunConfig(
        model=model, training=training, protocol="documented", raw_test_pixels=raw_test_pixels
    )


def read_curves(name: str) -> tuple[PublishedEpoch, ...]:
    """Return the epochs that a document printed of a reference, from `curves/NAME.csv`."""
    with (CURVES / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        return tuple(
            PublishedEpoch.model_validate_strings({k: v for k, v in row.items() if k != "epoch"})
            for row in rows
        )


def mean_seconds(curves: Sequence[PublishedEpoch]) -> float:
    """Return the mean seconds of an epoch, to the hundredth that the documents support."""
    return round(fmean(epoch.seconds for epoch in curves), 2)
