"""Intervals, tests and medians, in plain Python: scipy.special would cost 0.2 s of each start."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

CONFIDENCE = 0.95
SIGNIFICANT = 0.05
# From here Student's distribution is the normal one to six digits, and its sums lose digits.
NORMAL_FROM_DOF = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A range of plausible values, both ends included."""

    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """The mean accuracy of `runs` runs of one recipe, and the standard deviation between them.

    `images` is the size of the one set of images that all runs met, never their sum: a second
    seed on the same images says nothing new about other images. `sd` is None for a single run.
    `flips` is the share of `run_variance` that another seed draws anew, by the images that some of
    the runs answer rightly and others do not; None where that is unknown.
    """

    accuracy: float
    images: int
    runs: int = 1
    sd: float | None = None
    flips: float | None = None

    @classmethod
    def of(cls, accuracies: Sequence[float], images: int) -> Estimate:
        """Return the estimate of runs of one recipe, whose accuracies are fractions of `images`."""
        return cls(
            accuracy=statistics.fmean(accuracies),
            images=images,
            runs=len(accuracies),
            sd=statistics.stdev(accuracies) if len(accuracies) > 1 else None,
        )

    @property
    def run_variance(self) -> float:
        """Return the binomial variance of one run's accuracy.

        One image is added that is right and one that is wrong, so that no accuracy is certain.
        """
        share = (self.accuracy * self.images + 1) / (self.images + 2)
        return share * (1 - share) / self.images


def wilson_interval(correct: float, total: int) -> Interval:
    """Return Wilson's 95 % score interval of a proportion; it never leaves 0..1.

    `correct` may be a mean over runs. Source: E. B. Wilson, JASA 22 (1927).
    """
    if total < 1 or not 0 <= correct <= total:
        raise ValueError(f"needs 0 <= correct <= total and total >= 1, got {correct} of {total}")
    z = normal_quantile(CONFIDENCE)
    share = correct / total
    scale = 1 + z**2 / total
    center = (share + z**2 / (2 * total)) / scale
    half = z / scale * math.sqrt(share * (1 - share) / total + z**2 / (4 * total**2))
    # At the ends the formula gives 0 and 1 but for rounding errors.
    low = 0.0 if correct == 0 else max(0.0, center - half)
    high = 1.0 if correct == total else min(1.0, center + half)
    return Interval(low=low, high=high)


def mcnemar_p_value(first_only: int, second_only: int) -> float:
    """Return the exact two-sided p-value that two models are equally often right.

    The arguments count the images that only the one, and only the other, answers rightly; under
    equality each such image is a fair coin. Source: Q. McNemar, Psychometrika 12 (1947).
    """
    if first_only < 0 or second_only < 0:
        raise ValueError(f"counts must be >= 0, got {first_only} and {second_only}")
    pairs = first_only + second_only
    # Whole numbers, and so exact: how many of the 2**pairs outcomes are in the smaller tail.
    tail = ways = 1
    for wins in range(min(first_only, second_only)):
        ways = ways * (pairs - wins) // (wins + 1)
        tail += ways
    return min(1.0, 2 * tail / (1 << pairs))


def holm_adjusted(p_values: Sequence[float]) -> list[float]:
    """Return each p-value as it stands among all of them together, in the order given.

    What is at most 5 % afterwards holds the chance of even one wrong difference at 5 %.
    Source: S. Holm, Scand. J. Stat. 6 (1979).
    """
    adjusted = [1.0] * len(p_values)
    least = 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda place: p_values[place])):
        least = max(least, min(1.0, p_values[place] * (len(p_values) - rank)))
        adjusted[place] = least
    return adjusted


@lru_cache(maxsize=8)
def normal_quantile(confidence: float) -> float:
    """Return z with `confidence` of the normal distribution within -z..z."""
    return statistics.NormalDist().inv_cdf((1 + confidence) / 2)


def student_p_value(t: float, dof: float) -> float:
    """Return the two-sided p-value of Student's t; above a million degrees it is the normal."""
    if dof > NORMAL_FROM_DOF:
        return math.erfc(abs(t) / math.sqrt(2))
    return incomplete_beta(dof / 2, 0.5, dof / (dof + t * t))


@lru_cache(maxsize=1024)
def student_quantile(confidence: float, dof: float) -> float:
    """Return t with `confidence` of Student's distribution within -t..t."""
    if dof <= 0:
        raise ValueError(f"degrees of freedom must be > 0, got {dof}")
    if dof > NORMAL_FROM_DOF:
        return normal_quantile(confidence)
    # Newton's steps from the normal quantile: a whole board of intervals must not take seconds.
    # From below they never jump over the goal, as the tail is convex.
    t = normal_quantile(confidence)
    scale = math.lgamma((dof + 1) / 2) - math.lgamma(dof / 2) - 0.5 * math.log(dof * math.pi)
    for _ in range(200):
        density = math.exp(scale - (dof + 1) / 2 * math.log1p(t * t / dof))
        step = (student_p_value(t, dof) - (1 - confidence)) / (2 * density)
        t += step
        if abs(step) <= 1e-12 * t:
            break
    return t


def variance_ratio_p_value(ratio: float, dof: int, other_dof: float) -> float:
    """Return the chance that the ratio of two estimates of one variance is as large (F test)."""
    if ratio <= 0:
        return 1.0
    return incomplete_beta(other_dof / 2, dof / 2, other_dof / (other_dof + dof * ratio))


def incomplete_beta(a: float, b: float, x: float) -> float:
    """Return the regularized incomplete beta function I_x(a, b), to about 1e-12.

    Source: the continued fraction of Abramowitz and Stegun 26.5.8, by Lentz's method.
    """
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    if x > (a + 1) / (a + b + 2):
        # The fraction converges fast on this side of the mean alone.
        return 1 - incomplete_beta(b, a, 1 - x)
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )
    c, d = 1.0, 1 / (1 - (a + b) * x / (a + 1))
    fraction = d
    for m in range(1, 10_000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1 / (1 + even * d)
        c = 1 + even / c
        fraction *= c * d
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d = 1 / (1 + odd * d)
        c = 1 + odd / c
        fraction *= c * d
        if abs(c * d - 1) < 1e-14:
            break
    return front * fraction / a


def median(values: Iterable[float | None]) -> float | None:
    """Return the median of the known values, None where none is known."""
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def interquartile_range(values: Iterable[float | None]) -> float | None:
    """Return the interquartile range of the known values, None below two of them."""
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return None
    low, _, high = statistics.quantiles(known, n=4, method="inclusive")
    return high - low
