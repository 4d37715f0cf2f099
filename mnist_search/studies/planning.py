"""What a search would cost, told before it is made."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from mnist_search.analysis.costs import Rates
from mnist_search.engines import (
    Proposal,
    PrunerName,
    SamplerName,
    create_engine,
    rung_steps,
)
from mnist_search.spaces import SearchSpace
from mnist_search.specs import derive_seed
from mnist_search.studies.simulating import Played, Point, World, play
from mnist_search.studies.spec import SearchSpec
from mnist_search.studies.surveying import (
    Plan,
    Range,
    Survey,
    make_point,
    quantiles,
)

PLAYED_SEARCHES = 10
# Of a larger search only so many trials are played: a sampler that learns gets slow, and by then
# it proposes much the same.
MOST_PLAYED_TRIALS = 120
# Trials from whose pace the rest of a larger search follows.
TAIL_TRIALS = 40
# Alternatives are played with the proposals of the first so many searches.
REPLAYED_SEARCHES = 4
ALTERNATIVE_PRUNERS: tuple[PrunerName, ...] = (
    "halving",
    "hyperband",
    "median",
    "percentile",
    "none",
)
ALTERNATIVE_EPOCHS = (2, 4, 8, 16, 32)
# Samplers that would need a package, another process or minutes: their part is played by the
# one that comes next to them.
_UNDERSTUDIES: dict[SamplerName, SamplerName] = {"bayesian": "tpe", "gp": "tpe"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What is to be expected of a search; times in seconds, counts are means of the played ones.

    `epochs` is how many a trial trains on average, `budget_trials` how many trials are over when
    the budget is, None where all of them fit or none was given.
    """

    seconds: Range
    complete: float
    stopped: float
    failed: float
    epochs: float
    budget_trials: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """Another pruner and number of epochs, with the time that they would take."""

    pruner: PrunerName
    epochs: int
    seconds: Range


def forecast(
    plan: Plan, survey: Survey, rates: Rates, *, budget_seconds: float | None = None
) -> tuple[Forecast, list[Alternative]]:
    """Play the search several times; with a budget, other pruners and epochs as well."""
    worlds = [
        World(plan.search.space, survey.points, seed=derive_seed(plan.search.seed, "world", number))
        for number in range(PLAYED_SEARCHES)
    ]
    played = [
        _play_search(plan, world, rates, derive_seed(plan.search.seed, "played", number))
        for number, world in enumerate(worlds)
    ]
    trained = [step for one in played for step in one.steps]
    expected = Forecast(
        seconds=_with_error([_total(one, plan) for one in played], rates),
        complete=_mean_of_all([one.complete for one in played], played, plan),
        stopped=_mean_of_all([one.stopped for one in played], played, plan),
        failed=_mean_of_all([one.failed for one in played], played, plan),
        epochs=statistics.fmean(trained) / 4 if trained else 0.0,
        budget_trials=None if budget_seconds is None else _fitting(played, plan, budget_seconds),
    )
    if budget_seconds is None:
        return expected, []
    few = list(zip(worlds, played, strict=True))[:REPLAYED_SEARCHES]
    alternatives = [
        Alternative(
            pruner=pruner,
            epochs=epochs,
            seconds=_with_error(
                [
                    _total(_replay(plan, world, rates, one, pruner, epochs), plan)
                    for world, one in few
                ],
                rates,
            ),
        )
        for pruner in ALTERNATIVE_PRUNERS
        for epochs in sorted({*ALTERNATIVE_EPOCHS, plan.search.epochs})
    ]
    return expected, alternatives


def choose_fitting(
    alternatives: Sequence[Alternative], *, budget_seconds: float
) -> list[Alternative]:
    """Return for each pruner the most epochs with which nine searches in ten fit a budget."""
    best: dict[PrunerName, Alternative] = {}
    for one in alternatives:
        if one.seconds.high <= budget_seconds:
            known = best.get(one.pruner)
            if known is None or one.epochs > known.epochs:
                best[one.pruner] = one
    return list(best.values())


def understudy(sampler: SamplerName, engine: str) -> SamplerName:
    """Return the sampler that plays the part of another one."""
    if sampler == "hyperband" or (engine == "keras-tuner" and sampler == "grid"):
        return "random"
    return _UNDERSTUDIES.get(sampler, sampler)


def played_pruner(search: SearchSpec) -> PrunerName:
    """Return the pruner to play with: the brackets of a sampler hyperband are stopped by it."""
    return "hyperband" if search.sampler == "hyperband" else search.pruner


def _play_search(plan: Plan, world: World, rates: Rates, seed: int) -> Played:
    search = plan.search
    slots = min(plan.trials, MOST_PLAYED_TRIALS)
    sampler = understudy(search.sampler, search.engine)
    pruner = played_pruner(search)
    engine = create_engine(
        search.space,
        sampler=sampler,
        pruner=pruner,
        seed=seed,
        epochs=search.epochs,
        first=[search.space.defaults()],
    )

    def point_of(proposal: Proposal) -> Point:
        config = search.space.config(proposal.values, epochs=search.epochs)
        return make_point(proposal.values, config, plan.limits)

    try:
        return play(
            engine,
            point_of,
            world,
            rates,
            trials=slots,
            images=plan.images,
            epochs=search.epochs,
            rungs=rung_steps(pruner, epochs=search.epochs),
            workers=plan.workers,
            timeout_seconds=plan.timeout_seconds,
        )
    finally:
        engine.close()


def _replay(
    plan: Plan, world: World, rates: Rates, played: Played, pruner: PrunerName, epochs: int
) -> Played:
    """Play the proposals of a search again under another pruner and number of epochs."""
    nothing = SearchSpace(name="replay", family=plan.search.space.family, parameters=())
    engine = create_engine(
        nothing, sampler="random", pruner=pruner, seed=plan.search.seed, epochs=epochs
    )
    return play(
        engine,
        lambda proposal: played.points[proposal.number],
        world,
        rates,
        trials=len(played.points),
        images=plan.images,
        epochs=epochs,
        rungs=rung_steps(pruner, epochs=epochs),
        workers=plan.workers,
        timeout_seconds=plan.timeout_seconds,
    )


def _total(played: Played, plan: Plan) -> float:
    """Return the seconds of the whole search, of which only the first trials may be played."""
    missing = plan.trials - len(played.points)
    # A space that is exhausted ends a search, however many slots are left.
    if missing <= 0 or len(played.points) < MOST_PLAYED_TRIALS:
        return played.seconds
    tail = played.endings[-TAIL_TRIALS:]
    pace = (tail[-1] - tail[0]) / (len(tail) - 1)
    return played.seconds + missing * pace


def _mean_of_all(counts: Sequence[int], played: Sequence[Played], plan: Plan) -> float:
    shares = [
        count * (plan.trials / len(one.points) if len(one.points) >= MOST_PLAYED_TRIALS else 1.0)
        for count, one in zip(counts, played, strict=True)
    ]
    return statistics.fmean(shares)


def _with_error(totals: Sequence[float], rates: Rates) -> Range:
    """Return mean and 80 % of the totals, each blurred by what the rates may be wrong by."""
    error = rates.error / math.sqrt(rates.networks)
    normal = statistics.NormalDist()
    factors = [math.exp(error * normal.inv_cdf((number + 0.5) / 20)) for number in range(20)]
    found = sorted(total * factor for total in totals for factor in factors)
    around = quantiles(found)
    return Range(low=around.low, middle=statistics.fmean(found), high=around.high)


def _fitting(played: Sequence[Played], plan: Plan, budget_seconds: float) -> int | None:
    """Return how many trials are over after so many seconds, in the middle of the searches."""
    counts = []
    for one in played:
        over = sum(ending <= budget_seconds for ending in one.endings)
        if over == len(one.endings) and over < plan.trials:
            tail = _total(one, plan) - one.seconds
            left = plan.trials - over
            spare = budget_seconds - one.seconds
            over += left if tail <= 0 else min(left, int(left * spare / tail))
        counts.append(over)
    middle = int(statistics.median(counts))
    return None if middle >= plan.trials else middle
