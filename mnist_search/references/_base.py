"""What a reference is: a recipe that a document ran, beside what it published about it."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from statistics import fmean
from typing import Annotated, Final, assert_never

from pydantic import Field

from mnist_search.choices import Document
from mnist_search.specs._frozen import Frozen
from mnist_search.specs.models import (
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    Layer,
    LinearClassifier,
    Model,
    ModelFamily,
    Network,
    Pool,
)
from mnist_search.specs.run import Protocol, RunConfig
from mnist_search.specs.shapes import summarize
from mnist_search.specs.training import Training

Share = Annotated[float, Field(ge=0, le=1)]
NonNegative = Annotated[float, Field(ge=0)]

# What `specs.shapes.label` calls the layers of the documents; "no" is pydantic's word for false.
_LAYERS: Final[dict[str, type[Layer]]] = {
    r"C(?P<filters>\d+)\((?P<kernel>\d+)x\d+ (?P<padding>\w+)"
    r"(?: (?P<activation>(?!no )\w+))?(?: (?P<bias>no) bias)?\)": Conv,
    r"D(?P<units>\d+)(?:\((?P<activation>\w+)\))?": Dense,
    r"DO(?P<rate>\.\d+)": Dropout,
    "BN": BatchNorm,
    "MP": Pool,
    "Flatten": Flatten,
}
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
    `seconds_per_epoch` is the mean over the printed epochs, validation included. Figures over
    several `runs` are means.
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
    """A published system: the recipe that a document ran, beside what it published.

    `raw_test_pixels` is a quirk that can go: then there is a `corrected` recipe beside the one as
    documented. `seed` is the seed that the document set, of NumPy's generator.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    document: Document
    title: str
    source: str
    model: Model
    training: Training
    raw_test_pixels: bool = False
    published: Published
    quirks: tuple[str, ...] = ()
    seed: int | None = None

    @property
    def family(self) -> ModelFamily:
        """Return the kind of model: a network with a convolution is a CNN."""
        match self.model:
            case Network(layers=layers):
                return "cnn" if any(isinstance(layer, Conv) for layer in layers) else "mlp"
            case LinearClassifier():
                return "linear"
            case _:
                assert_never(self.model)

    @property
    def summary(self) -> str:
        """Return the layers in one line, the output layer implied."""
        return summarize(self.model)

    @property
    def config(self) -> RunConfig:
        """Return the recipe as its document ran it."""
        return self.run_config("documented")

    @property
    def corrected(self) -> RunConfig | None:
        """Return the recipe without the quirk that can go; None where there is none."""
        return self.run_config("corrected") if self.raw_test_pixels else None

    def run_config(self, protocol: Protocol) -> RunConfig:
        """Return the recipe under `protocol`; raw test pixels stay with `documented` alone."""
        return RunConfig(
            model=self.model,
            training=self.training,
            protocol=protocol,
            raw_test_pixels=self.raw_test_pixels and protocol == "documented",
        )


def stack(text: str) -> Network:
    """Return the network whose layers a summary such as `C32(3x3 valid) MP Flatten D128` names."""
    words = re.findall(r"[^\s(]+(?:\([^)]*\))?", text)
    return Network(layers=tuple(_layer(word) for word in words))


def _layer(word: str) -> Layer:
    for pattern, kind in _LAYERS.items():
        if (match := re.fullmatch(pattern, word)) is not None:
            fields = {name: text for name, text in match.groupdict().items() if text is not None}
            return kind.model_validate(fields)
    raise ValueError(f"no layer is called {word}")


def publish_curves(
    name: str,
    *,
    accuracy: float,
    loss: float | None = None,
    train_accuracy: float | None = None,
    train_accuracy_evaluated: float | None = None,
) -> Published:
    """Return what a document printed that printed its epochs: those are in `curves/NAME.csv`.

    `loss` and `train_accuracy` are those of the last epoch where no other digits are published.
    """
    with (CURVES / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        curves = tuple(
            PublishedEpoch.model_validate_strings({k: v for k, v in row.items() if k != "epoch"})
            for row in csv.DictReader(file)
        )
    return Published(
        accuracy=accuracy,
        loss=curves[-1].val_loss if loss is None else loss,
        train_accuracy=curves[-1].accuracy if train_accuracy is None else train_accuracy,
        train_accuracy_evaluated=train_accuracy_evaluated,
        # The documents support hundredths.
        seconds_per_epoch=round(fmean(epoch.seconds for epoch in curves), 2),
        epochs=len(curves),
        curves=curves,
    )
