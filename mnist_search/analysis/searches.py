"""What a search finds with how much: the expected best of n trials, and which search is better."""

from __future__ import annotations

import bisect
import dataclasses
import itertools
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from mnist_search.analysis.history import History, study_histories
from mnist_search.analysis.importance import Effect, parameter_effects
from mnist_search.analysis.order import accuracy_of
from mnist_search.spaces import SearchSpace
from mnist_search.specs import Record

# Below that share of pairs a difference is none to act on (Bouthillier et al. 2021, section 5).
MEANINGFUL = 0.75
# Correlation of the errors of two convolutional references over the test images.
CORRELATED = 0.45
_RESAMPLES = 2000
# Worse trials never win, and a search of thousands must not take seconds.
_MOST_TRIALS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class BestOf:
    """The best accuracy that so many random trials find: its expectation and 95 % range.

    `seconds` is what so many trials take on average, None where times are unknown.
    """

    trials: int
    seconds: float | None
    accuracy: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Superiority:
    """How probably a run of one kind beats one of another; ties count half.

    `low` and `high` are the 95 % interval of a bootstrap over the runs of both.
    """

    probability: float
    low: float
    high: float
    runs: tuple[int, int]

    @property
    def significant(self) -> bool:
        """Return whether even odds are outside of the interval."""
        return not self.low <= 0.5 <= self.high

    @property
    def meaningful(self) -> bool:
        """Return whether the better one is significantly better, and in three of four pairs."""
        return self.significant and max(self.probability, 1 - self.probability) >= MEANINGFUL


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchReport:
    """What a search tells beyond its rows: the expected best of n trials, and plain effects.

    `expected` is empty where the sampler is not `independent` but learned from earlier trials:
    its trials are no random ones, so that no share of them stands for another search.
    """

    study: str
    independent: bool
    expected: tuple[BestOf, ...]
    effects: tuple[Effect, ...]

    def as_dict(self) -> dict[str, object]:
        """Return the report under its JSON keys."""
        return dataclasses.asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class BestSoFar:
    """The best validation accuracy of searches by then: the mean, the least and the largest.

    `at` counts trials, or seconds on the clock of a study. `low` and `high` are None for one
    search alone.
    """

    at: float
    accuracy: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchSide:
    """The searches of one side, each a study; `best` and `seconds` are those of each."""

    studies: tuple[str, ...]
    best: tuple[float, ...]
    seconds: tuple[float, ...]
    trials: tuple[int, ...]
    by_trials: tuple[BestSoFar, ...]
    by_seconds: tuple[BestSoFar, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchComparison:
    """Two kinds of search: their best so far, and how probably one of the first is better.

    `searches` compares whole searches by their best accuracy, and is None where a side has one
    search alone: then nothing tells how much another seed of the sampler would change.
    `trials` compares complete trials, one of the first against one of the second.
    """

    first: SearchSide
    second: SearchSide
    searches: Superiority | None
    trials: Superiority

    def as_dict(self) -> dict[str, object]:
        """Return the comparison under its JSON keys."""
        return dataclasses.asdict(self)


def report_search(
    records: Sequence[Record], space: SearchSpace, *, independent: bool
) -> SearchReport | None:
    """Return what the trials of one search tell; None where none has an accuracy yet.

    `independent` says that trials were drawn without regard to earlier ones (random, qmc, grid).
    """
    judged = [
        (accuracy, record.result)
        for record in records
        if record.kind == "trial" and record.result is not None and record.confirms is None
        if record.state in ("complete", "pruned")
        if (accuracy := accuracy_of(record)) is not None
    ]
    if not judged:
        return None
    results = [result for _, result in judged]
    timed = [result.timings.fit_seconds for result in results]
    seconds = [value for value in timed if value is not None]
    expected = expected_best(
        [accuracy for accuracy, _ in judged],
        seconds if len(seconds) == len(judged) else None,
        measured=[
            accuracy if result.validation is None else result.validation.accuracy
            for accuracy, result in judged
        ],
        budgets=_budgets(len(judged)),
    )
    return SearchReport(
        study=records[0].study,
        independent=independent,
        expected=expected if independent else (),
        effects=tuple(parameter_effects(records, space, independent=independent)),
    )


def _budgets(trials: int) -> list[int]:
    """Return 1, 2, 5, 10, 20, … up to half of the trials: of more of them the band closes."""
    steps = (step * 10**power for power in range(6) for step in (1, 2, 5))
    return [step for step in steps if step <= max(1, trials // 2)]


def compare_searches(first: Sequence[Record], second: Sequence[Record]) -> SearchComparison:
    """Compare the searches of two sides, by the trials of one or several studies each.

    Several studies of a side are taken as repeats of one search under other seeds.

    Raises:
        ValueError: a side has no complete trial.
    """
    sides = [_side(first), _side(second)]
    trials = [
        [
            accuracy
            for record in side
            if record.state == "complete" and (accuracy := accuracy_of(record)) is not None
        ]
        for side in (first, second)
    ]
    repeated = all(len(side.best) > 1 for side in sides)
    return SearchComparison(
        first=sides[0],
        second=sides[1],
        searches=probability_better(sides[0].best, sides[1].best) if repeated else None,
        trials=probability_better(trials[0], trials[1]),
    )


def _side(records: Sequence[Record]) -> SearchSide:
    histories = [history for history in study_histories(records, ()) if history.steps]
    running = [_running_best(history) for history in histories]
    fewest = min((len(curve) for curve in running), default=0)
    # Where the shortest search has ended, the others would go on without it.
    end = min((curve[-1][0] for curve in running), default=0.0)
    moments = sorted({step.seconds for history in histories for step in history.steps})
    return SearchSide(
        studies=tuple(history.study for history in histories),
        best=tuple(history.steps[-1].accuracy for history in histories),
        seconds=tuple(history.seconds for history in histories),
        trials=tuple(len(curve) for curve in running),
        by_trials=tuple(
            _best_so_far(place + 1, [curve[place][1] for curve in running])
            for place in range(fewest)
        ),
        by_seconds=tuple(
            _best_so_far(moment, [_within(curve, moment) for curve in running])
            for moment in moments
            if moment <= end and all(curve[0][0] <= moment for curve in running)
        ),
    )


def _running_best(history: History) -> list[tuple[float, float]]:
    """Return (seconds, accuracy of the best by then) after each complete trial, as they end."""
    steps = [(step.seconds, step.accuracy) for step in history.steps]
    done = (s for s in history.spans if s.state == "complete" and s.accuracy is not None)
    return [(end, _within(steps, end)) for end in sorted(span.end_seconds for span in done)]


def _within(curve: Sequence[tuple[float, float]], moment: float) -> float:
    return curve[bisect.bisect_right(curve, moment, key=lambda point: point[0]) - 1][1]


def _best_so_far(at: float, accuracies: Sequence[float]) -> BestSoFar:
    several = len(accuracies) > 1
    return BestSoFar(
        at=at,
        accuracy=statistics.fmean(accuracies),
        low=min(accuracies) if several else None,
        high=max(accuracies) if several else None,
    )


def expected_optimism(accuracies: Sequence[float], images: int, *, seed: int = 0) -> float:
    """Return by how much the best accuracy of so many trials is expected to flatter it.

    The winner's curse: the trials are taken to be as good as measured, and measured anew on
    `images` other images, many times; what the best of them gains on its own accuracy is
    the answer, as a fraction. Two networks err together, as CORRELATED says.
    """
    import numpy as np

    if not accuracies:
        return 0.0
    truth = np.sort(np.array(accuracies, dtype=float))[-_MOST_TRIALS:]
    sd = np.sqrt((1 - CORRELATED) * truth * (1 - truth) / images)
    seen = truth + np.random.default_rng(seed).normal(0, 1, (_RESAMPLES, len(truth))) * sd
    best = seen.argmax(axis=1)
    # Never below 0 but for the chance of the draws.
    return max(0.0, float((seen[np.arange(_RESAMPLES), best] - truth[best]).mean()))


def expected_best(
    accuracies: Sequence[float],
    seconds: Sequence[float] | None = None,
    *,
    measured: Sequence[float] | None = None,
    budgets: Sequence[int] | None = None,
) -> tuple[BestOf, ...]:
    """Return the expected best of so many trials, drawn from those of a search.

    The trials must be drawn without regard to earlier results (random, qmc): of a sampler that
    learns, later trials are better than earlier ones, and the figures are those of no search.
    `accuracies` are those of all trials, a stopped one with its last; `seconds` theirs. The best
    is chosen by them; where other images measure, `measured` are the accuracies to expect of it.
    `budgets` are numbers of trials, in rising order; None: 1, 2, 3, … up to all of them.

    Source: J. Dodge et al., "Show Your Work", EMNLP 2019, without replacement as in R. Tang et
    al., "Showing Your Work Doesn't Always Work", ACL 2020, which takes its bias away.
    """
    for name, others in (("seconds", seconds), ("measured accuracies", measured)):
        if others is not None and len(others) != len(accuracies):
            raise ValueError(
                f"needs {name} for each of {len(accuracies)} trials, got {len(others)}"
            )
    count = len(accuracies)
    values = accuracies if measured is None else measured
    ordered = [value for _, value in sorted(zip(accuracies, values, strict=True))]
    # The places in `ordered` by rising value: the same where the values choose themselves.
    rising = sorted(range(count), key=lambda place: ordered[place])
    each = statistics.fmean(seconds) if seconds else None
    found = []
    for n in range(1, count + 1) if budgets is None else budgets:
        # The chance that the best of n is the i-th smallest: C(i - 1, n - 1) / C(count, n).
        chances = [0.0] * count
        chance = n / count
        for place in range(count - 1, n - 2, -1):
            chances[place] = chance
            chance *= (place + 1 - n) / place if place else 0.0
        at_most = list(itertools.accumulate(chances[place] for place in rising))
        found.append(
            BestOf(
                trials=n,
                seconds=None if each is None else n * each,
                accuracy=sum(p * value for p, value in zip(chances, ordered, strict=True)),
                low=ordered[rising[_first(at_most, 0.025)]],
                high=ordered[rising[_first(at_most, 0.975)]],
            )
        )
    return tuple(found)


def _first(at_most: Sequence[float], share: float) -> int:
    """Return the first place whose cumulated chance reaches a share."""
    return min(bisect.bisect_left(at_most, share - 1e-12), len(at_most) - 1)


def probability_better(
    first: Sequence[float], second: Sequence[float], *, seed: int = 0
) -> Superiority:
    """Return how probably a run of the first beats one of the second (larger is better).

    A run is a whole search under its own seed, say, and its value the best confirmed accuracy.

    Source: X. Bouthillier et al., "Accounting for Variance in Machine Learning Benchmarks",
    MLSys 2021.

    Raises:
        ValueError: one of the two has no run.
    """
    import numpy as np

    if not first or not second:
        raise ValueError(f"needs runs on both sides, got {len(first)} and {len(second)}")
    one, two = np.array(first, dtype=float), np.array(second, dtype=float)
    wins = (np.sign(one[:, None] - two[None, :]) + 1) / 2
    # A run drawn again counts as often as it was drawn.
    rng = np.random.default_rng(seed)
    weights, others = (
        rng.multinomial(count, np.full(count, 1 / count), _RESAMPLES) / count
        for count in wins.shape
    )
    low, high = np.quantile(np.sum(weights @ wins * others, axis=1), (0.025, 0.975))
    return Superiority(
        probability=float(wins.mean()),
        low=float(low),
        high=float(high),
        runs=(len(first), len(second)),
    )
