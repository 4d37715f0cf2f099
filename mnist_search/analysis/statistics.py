"""Intervals, tests and medians, in plain Python: scipy would cost a second of start-up."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

CONFIDENCE = 0.95
SIGNIFICANT = 0.05
# Above this many degrees of freedom Student's quantile is the normal one to three digits.
NORMAL_FROM_FREEDOM = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A range of plausible values, both ends included."""

    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A mean over `n` runs; `sd` is None for a single run, which says nothing of the spread."""

    mean: float
    sd: float | None
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """The median and the interquartile range; the range is None below two values."""

    median: float
    iqr: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A measured accuracy with its two sources of chance: the test images and the seeds.

    `images` is the size of the one test set that all the `runs` met, never their sum: a second
    seed on the same images says nothing new about other images. `sd` is the standard deviation
    between the runs.
    """

    accuracy: float
    images: int
    runs: int = 1
    sd: float | None = None

    @property
    def seed_variance(self) -> float:
        """Return the variance of the mean over the runs, 0 where the spread is unknown."""
        return 0.0 if self.sd is None else self.sd**2 / self.runs

    @property
    def interval(self) -> Interval:
        """Return the 95 % interval: Wilson's, widened by the spread between the seeds.

        The two variances add up; Student's quantile takes the degrees of freedom of the sum
        after Welch and Satterthwaite. One run gives Wilson's interval itself.
        """
        wilson = wilson_interval(self.accuracy * self.images, self.images)
        if self.sd is None:
            return wilson
        z = normal_quantile(CONFIDENCE)

        def widened(half_width: float) -> float:
            image_variance = (half_width / z) ** 2
            return half_margin(image_variance, [(self.seed_variance, self.runs - 1)])

        return Interval(
            low=max(0.0, self.accuracy - widened(self.accuracy - wilson.low)),
            high=min(1.0, self.accuracy + widened(wilson.high - self.accuracy)),
        )


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


def summarize_runs(values: Sequence[float]) -> Sample:
    """Return mean and standard deviation (n - 1) over the runs of one recipe."""
    sd = statistics.stdev(values) if len(values) > 1 else None
    return Sample(mean=statistics.fmean(values), sd=sd, n=len(values))


def t_interval(values: Sequence[float]) -> Interval | None:
    """Return Student's 95 % interval of the mean over seeds, None for fewer than two."""
    sample = summarize_runs(values)
    if sample.sd is None:
        return None
    half = student_quantile(CONFIDENCE, sample.n - 1) * sample.sd / math.sqrt(sample.n)
    return Interval(low=sample.mean - half, high=sample.mean + half)


def mcnemar_p_value(first_only: int, second_only: int) -> float:
    """Return the exact two-sided p-value that two models are equally often right.

    The arguments count the images that only the one, and only the other, answers rightly; under
    equality each such image is a fair coin. Source: Q. McNemar, Psychometrika 12 (1947).
    """
    if first_only < 0 or second_only < 0:
        raise ValueError(f"counts must be >= 0, got {first_only} and {second_only}")
    pairs, k = first_only + second_only, min(first_only, second_only)
    if 2 * k == pairs:
        return 1.0
    term = math.exp(
        math.lgamma(pairs + 1)
        - math.lgamma(k + 1)
        - math.lgamma(pairs - k + 1)
        - pairs * math.log(2)
    )
    tail = 0.0
    while k >= 0 and term > tail * 1e-17:
        tail += term
        term *= k / (pairs - k + 1)
        k -= 1
    return min(1.0, 2 * tail)


def paired_variance(first_only: int, second_only: int, images: int) -> float:
    """Return the variance of the difference of two accuracies on the same images.

    One image is added to each cell of the table of pairs, in all two, so that no difference is
    certain. Source: A. Agresti, Y. Min, Stat. Med. 24 (2005).
    """
    pairs, lead, total = first_only + second_only + 1, first_only - second_only, images + 2
    return (pairs - lead**2 / total) / total**2


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


def difference_p_value(first: Estimate, second: Estimate) -> float:
    """Return the two-sided p-value that two accuracies are one, as if on different images.

    The images give the pooled two-proportion variance, the seeds of each side their own.
    """
    variance = pooled_image_variance(first, second)
    parts = [(side.seed_variance, side.runs - 1) for side in (first, second)]
    return mean_p_value(first.accuracy - second.accuracy, variance, parts)


def difference_interval(first: Estimate, second: Estimate) -> Interval:
    """Return the 95 % interval of the difference (first - second), as if on different images.

    Source of the variance: A. Agresti, B. Caffo, Am. Stat. 54 (2000): two images more on each
    side, one of them right.
    """
    variance = 0.0
    for side in (first, second):
        images = side.images + 2
        share = (side.accuracy * side.images + 1) / images
        variance += share * (1 - share) / images
    half = half_margin(variance, [(side.seed_variance, side.runs - 1) for side in (first, second)])
    difference = first.accuracy - second.accuracy
    return Interval(low=max(-1.0, difference - half), high=min(1.0, difference + half))


def pooled_image_variance(first: Estimate, second: Estimate) -> float:
    """Return the variance of the difference of two proportions that are one."""
    correct = first.accuracy * first.images + second.accuracy * second.images
    pooled = correct / (first.images + second.images)
    return max(0.0, pooled * (1 - pooled)) * (1 / first.images + 1 / second.images)


def mean_p_value(mean: float, image_variance: float, parts: Sequence[tuple[float, int]]) -> float:
    """Return the two-sided p-value that a mean is 0; the variances are those of `half_margin`."""
    total = image_variance + sum(part for part, _ in parts)
    if total == 0:
        return 1.0 if mean == 0 else 0.0
    return student_p_value(mean / math.sqrt(total), _freedom(image_variance, parts))


def half_margin(image_variance: float, parts: Sequence[tuple[float, int]]) -> float:
    """Return the 95 % half-width for a normal variance plus (variance, freedom) parts."""
    total = image_variance + sum(part for part, _ in parts)
    return student_quantile(CONFIDENCE, _freedom(image_variance, parts)) * math.sqrt(total)


def _freedom(image_variance: float, parts: Sequence[tuple[float, int]]) -> int:
    """Return the degrees of freedom of a sum, after Welch and Satterthwaite, rounded down."""
    total = image_variance + sum(part for part, _ in parts)
    uncertain = sum((part / total) ** 2 / freedom for part, freedom in parts if part > 0)
    if uncertain * NORMAL_FROM_FREEDOM <= 1:
        return NORMAL_FROM_FREEDOM
    # A hair more, so that a sum with one part alone keeps its whole number of degrees.
    return max(1, math.floor(1 / uncertain + 1e-9))


@lru_cache(maxsize=8)
def normal_quantile(confidence: float) -> float:
    """Return z with `confidence` of the normal distribution within -z..z."""
    return statistics.NormalDist().inv_cdf((1 + confidence) / 2)


def student_p_value(t: float, freedom: int) -> float:
    """Return the two-sided p-value of Student's t; 1,000 degrees or more count as normal.

    Source: the finite sums for whole degrees of freedom, Abramowitz and Stegun 26.7.3-4.
    """
    if freedom >= NORMAL_FROM_FREEDOM:
        return math.erfc(abs(t) / math.sqrt(2))
    theta = math.atan2(abs(t), math.sqrt(freedom))
    cos2 = math.cos(theta) ** 2
    odd = freedom % 2
    term = math.cos(theta) if odd else 1.0
    total = 0.0
    for step in range(freedom // 2):
        total += term
        term *= cos2 * (2 * step + 1 + odd) / (2 * step + 2 + odd)
    inside = math.sin(theta) * total
    if odd:
        inside = 2 / math.pi * (theta + inside)
    return min(1.0, max(0.0, 1 - inside))


@lru_cache(maxsize=256)
def student_quantile(confidence: float, freedom: int) -> float:
    """Return t with `confidence` of Student's distribution within -t..t."""
    if freedom < 1:
        raise ValueError(f"degrees of freedom must be >= 1, got {freedom}")
    if freedom >= NORMAL_FROM_FREEDOM:
        return normal_quantile(confidence)
    low, high = 0.0, 1.0
    while student_p_value(high, freedom) > 1 - confidence:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        if student_p_value(middle, freedom) > 1 - confidence:
            low = middle
        else:
            high = middle
    return high


def median_and_iqr(values: Sequence[float]) -> Spread | None:
    """Return the median and interquartile range of raw samples, None where there are none."""
    if not values:
        return None
    if len(values) == 1:
        return Spread(median=values[0], iqr=None)
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return Spread(median=middle, iqr=high - low)


def relative_to_fastest(seconds: Sequence[float | None]) -> list[float | None]:
    """Return each time as a multiple of the least one; unknown stays None.

    The caller sees to it that the times come from one machine.
    """
    known = [value for value in seconds if value is not None and value > 0]
    if not known:
        return [None] * len(seconds)
    fastest = min(known)
    return [None if value is None else value / fastest for value in seconds]
