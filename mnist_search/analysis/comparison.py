"""Is one recipe better than another? The one comparison behind every claim of this program.

Seeds and images are crossed: all runs meet the same images. The error of a difference has an
image part, from the per-image differences averaged over seeds, and a seed part, from the pooled
spread of one run between seeds over the number of runs. What another seed answers otherwise by
chance is in both, and is taken out of the first.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mnist_search.analysis.predictions import unpack_predictions
from mnist_search.analysis.spread import SeedSpread, pool_seed_spread
from mnist_search.analysis.statistics import (
    CONFIDENCE,
    SIGNIFICANT,
    Estimate,
    Interval,
    holm_adjusted,
    mcnemar_p_value,
    normal_quantile,
    student_p_value,
    student_quantile,
    summarize_runs,
    wilson_interval,
)
from mnist_search.errors import DataError
from mnist_search.specs import RunResult, Score

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Pair = tuple[int, int]
Method = Literal["paired", "two proportions"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Contender:
    """A recipe to compare: its accuracy over its runs, and what they answered to which images.

    `right` is the share of the runs that answered each image of `image_set` rightly; where the
    labels are not at hand it is None, and `votes` (images, classes) is the share of the runs that
    gave each answer. Both are None where a run kept no answers.
    """

    estimate: Estimate
    image_set: str | None = None
    right: npt.NDArray[np.float64] | None = None
    votes: npt.NDArray[np.float64] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The difference of two accuracies (first - second, as fractions), and how sure it is.

    `p_value` is two-sided and that of this comparison alone, `p_adjusted` the same among all
    comparisons of its family (Holm). `networks_p_value` is McNemar's, about the two trained
    networks and not their recipes, where there is one of each. `spread` is what the seeds' part
    of the error rests on.
    """

    difference: float
    variance: float
    dof: float
    p_value: float
    p_adjusted: float
    method: Method
    runs: tuple[int, int]
    images: int
    spread: SeedSpread
    networks_p_value: float | None = None

    @property
    def significant(self) -> bool:
        """Return whether the two differ at 5 % over the whole family."""
        return self.p_adjusted <= SIGNIFICANT and self.difference != 0

    @property
    def interval(self) -> Interval:
        """Return the 95 % interval of the difference, for this comparison alone."""
        half = student_quantile(CONFIDENCE, self.dof) * math.sqrt(self.variance)
        return Interval(
            low=max(-1.0, self.difference - half), high=min(1.0, self.difference + half)
        )

    @property
    def borrowed(self) -> bool:
        """Return whether the spread between seeds is not that of the study alone."""
        return self.spread.source != "study"

    def reversed(self) -> Difference:
        """Return the comparison seen from the second."""
        return dataclasses.replace(self, difference=-self.difference, runs=self.runs[::-1])

    def lower_bound(self, chosen_among: int = 1) -> float:
        """Return above which bound the true difference lies, with 95 % certainty.

        The first of the two may have been chosen as the best of so many: each of them could have
        come out first by chance, and each has its share of the 5 % (Bonferroni).
        """
        error = (1 - CONFIDENCE) / max(1, chosen_among)
        quantile = student_quantile(1 - 2 * error, self.dof)
        return self.difference - quantile * math.sqrt(self.variance)


def make_contender(
    results: Sequence[RunResult],
    image_set: str | None = None,
    labels: bytes | None = None,
    *,
    on: Literal["test", "validation"] = "test",
) -> Contender | None:
    """Return the complete runs of one recipe as a contender; None where one has no score.

    Answers are kept for test images alone: `image_set` is the digest of their data set, `labels`
    are theirs, a byte each.

    Raises:
        DataError: answers are damaged, or contradict their score.
    """
    import numpy as np

    scores = [result.test if on == "test" else result.validation for result in results]
    known = [score for score in scores if score is not None]
    found = estimate(known) if known and len(known) == len(scores) else None
    if found is None:
        return None
    if on != "test" or image_set is None:
        return Contender(estimate=found)
    packed = [result.predictions for result in results if result.predictions is not None]
    if len(packed) < len(results):
        return Contender(estimate=found, image_set=image_set)
    answers = np.stack(
        [np.frombuffer(unpack_predictions(text, found.images), np.uint8) for text in packed]
    )
    if labels is None:
        votes = np.zeros((found.images, int(answers.max()) + 1))
        for run in answers:
            votes[np.arange(found.images), run] += 1 / len(answers)
        return Contender(estimate=found, image_set=image_set, votes=votes)
    if len(labels) != found.images:
        raise DataError(f"labels must be one per test image, got {len(labels)}")
    right = answers == np.frombuffer(labels, np.uint8)
    if [int(run.sum()) for run in right] != [score.correct for score in known]:
        raise DataError("predictions contradict their scores")
    share = right.mean(axis=0)
    return Contender(
        estimate=dataclasses.replace(found, flips=share_of_flips(share, found.runs)),
        image_set=image_set,
        right=share,
    )


def share_of_flips(right: npt.NDArray[np.float64], runs: int) -> float | None:
    """Return which share of one run's binomial variance another seed draws anew.

    `right` is the share of the runs that answered each image rightly. None for one run, or where
    all answers are right, or wrong.
    """
    accuracy = float(right.mean())
    if runs < 2 or not 0 < accuracy < 1:
        return None
    within = float((right * (1 - right)).mean()) * runs / (runs - 1)
    return within / (accuracy * (1 - accuracy))


def estimate(scores: Sequence[Score]) -> Estimate | None:
    """Return the accuracy over runs on one set of images; None for none, or for mixed sets."""
    totals = {score.total for score in scores}
    if len(totals) != 1 or 0 in totals:
        return None
    sample = summarize_runs([score.accuracy for score in scores])
    return Estimate(accuracy=sample.mean, images=totals.pop(), runs=sample.n, sd=sample.sd)


def pool_of(contenders: Sequence[Contender]) -> SeedSpread:
    """Return the pooled spread between the seeds of contenders (collapsed ones left out)."""
    return pool_seed_spread(contender.estimate for contender in contenders)


def recipe_interval(found: Estimate, spread: SeedSpread) -> Interval:
    """Return the 95 % interval of a recipe's accuracy: Wilson's, with the spread of its seeds."""
    wilson = wilson_interval(found.accuracy * found.images, found.images)
    part = spread.variance_of(found)
    seeds, z = part.variance / found.runs, normal_quantile(CONFIDENCE)

    def widened(half_width: float) -> float:
        total = (1 - spread.flips_of(found)) * (half_width / z) ** 2 + seeds
        return student_quantile(CONFIDENCE, _total_dof(total, [(seeds, part.dof)])) * math.sqrt(
            total
        )

    return Interval(
        low=max(0.0, found.accuracy - widened(found.accuracy - wilson.low)),
        high=min(1.0, found.accuracy + widened(wilson.high - found.accuracy)),
    )


def compare(first: Contender, second: Contender, spread: SeedSpread) -> Difference:
    """Compare two recipes, paired where both answered the same images, else as proportions.

    The test is Student's, with the degrees of freedom after Welch and Satterthwaite. With one run
    each the pooled spread alone tells how much another seed would change.
    """
    return _compare(_side(first, spread), _side(second, spread), spread)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    """A contender with the variances of its mean: by seeds, by their flips alone, by images alone.

    The last is that of the images that it would meet alone, without a partner to pair them with.
    """

    contender: Contender
    seeds: float
    dof: int
    own: bool
    flips: float
    images: float


def _side(contender: Contender, spread: SeedSpread) -> _Side:
    found = contender.estimate
    part, share = spread.variance_of(found), spread.flips_of(found)
    return _Side(
        contender=contender,
        seeds=part.variance / found.runs,
        dof=part.dof,
        own=part.own,
        flips=share * found.run_variance / found.runs,
        # What the seeds average out is not in the mean over them any more.
        images=(1 - share) * found.run_variance,
    )


def _compare(one: _Side, other: _Side, spread: SeedSpread) -> Difference:
    first, second = one.contender, other.contender
    paired = _paired_variance(first, second)
    if paired is None:
        images = one.images + other.images
    else:
        images = max(0.0, paired - one.flips - other.flips)
    if one.own or other.own:
        seeds = [(one.seeds, one.dof), (other.seeds, other.dof)]
    else:
        # Both draw on one pool, whose error they share.
        seeds = [(one.seeds + other.seeds, one.dof)]
    total = images + one.seeds + other.seeds
    difference = first.estimate.accuracy - second.estimate.accuracy
    degrees = _total_dof(total, seeds)
    if total == 0:
        p_value = 1.0 if difference == 0 else 0.0
    else:
        p_value = student_p_value(difference / math.sqrt(total), degrees)
    return Difference(
        difference=difference,
        variance=total,
        dof=degrees,
        p_value=p_value,
        p_adjusted=p_value,
        method="two proportions" if paired is None else "paired",
        runs=(first.estimate.runs, second.estimate.runs),
        images=min(first.estimate.images, second.estimate.images),
        spread=spread,
        networks_p_value=_networks_p_value(first, second),
    )


def compare_all(contenders: Sequence[Contender], spread: SeedSpread) -> dict[Pair, Difference]:
    """Compare all pairs (of places, the lower first), corrected over all of them (Holm)."""
    sides = [_side(contender, spread) for contender in contenders]
    pairs = list(itertools.combinations(range(len(sides)), 2))
    found = [_compare(sides[one], sides[two], spread) for one, two in pairs]
    return dict(zip(pairs, corrected(found), strict=True))


def corrected(family: Sequence[Difference]) -> list[Difference]:
    """Return comparisons with the p-values that they have among all of them (Holm)."""
    adjusted = holm_adjusted([comparison.p_value for comparison in family])
    return [
        dataclasses.replace(comparison, p_adjusted=p_value)
        for comparison, p_value in zip(family, adjusted, strict=True)
    ]


def rank_range(place: int, count: int, found: Mapping[Pair, Difference]) -> tuple[int, int]:
    """Return [1 + number significantly better, count - number significantly worse]."""
    better = worse = 0
    for other in range(count):
        comparison = seen_from(place, other, found)
        if comparison is not None and comparison.significant:
            better += comparison.difference < 0
            worse += comparison.difference > 0
    return 1 + better, count - worse


def seen_from(place: int, other: int, found: Mapping[Pair, Difference]) -> Difference | None:
    """Return the comparison of one place with another, with the one first; None for itself."""
    if place == other:
        return None
    return found[place, other] if place < other else found[other, place].reversed()


def _same_images(first: Contender, second: Contender) -> bool:
    return first.image_set is not None and first.image_set == second.image_set


def _paired_variance(first: Contender, second: Contender) -> float | None:
    """Return the variance of the mean per-image difference; None where it is not known.

    Without labels it is the largest that any labels would give, which errs towards a tie.
    """
    import numpy as np

    if not _same_images(first, second):
        return None
    if first.right is not None and second.right is not None:
        return float(np.var(first.right - second.right)) / len(first.right)
    if first.votes is None or second.votes is None:
        return None
    images, votes = len(first.votes), (first.votes, second.votes)
    classes = max(side.shape[1] for side in votes)
    one, two = (np.pad(side, ((0, 0), (0, classes - side.shape[1]))) for side in votes)
    squares = float(np.square(one - two).max(axis=1).sum()) / images
    return max(0.0, squares - (first.estimate.accuracy - second.estimate.accuracy) ** 2) / images


def _networks_p_value(first: Contender, second: Contender) -> float | None:
    if not _same_images(first, second) or first.estimate.runs > 1 or second.estimate.runs > 1:
        return None
    if first.right is None or second.right is None:
        return None
    return mcnemar_p_value(
        int((first.right > second.right).sum()), int((second.right > first.right).sum())
    )


def _total_dof(total: float, parts: Sequence[tuple[float, int]]) -> float:
    """Return the degrees of freedom of a sum of variances, after Welch and Satterthwaite."""
    uncertain = sum((part / total) ** 2 / dof for part, dof in parts if part > 0 and total > 0)
    return 1 / uncertain if uncertain > 0 else math.inf
