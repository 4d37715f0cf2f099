"""What a search would cost, which is simulated several times, and what a list of runs would."""

from __future__ import annotations

import heapq
import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mnist_search.planning.costs import Rates, images_of, workload_of
from mnist_search.planning.simulation import Simulation, simulate
from mnist_search.planning.survey import Plan, Range, Survey, quantiles
from mnist_search.planning.world import World
from mnist_search.specs import QUARTERS, DatasetRef, RunConfig, derive_seed

SIMULATIONS = 7
# Of a larger search only so many trials are simulated: a sampler that learns gets slow, and by
# then it proposes much the same.
MOST_SIMULATED_TRIALS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What is to be expected of a search; times in seconds, counts are means of the simulations.

    `skipped` trials are duplicates or too large, `epochs` is how many a trial trains on average.
    `budget_trials` is how many trials finish within the budget, None where all of them do or none
    was given. `gave_up` counts the simulations that ended after too many failures in a row.
    """

    seconds: Range
    complete: float
    pruned: float
    failed: float
    skipped: float
    epochs: float
    budget_trials: int | None
    gave_up: int


def forecast(
    plan: Plan,
    survey: Survey,
    rates: Rates,
    *,
    budget_seconds: float | None = None,
    most_trials: int = MOST_SIMULATED_TRIALS,
) -> Forecast:
    """Simulate the search several times."""
    search = plan.search
    simulated = [
        simulate(
            plan,
            World(search.space, survey.points, seed=derive_seed(search.seed, "world", number)),
            rates,
            trials=min(plan.trials, most_trials),
            seed=derive_seed(search.seed, "played", number),
        )
        for number in range(SIMULATIONS)
    ]
    trained = [step for one in simulated for step in one.steps.values()]
    within = None
    if budget_seconds is not None:
        within = int(statistics.median(_trials_within(budget_seconds, one) for one in simulated))

    def mean(count: Callable[[Simulation], int]) -> float:
        return statistics.fmean(
            count(one) * (1 + one.left / max(1, len(one.endings))) for one in simulated
        )

    return Forecast(
        seconds=_with_error([one.seconds + one.left * one.pace for one in simulated], rates),
        complete=mean(lambda one: one.outcome.complete),
        pruned=mean(lambda one: one.outcome.pruned),
        failed=mean(lambda one: one.outcome.failed),
        skipped=mean(lambda one: len(one.skipped)),
        epochs=statistics.fmean(trained) / QUARTERS if trained else 0.0,
        budget_trials=None if within is None or within >= plan.trials else within,
        gave_up=sum(one.outcome.ending == "failing" for one in simulated),
    )


def _trials_within(budget_seconds: float, one: Simulation) -> int:
    count = sum(ending <= budget_seconds for ending in one.endings)
    if count < len(one.endings):
        return count
    spare = budget_seconds - one.seconds
    return count + (min(one.left, int(spare / one.pace)) if one.pace > 0 else one.left)


def _with_error(totals: Sequence[float], rates: Rates) -> Range:
    """Return mean and 80 % of the totals, each blurred by what the rates may be wrong by."""
    error = rates.error / math.sqrt(rates.networks)
    normal = statistics.NormalDist()
    factors = [math.exp(error * normal.inv_cdf((number + 0.5) / 20)) for number in range(20)]
    found = [total * factor for total in totals for factor in factors]
    around = quantiles(found)
    return Range(low=around.low, middle=statistics.fmean(found), high=around.high)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedRuns:
    """What runs will cost: seconds of the clock with so many workers, and of all of them.

    `error` is the relative error of one run's seconds.
    """

    runs: int
    workers: int
    wall_seconds: float
    worker_seconds: float
    error: float


def expect_runs(
    configs: Sequence[RunConfig], rates: Rates, dataset: DatasetRef, *, workers: int
) -> ExpectedRuns:
    """Return what runs will cost that are taken in this order, one for each configuration."""
    images = images_of(dataset)
    free_at = [rates.startup] * workers
    total = 0.0
    for config in configs:
        work = workload_of(config)
        if work is None:
            continue
        epochs = config.training.epochs
        seconds = rates.overhead + rates.trial_seconds(work, images, epochs=epochs)
        total += seconds
        heapq.heapreplace(free_at, free_at[0] + seconds)
    return ExpectedRuns(
        runs=len(configs),
        workers=workers,
        wall_seconds=max(free_at) if configs else 0.0,
        worker_seconds=total,
        error=rates.error,
    )
