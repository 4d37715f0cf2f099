"""How much the accuracy of one recipe varies between seeds, pooled over the models at hand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from mnist_search.analysis.statistics import Estimate, variance_ratio_p_value

# A pool with fewer degrees of freedom widens every interval by over a seventh (t = 2.23 at 10),
# so it is filled up with the shipped measurements.
FEWEST_DOF = 10
# A model whose spread is so unlikely under the pool's carries its own: raw test pixels, say.
UNUSUAL = 0.001

Source = Literal["study", "study and shipped", "shipped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class VariancePart:
    """A variance, its degrees of freedom, and whether it is a recipe's own or the pool's."""

    variance: float
    dof: int
    own: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedSpread:
    """The variance of one run's accuracy between seeds, and what it was pooled from.

    `flips` is the share of the binomial variance of one run that another seed draws anew: the
    images that one seed answers rightly and another does not. They change the accuracy by
    chance, so the variance between seeds is never taken to be less.
    """

    variance: float
    dof: int
    flips: float
    models: int
    source: Source

    def flips_of(self, estimate: Estimate) -> float:
        """Return the share of flips of a recipe: its own where that is known, else the pool's."""
        return self.flips if estimate.flips is None else estimate.flips

    def variance_of(self, estimate: Estimate) -> VariancePart:
        """Return the variance of one run of a recipe.

        That is the pool's, but for a recipe that evidently varies more: it has its own.
        """
        return _variance_of(self, estimate)


# All pairs of a board ask for it.
@lru_cache(maxsize=1024)
def _variance_of(spread: SeedSpread, estimate: Estimate) -> VariancePart:
    pooled = max(spread.variance, spread.flips_of(estimate) * estimate.run_variance)
    if estimate.sd is not None and estimate.runs > 1 and pooled > 0:
        ratio = estimate.sd**2 / pooled
        if variance_ratio_p_value(ratio, estimate.runs - 1, spread.dof) < UNUSUAL:
            return VariancePart(variance=estimate.sd**2, dof=estimate.runs - 1, own=True)
    return VariancePart(variance=pooled, dof=spread.dof, own=False)


# Test accuracies of 20 recipes of `reports/references.json` (61 runs on MNIST's 10,000 test
# images): n and standard deviation in points.
_MEASURED: Final = (
    ("cnn-larger", 4, 0.089), ("cnn-bn-dropout (corrected)", 3, 0.151),
    ("cnn-plain (corrected)", 3, 0.090), ("cnn-plain", 3, 0.145), ("cnn-simple", 3, 0.055),
    ("mlp-drop-5", 3, 0.068), ("mlp-drop-2", 3, 0.044), ("mlp-drop-3", 3, 0.035),
    ("mlp-relu-3", 3, 0.125), ("mlp-relu-5", 3, 0.152), ("mlp-batch-3", 3, 0.068),
    ("mlp-batch-2", 3, 0.101), ("mlp-batch-5", 3, 0.130), ("mlp-784", 3, 0.060),
    ("dnn-dropout", 3, 0.029), ("dnn", 3, 0.092), ("mlp-relu-2", 3, 0.053),
    ("logistic-l2", 3, 0.136), ("logistic-l1", 3, 0.117), ("logistic", 3, 0.137),
)  # fmt: skip
# The mean over mlp-784 (0.28), cnn-simple (0.39), logistic-l2 (0.14), mlp-relu-2 (0.47), mlp-drop-3
# (0.33) and cnn-larger (0.54), four seeds each.
_FLIPS: Final = 0.35

SHIPPED: Final = SeedSpread(
    variance=sum((n - 1) * (sd / 100) ** 2 for _, n, sd in _MEASURED)
    / sum(n - 1 for _, n, _ in _MEASURED),
    dof=sum(n - 1 for _, n, _ in _MEASURED),
    flips=_FLIPS,
    models=len(_MEASURED),
    source="shipped",
)


def pool_seed_spread(estimates: Iterable[Estimate]) -> SeedSpread:
    """Pool the spread of the recipes that were run with several seeds.

    A pool with fewer than ten degrees of freedom is filled up with the shipped one; recipes
    that evidently vary more than the rest are left out.
    """
    every = list(estimates)
    flips = [estimate.flips for estimate in every if estimate.flips is not None]
    own = sorted(
        (estimate for estimate in every if estimate.sd is not None and estimate.runs > 1),
        key=lambda estimate: estimate.sd or 0.0,
    )
    while True:
        base = SHIPPED if sum(one.runs - 1 for one in own) < FEWEST_DOF else None
        if not own:
            return SHIPPED
        largest, rest = own[-1], _pooled(own[:-1], base)
        if rest is None or rest[0] == 0:
            break
        ratio = (largest.sd or 0.0) ** 2 / rest[0]
        if variance_ratio_p_value(ratio, largest.runs - 1, rest[1]) >= UNUSUAL:
            break
        own.pop()
    variance, dof = _pooled(own, base) or (0.0, 1)
    return SeedSpread(
        variance=variance,
        dof=dof,
        flips=sum(flips) / len(flips) if flips else SHIPPED.flips,
        models=len(own) + (0 if base is None else base.models),
        source="study" if base is None else "study and shipped",
    )


def _pooled(own: Sequence[Estimate], base: SeedSpread | None) -> tuple[float, int] | None:
    """Return the mean variance, weighted by degrees of freedom, and their sum."""
    parts = [((one.sd or 0.0) ** 2, one.runs - 1) for one in own]
    if base is not None:
        parts.append((base.variance, base.dof))
    dof = sum(count for _, count in parts)
    return (sum(variance * count for variance, count in parts) / dof, dof) if dof else None
