"""What random points of a space are like."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mnist_search.analysis.costs import Images, Rates, work_of
from mnist_search.engines import create_engine, rung_steps
from mnist_search.spaces import Value
from mnist_search.specs import RunConfig
from mnist_search.studies.simulating import Point
from mnist_search.studies.skipping import SizeLimits, size_of
from mnist_search.studies.spec import SearchSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """What 80 % of the cases lie between, and the middle one or their mean."""

    low: float
    middle: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What random points of a space are like; shares are fractions of all of them.

    `configs` are those that can be built and are not too large.
    """

    points: tuple[Point, ...]
    configs: tuple[RunConfig, ...]
    unbuildable: float
    too_large: float
    duplicates: float
    parameters: Range | None
    flops: Range | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A search to be: what it is, how much of it is left to do, and on what."""

    search: SearchSpec
    trials: int
    images: Images
    workers: int
    timeout_seconds: float | None = None

    @property
    def limits(self) -> SizeLimits:
        """Return how large its networks may be."""
        return SizeLimits(params=self.search.max_params, flops=self.search.max_flops)


def survey_space(plan: Plan, *, samples: int) -> Survey:
    """Draw random points of a space and look at them; nothing is trained."""
    search = plan.search
    engine = create_engine(
        search.space, sampler="random", pruner="none", seed=search.seed, epochs=search.epochs
    )
    found: list[tuple[Point, RunConfig]] = []
    while len(found) < samples and (proposal := engine.ask()) is not None:
        config = search.space.config(proposal.values, epochs=search.epochs)
        found.append((make_point(proposal.values, config, plan.limits), config))
    engine.close()
    built = [point.work for point, _ in found if point.work is not None]
    distinct = len({point.config_id for point, _ in found})
    return Survey(
        points=tuple(point for point, _ in found),
        configs=tuple(
            config for point, config in found if point.work is not None and not point.too_large
        ),
        unbuildable=1 - len(built) / len(found),
        too_large=sum(point.too_large for point, _ in found) / len(found),
        duplicates=1 - distinct / len(found),
        parameters=quantiles([work.parameters for work in built]) if built else None,
        flops=quantiles([work.flops for work in built]) if built else None,
    )


def whole_trial_seconds(plan: Plan, survey: Survey, rates: Rates) -> Range | None:
    """Return the time of a random network that trains all its epochs, None where none can."""
    search = plan.search
    rungs = rung_steps(search.pruner, epochs=search.epochs)
    seconds = [
        sum(
            part
            for _, part in rates.stretches(
                point.work, plan.images, epochs=search.epochs, rungs=rungs
            )
        )
        for point in survey.points
        if point.work is not None and not point.too_large
    ]
    return quantiles(seconds) if seconds else None


def make_point(values: Mapping[str, Value], config: RunConfig, limits: SizeLimits) -> Point:
    """Return what playing a search needs to know of a configuration."""
    size = size_of(config)
    return Point(
        values=dict(values),
        config_id=config.config_id,
        work=work_of(config),
        too_large=size is not None and limits.verdict(size) is not None,
        excess={} if size is None else limits.excess(size),
    )


def quantiles(numbers: Sequence[float]) -> Range:
    """Return the middle 80 % of some numbers and their median."""
    ordered = sorted(numbers)

    def at(share: float) -> float:
        place = share * (len(ordered) - 1)
        below = math.floor(place)
        above = min(below + 1, len(ordered) - 1)
        return ordered[below] + (place - below) * (ordered[above] - ordered[below])

    return Range(low=at(0.1), middle=at(0.5), high=at(0.9))
