"""What a search finds with how much: the expected best of n trials, and which search is better."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

# Below that share of pairs a difference is none to act on (Bouthillier et al. 2021, section 5).
MEANINGFUL = 0.75
_RESAMPLES = 2000


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


def expected_best(
    accuracies: Sequence[float], seconds: Sequence[float] | None = None
) -> tuple[BestOf, ...]:
    """Return the expected best of 1, 2, … trials, drawn from those of a search.

    The trials must be drawn without regard to earlier results (random, qmc): of a sampler that
    learns, later trials are better than earlier ones, and the figures are those of no search.
    `accuracies` are those of all trials, a stopped one with its last; `seconds` theirs.

    Source: J. Dodge et al., "Show Your Work", EMNLP 2019, without replacement as in R. Tang et
    al., "Showing Your Work Doesn't Always Work", ACL 2020, which takes its bias away.
    """
    if seconds is not None and len(seconds) != len(accuracies):
        raise ValueError(f"needs seconds for each of {len(accuracies)} trials, got {len(seconds)}")
    ordered = sorted(accuracies)
    count = len(ordered)
    each = statistics.fmean(seconds) if seconds else None
    found = []
    for n in range(1, count + 1):
        # The chance that the best of n is at most the i-th smallest: C(i, n) / C(count, n).
        at_most = [0.0] * count
        chance = 1.0
        for place in range(count - 1, n - 2, -1):
            at_most[place] = chance
            chance *= (place + 1 - n) / (place + 1)
        exactly = [at_most[0], *(high - low for low, high in itertools.pairwise(at_most))]
        found.append(
            BestOf(
                trials=n,
                seconds=None if each is None else n * each,
                accuracy=sum(p * value for p, value in zip(exactly, ordered, strict=True)),
                low=_quantile(ordered, at_most, 0.025),
                high=_quantile(ordered, at_most, 0.975),
            )
        )
    return tuple(found)


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


def _quantile(ordered: Sequence[float], at_most: Sequence[float], share: float) -> float:
    return next(value for value, p in zip(ordered, at_most, strict=True) if p >= share - 1e-12)
