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
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, variance
from typing import Literal

from mnist_search.analysis.contenders import Contender
from mnist_search.analysis.spread import SeedSpread
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
    wilson_interval,
)

Pair = tuple[int, int]
Weighted = Sequence[tuple[float, Contender]]
Method = Literal["paired", "two proportions", "seeds alone"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The difference of two accuracies (first - second, as fractions), and how sure it is.

    Of another quantity (a loss, in nats) `method` is "seeds alone", and there are no `images`.

    `family_p_value` is the p-value among all comparisons of its family (Holm), None where it is
    alone. `networks_p_value` is McNemar's, about the two trained networks and not their recipes,
    where there is one of each. `spread` is what the seeds' part of the error rests on.
    """

    difference: float
    variance: float
    dof: float
    method: Method
    runs: tuple[int, int]
    images: int
    spread: SeedSpread
    family_p_value: float | None = None
    networks_p_value: float | None = None

    @property
    def p_value(self) -> float:
        """Return the two-sided p-value of this comparison alone (Student's test)."""
        if self.variance > 0:
            return student_p_value(self.difference / math.sqrt(self.variance), self.dof)
        return 1.0 if self.difference == 0 else 0.0

    @property
    def p_adjusted(self) -> float:
        """Return the p-value among all comparisons of the family."""
        return self.p_value if self.family_p_value is None else self.family_p_value

    @property
    def significant(self) -> bool:
        """Return whether the two differ at 5 % over the whole family."""
        return self.p_adjusted <= SIGNIFICANT and self.difference != 0

    @property
    def interval(self) -> Interval:
        """Return the 95 % interval of the difference, for this comparison alone."""
        half = student_quantile(CONFIDENCE, self.dof) * math.sqrt(self.variance)
        return Interval(low=self.difference - half, high=self.difference + half)

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
    return contrast([(1.0, first), (-1.0, second)], spread)


def contrast(weighted: Weighted, spread: SeedSpread) -> Difference:
    """Return a weighted sum of accuracies as a difference: what is added less what is taken away.

    So the means over several recipes are compared, or differences of differences (interactions).
    """
    alone, flips, pooled = [], [], []
    seeds = []
    for weight, contender in weighted:
        found, square = contender.estimate, weight**2
        part, share = spread.variance_of(found), spread.flips_of(found)
        # What the seeds average out is not in the mean over them any more.
        alone.append(square * ((1 - share) * found.run_variance))
        flips.append(square * (share * found.run_variance / found.runs))
        by_seeds = square * (part.variance / found.runs)
        if part.own:
            seeds.append((by_seeds, part.dof))
        else:
            pooled.append(by_seeds)
    if pooled:
        # They draw on one pool, whose error they share.
        seeds.append((sum(pooled), spread.dof))
    paired = _paired_variance(weighted)
    images = sum(alone) if paired is None else max(0.0, paired - sum(flips))
    total = images + sum(part for part, _ in seeds)
    return Difference(
        difference=sum(weight * contender.estimate.accuracy for weight, contender in weighted),
        variance=total,
        dof=_total_dof(total, seeds),
        method="two proportions" if paired is None else "paired",
        runs=(
            sum(one.estimate.runs for weight, one in weighted if weight > 0),
            sum(one.estimate.runs for weight, one in weighted if weight < 0),
        ),
        images=min(one.estimate.images for _, one in weighted),
        spread=spread,
        networks_p_value=_networks_p_value(weighted),
    )


def compare_all(contenders: Sequence[Contender], spread: SeedSpread) -> dict[Pair, Difference]:
    """Compare all pairs (of places, the lower first), corrected over all of them (Holm)."""
    pairs = list(itertools.combinations(range(len(contenders)), 2))
    found = [compare(contenders[one], contenders[two], spread) for one, two in pairs]
    return dict(zip(pairs, corrected(found), strict=True))


def corrected(family: Sequence[Difference]) -> list[Difference]:
    """Return comparisons with the p-values that they have among all of them (Holm)."""
    adjusted = holm_adjusted([comparison.p_value for comparison in family])
    return [
        dataclasses.replace(comparison, family_p_value=p_value)
        for comparison, p_value in zip(family, adjusted, strict=True)
    ]


def pool_samples(samples: Iterable[Sequence[float]]) -> SeedSpread | None:
    """Return the pooled spread of one run of a quantity; None where no model has two runs.

    Each sample holds the runs of one model.
    """
    several = [sample for sample in samples if len(sample) > 1]
    dof = sum(len(sample) - 1 for sample in several)
    if not dof:
        return None
    total = sum(variance(sample) * (len(sample) - 1) for sample in several)
    return SeedSpread(variance=total / dof, dof=dof, flips=0.0, models=len(several), source="study")


def compare_samples(
    first: Sequence[float], second: Sequence[float], pool: SeedSpread
) -> Difference:
    """Compare the means of a quantity that is no accuracy, over the runs of two models.

    Student's test with the spread pooled over the models (see `pool_samples`): the error is that
    of the seeds alone, the test images are taken as they are.
    """
    return Difference(
        difference=fmean(first) - fmean(second),
        variance=pool.variance * (1 / len(first) + 1 / len(second)),
        dof=pool.dof,
        method="seeds alone",
        runs=(len(first), len(second)),
        images=0,
        spread=pool,
    )


def _same_images(weighted: Weighted) -> bool:
    sets = {contender.image_set for _, contender in weighted}
    return len(sets) == 1 and None not in sets


def _paired_variance(weighted: Weighted) -> float | None:
    """Return the variance of the mean weighted sum per image; None where it is not known.

    Of two recipes without labels it is the largest that any labels would give, which errs towards
    a tie.
    """
    import numpy as np

    if not _same_images(weighted):
        return None
    shares = [contender.right for _, contender in weighted]
    right = [share for share in shares if share is not None]
    if len(right) == len(shares):
        sums = sum(weight * share for (weight, _), share in zip(weighted, right, strict=True))
        return float(np.var(sums)) / len(right[0])
    if len(weighted) != 2:
        return None
    (_, first), (_, second) = weighted
    if first.votes is None or second.votes is None:
        return None
    images, votes = len(first.votes), (first.votes, second.votes)
    classes = max(side.shape[1] for side in votes)
    one, two = (np.pad(side, ((0, 0), (0, classes - side.shape[1]))) for side in votes)
    squares = float(np.square(one - two).max(axis=1).sum()) / images
    return max(0.0, squares - (first.estimate.accuracy - second.estimate.accuracy) ** 2) / images


def _networks_p_value(weighted: Weighted) -> float | None:
    if len(weighted) != 2 or not _same_images(weighted):
        return None
    (_, first), (_, second) = weighted
    if first.estimate.runs > 1 or second.estimate.runs > 1:
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
