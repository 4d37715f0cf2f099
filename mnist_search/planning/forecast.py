"""What a search would cost: it is simulated several times."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from mnist_search.planning.costs import Rates
from mnist_search.planning.simulation import Simulation, simulate
from mnist_search.planning.survey import Plan, Range, Survey, quantiles
from mnist_search.planning.world import World
from mnist_search.specs import QUARTERS, derive_seed

SIMULATIONS = 7
# Of a larger search only so many trials are simulated: a sampler that learns gets slow, and by
# then it proposes much the same.
MOST_SIMULATED_TRIALS = 120
# Trials from whose pace the rest of a larger search follows.
TAIL_TRIALS = 40


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
    growth = [plan.trials / len(one.endings) if _is_cut(one, plan) else 1.0 for one in simulated]

    def mean(counts: Sequence[int]) -> float:
        return statistics.fmean(count * more for count, more in zip(counts, growth, strict=True))

    return Forecast(
        seconds=_with_error([_total(one, plan) for one in simulated], rates),
        complete=mean([one.outcome.complete for one in simulated]),
        pruned=mean([one.outcome.pruned for one in simulated]),
        failed=mean([one.outcome.failed for one in simulated]),
        skipped=mean([len(one.skipped) for one in simulated]),
        epochs=statistics.fmean(trained) / QUARTERS if trained else 0.0,
        budget_trials=None if budget_seconds is None else _fitting(simulated, plan, budget_seconds),
        gave_up=sum(one.outcome.ending == "failing" for one in simulated),
    )


def _is_cut(one: Simulation, plan: Plan) -> bool:
    """Say whether only the first trials of a search were simulated, and more would follow."""
    return one.outcome.ending == "done" and not one.exhausted and len(one.endings) < plan.trials


def _total(one: Simulation, plan: Plan) -> float:
    """Return the seconds of the whole search, of which only the first trials may be simulated."""
    if not _is_cut(one, plan):
        return one.seconds
    tail = one.endings[-TAIL_TRIALS:]
    pace = (tail[-1] - tail[0]) / (len(tail) - 1)
    return one.seconds + (plan.trials - len(one.endings)) * pace


def _with_error(totals: Sequence[float], rates: Rates) -> Range:
    """Return mean and 80 % of the totals, each blurred by what the rates may be wrong by."""
    error = rates.error / math.sqrt(rates.networks)
    normal = statistics.NormalDist()
    factors = [math.exp(error * normal.inv_cdf((number + 0.5) / 20)) for number in range(20)]
    found = [total * factor for total in totals for factor in factors]
    around = quantiles(found)
    return Range(low=around.low, middle=statistics.fmean(found), high=around.high)


def _fitting(simulated: Sequence[Simulation], plan: Plan, budget_seconds: float) -> int | None:
    """Return how many trials finish within a budget, in the middle of the simulations."""
    counts = []
    for one in simulated:
        count = sum(ending <= budget_seconds for ending in one.endings)
        if count == len(one.endings) and _is_cut(one, plan):
            left, spare = plan.trials - count, budget_seconds - one.seconds
            tail = _total(one, plan) - one.seconds
            count += left if tail <= 0 else min(left, int(left * spare / tail))
        counts.append(count)
    middle = int(statistics.median(counts))
    return None if middle >= plan.trials else middle
