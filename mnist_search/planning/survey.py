"""What random points of a space are like."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mnist_search.engines import create_engine, rung_steps
from mnist_search.planning.costs import Images, Rates, Workload, images_of, workload_of
from mnist_search.spaces import Value
from mnist_search.specs import RunConfig
from mnist_search.studies.skipping import excess
from mnist_search.studies.spec import FirstPoint, SearchSpec, StudySpec, search_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """What 80 % of the cases lie between, and the middle one or their mean."""

    low: float
    middle: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A search to be: what it is, how many trials are to be made, from which on, and where."""

    spec: StudySpec
    trials: int
    workers: int
    first: tuple[FirstPoint, ...] = ()
    trial_timeout_seconds: float | None = None

    @property
    def search(self) -> SearchSpec:
        """Return how it searches."""
        return search_of(self.spec)

    @property
    def images(self) -> Images:
        """Return how many images a trial trains on and validates on."""
        return images_of(self.spec.dataset)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A point of a space; `workload` is None where it is invalid."""

    values: Mapping[str, Value]
    config: RunConfig
    workload: Workload | None
    too_large: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """Random points of a space; shares are fractions of all of them.

    `configs` are those that are valid and not too large.
    """

    points: tuple[Point, ...]
    configs: tuple[RunConfig, ...]
    invalid: float
    too_large: float
    duplicates: float
    parameters: Range | None
    flops: Range | None


def survey_space(search: SearchSpec, *, samples: int) -> Survey:
    """Draw random points of a space; nothing is trained."""
    engine = create_engine(
        search.space, sampler="random", pruner="none", seed=search.seed, epochs=search.epochs
    )
    points: list[Point] = []
    while len(points) < samples and (proposal := engine.ask()) is not None:
        config = search.space.config(proposal.values, epochs=search.epochs)
        point = Point(
            values=proposal.values,
            config=config,
            workload=workload_of(config),
            too_large=any(share > 0 for share in excess(search, config).values()),
        )
        points.append(point)
    engine.close()
    valid = [point.workload for point in points if point.workload is not None]
    distinct = len({point.config.config_id for point in points})
    return Survey(
        points=tuple(points),
        configs=tuple(
            point.config for point in points if point.workload is not None and not point.too_large
        ),
        invalid=1 - len(valid) / len(points),
        too_large=sum(point.too_large for point in points) / len(points),
        duplicates=1 - distinct / len(points),
        parameters=quantiles([workload.parameters for workload in valid]) if valid else None,
        flops=quantiles([workload.flops for workload in valid]) if valid else None,
    )


def whole_trial_seconds(plan: Plan, survey: Survey, rates: Rates) -> Range | None:
    """Return the time of a random network that trains all its epochs, None where none can."""
    rungs = rung_steps(plan.search.pruner, epochs=plan.search.epochs)
    seconds = [
        rates.trial_seconds(
            point.workload, plan.images, epochs=point.config.training.epochs, rungs=rungs
        )
        for point in survey.points
        if point.workload is not None and not point.too_large
    ]
    return quantiles(seconds) if seconds else None


def quantiles(numbers: Sequence[float]) -> Range:
    """Return the middle 80 % of some numbers and their median."""
    if len(numbers) == 1:
        return Range(low=numbers[0], middle=numbers[0], high=numbers[0])
    deciles = statistics.quantiles(numbers, n=10, method="inclusive")
    return Range(low=deciles[0], middle=deciles[4], high=deciles[8])
