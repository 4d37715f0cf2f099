"""What training a network costs, predicted from its size after a few networks were measured."""

from __future__ import annotations

import math
import statistics
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import assert_never

from mnist_search.specs import (
    QUARTERS,
    DatasetRef,
    LinearClassifier,
    Model,
    Network,
    RunConfig,
)
from mnist_search.specs.shapes import UnbuildableError, measure


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """What a network asks of a machine.

    `flops` are its forward operations per image, `values` the numbers that its layers give out
    per image, which have to travel to memory and back; `layers` counts the output layer.
    `looks_every` is after how many quarters of an epoch it can be looked at, 0: at the end alone.
    """

    flops: int
    values: int
    parameters: int
    layers: int
    batch_size: int
    looks_every: int = 1

    @property
    def features(self) -> tuple[float, ...]:
        """Return what the seconds per trained image are a sum of, each times a rate.

        Operations and values; and what a step costs whatever it trains on, updating parameters
        and starting the operations of each layer, shared out among the images of a batch.
        """
        share = 1 / self.batch_size
        return (self.flops, self.values, self.parameters * share, self.layers * share)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One network that was trained for a moment; seconds, unknown is None.

    `first_look_seconds` is the first validation, on `look_images` images; `overhead_seconds` is
    what its job took beside the fit.
    """

    work: Workload
    image_seconds: float
    first_step_seconds: float | None
    first_look_seconds: float | None
    look_images: int
    answer_seconds: float | None
    overhead_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Images:
    """How many images a trial trains on, validates on after an epoch, and within one."""

    train: int
    validation: int
    rung: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """What a machine takes for a unit of each kind of work, in seconds.

    `features` belong to `Workload.features`; `answer_share` is an answer's time as a share of that
    of training on the image; tracing grows with the layers. `error` is the relative error of one
    network's seconds per image, `networks` how many were measured.
    """

    features: tuple[float, ...]
    answer_share: float
    first_step_per_layer: float
    first_look_per_layer: float
    overhead: float
    startup: float
    error: float
    networks: int

    def image_seconds(self, work: Workload) -> float:
        """Return the seconds of training on one image."""
        return sum(rate * amount for rate, amount in zip(self.features, work.features, strict=True))

    def segments(
        self, work: Workload, images: Images, *, epochs: int, rungs: Collection[int]
    ) -> Iterator[tuple[int, float]]:
        """Yield (step, seconds since the one before) for the rungs and the end of a trial.

        Steps are quarters of an epoch. Every epoch ends with a look at all validation images, a
        rung within an epoch has one at a part of them. Rungs at which nobody looks are left out.
        """
        every = work.looks_every
        looked = {rung for rung in rungs if every > 0 and rung % every == 0}
        per_image = self.image_seconds(work)
        quarter_seconds = per_image * images.train / QUARTERS
        answer_seconds = per_image * self.answer_share
        last = QUARTERS * epochs
        before = 0
        for step in sorted({*(rung for rung in looked if rung < last), last}):
            seconds = (step - before) * quarter_seconds
            looks = (step // QUARTERS - before // QUARTERS) * images.validation
            if step % QUARTERS:
                looks += images.rung
            seconds += looks * answer_seconds
            if before == 0:
                seconds += work.layers * (self.first_step_per_layer + self.first_look_per_layer)
            yield step, seconds
            before = step

    def trial_seconds(
        self, work: Workload, images: Images, *, epochs: int, rungs: Collection[int] = ()
    ) -> float:
        """Return the seconds of a trial that trains all its epochs."""
        return sum(part for _, part in self.segments(work, images, epochs=epochs, rungs=rungs))


def images_of(dataset: DatasetRef) -> Images:
    """Return how many images a trial of a search trains on and validates on."""
    from mnist_search.datasets.splits import RUNG_IMAGES, VALIDATION_SHARE

    held_out = dataset.train_images // VALIDATION_SHARE
    watched = held_out - held_out // 2 if dataset.held_out == "halves" else held_out
    return Images(
        train=dataset.train_images - held_out,
        validation=watched,
        rung=min(RUNG_IMAGES, watched),
    )


def workload_of(config: RunConfig) -> Workload | None:
    """Return what a configuration asks, None where it cannot be built.

    A linear classifier is looked at between its epochs, one with a tolerance at its end only; that
    it may end before its last epoch is not known beforehand.
    """
    try:
        size = measure(config.model)
    except UnbuildableError:
        return None
    return Workload(
        flops=size.flops,
        values=sum(math.prod(layer.output_shape) for layer in size.layers),
        parameters=size.parameters,
        layers=len(size.layers),
        batch_size=config.training.batch_size,
        looks_every=_looks_every(config.model),
    )


def _looks_every(model: Model) -> int:
    match model:
        case Network():
            return 1
        case LinearClassifier(tolerance=tolerance):
            return QUARTERS if tolerance is None else 0
        case _:
            assert_never(model)


def fit_rates(measured: Sequence[Measured], *, startup_seconds: float) -> Rates:
    """Return the rates of the machine that these networks were measured on.

    The seconds per image are fitted by least squares of the relative errors, with no rate below
    zero. Raises ValueError for no network.
    """
    if not measured:
        raise ValueError("needs at least one measured network, got none")
    rates, squares, used = _fit_features(
        [one.work.features for one in measured], [one.image_seconds for one in measured]
    )
    freedom = max(1, len(measured) - used)
    answers = [(one.answer_seconds, one) for one in measured if one.answer_seconds is not None]
    trained = sum(one.image_seconds for _, one in answers)
    share = sum(seconds for seconds, _ in answers) / trained if trained > 0 else 0.0
    traces = [
        max(0.0, one.first_step_seconds - one.image_seconds * one.work.batch_size) / one.work.layers
        for one in measured
        if one.first_step_seconds is not None
    ]
    first_looks = [
        max(0.0, one.first_look_seconds - one.image_seconds * share * one.look_images)
        / one.work.layers
        for one in measured
        if one.first_look_seconds is not None
    ]
    return Rates(
        features=rates,
        answer_share=share,
        first_step_per_layer=statistics.median(traces) if traces else 0.0,
        first_look_per_layer=statistics.median(first_looks) if first_looks else 0.0,
        overhead=statistics.median(one.overhead_seconds for one in measured),
        startup=startup_seconds,
        error=math.sqrt(squares / freedom),
        networks=len(measured),
    )


def _fit_features(
    features: Sequence[tuple[float, ...]], seconds: Sequence[float]
) -> tuple[tuple[float, ...], float, int]:
    """Return the rates, the sum of the squared relative errors, and how many are not zero."""
    import numpy as np
    from scipy.optimize import nnls

    relative = np.array(features) / np.array(seconds)[:, None]
    # Columns of very different size: scaled, so that none is taken for zero.
    scale = np.linalg.norm(relative, axis=0)
    found, distance = nnls(relative / scale, np.ones(len(seconds)))
    return tuple(float(rate) for rate in found / scale), float(distance**2), int(sum(found > 0))
