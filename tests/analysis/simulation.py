"""Made-up recipes, seeds and images, on which the statistics are judged: no training.

Most images are easy: every run answers them rightly. Of the hard ones each has a chance of its
own to be answered rightly, a recipe shifts it (image by image, so that recipes differ in which
images they can do), and so does a seed (all images alike: some runs turn out better than others).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from mnist_search.analysis.comparison import Difference, compare, recipe_interval
from mnist_search.analysis.contenders import Contender, share_of_flips
from mnist_search.analysis.spread import SeedSpread, pool_seed_spread
from mnist_search.analysis.statistics import Estimate
from mnist_search.analysis.verdict import judge

Array = npt.NDArray[np.float64]
# Degrees of freedom of the table that stands in where each recipe has one run.
_TABLE_DOF = 40


@dataclass(frozen=True, kw_only=True)
class World:
    """What is true: accuracies are fractions, `seed_sd` that of one run between seeds.

    With the defaults one run has 98.1 %, another seed changes it by 0.097 points, and a third of
    the binomial variance of a run is drawn anew by each seed, as in the measured references.
    """

    images: int = 10_000
    accuracy: float = 0.981
    hard: float = 0.06
    sharpness: float = 1.2
    seed_sd: float = 0.00097
    recipe_sd: float = 1.0

    @cached_property
    def _sample(self) -> Array:
        """Return logits of many hard images, shifted so that the accuracy is right."""
        rng = np.random.default_rng(0)
        share = 1 - (1 - self.accuracy) / self.hard
        a, b = share * self.sharpness, (1 - share) * self.sharpness
        chances = np.clip(rng.beta(a, b, 200_000), 1e-6, 1 - 1e-6)
        logits = np.log(chances / (1 - chances)) + rng.normal(0, self.recipe_sd, len(chances))
        return logits + _root(lambda shift: float(_chance(logits + shift).mean()) - share)

    @cached_property
    def flips(self) -> float:
        """Return the share of one run's binomial variance that another seed draws anew."""
        chances = _chance(self._sample)
        within = self.hard * float((chances * (1 - chances)).mean())
        return within / (self.accuracy * (1 - self.accuracy))

    @cached_property
    def seed_shift(self) -> float:
        """Return the standard deviation of the shift of a seed, in logits."""
        whole = self.seed_sd**2 - self.flips * self.accuracy * (1 - self.accuracy) / self.images
        chances = _chance(self._sample)
        slope = self.hard * float((chances * (1 - chances)).mean())
        return math.sqrt(max(0.0, whole)) / slope

    def shift_for(self, gain: float) -> float:
        """Return the shift in logits that makes a recipe better by `gain`."""
        target = 1 - (1 - self.accuracy - gain) / self.hard
        return _root(lambda shift: float(_chance(self._sample + shift).mean()) - target)

    def images_of(self, rng: np.random.Generator) -> Array:
        """Draw a set of images: the logits of its hard ones, without any recipe's part."""
        count = rng.binomial(self.images, self.hard)
        share = 1 - (1 - self.accuracy) / self.hard
        a, b = share * self.sharpness, (1 - share) * self.sharpness
        chances = np.clip(rng.beta(a, b, count), 1e-6, 1 - 1e-6)
        # The recipe's noise pulls towards one half; the sample knows by how much.
        return np.log(chances / (1 - chances)) + self._pull

    @cached_property
    def _pull(self) -> float:
        rng = np.random.default_rng(0)
        share = 1 - (1 - self.accuracy) / self.hard
        a, b = share * self.sharpness, (1 - share) * self.sharpness
        chances = np.clip(rng.beta(a, b, 200_000), 1e-6, 1 - 1e-6)
        plain = np.log(chances / (1 - chances)) + rng.normal(0, self.recipe_sd, len(chances))
        return float((self._sample - plain).mean())

    def recipe(self, rng: np.random.Generator, images: Array, shift: float = 0.0) -> Array:
        """Draw a recipe: the logits that it has on the hard images."""
        return images + rng.normal(0, self.recipe_sd, len(images)) + shift

    def run(self, rng: np.random.Generator, recipe: Array, seeds: int) -> Contender:
        """Run a recipe with several seeds."""
        shifts = rng.normal(0, self.seed_shift, (seeds, 1))
        answered = rng.random((seeds, len(recipe))) < _chance(recipe + shifts)
        right = np.ones(self.images)
        right[: len(recipe)] = answered.mean(axis=0)
        wrong = (~answered).sum(axis=1) / self.images
        estimate = Estimate.of(list(1 - wrong), self.images)
        return Contender(
            estimate=dataclasses.replace(estimate, flips=share_of_flips(right, seeds)),
            image_set="simulated",
            right=right,
        )

    def pool(
        self, rng: np.random.Generator, contenders: Sequence[Contender], seeds: int, models: int
    ) -> SeedSpread:
        """Pool the contenders with other models of a study; with one seed, a table stands in."""
        if seeds == 1:
            variance = self.seed_sd**2 * rng.chisquare(_TABLE_DOF) / _TABLE_DOF
            return SeedSpread(
                variance=variance, dof=_TABLE_DOF, flips=self.flips, models=20, source="shipped"
            )
        others = [
            Contender(
                estimate=Estimate(
                    accuracy=self.accuracy,
                    images=self.images,
                    runs=seeds,
                    sd=self.seed_sd * math.sqrt(rng.chisquare(seeds - 1) / (seeds - 1)),
                )
            )
            for _ in range(models)
        ]
        return pool_seed_spread(one.estimate for one in [*contenders, *others])


def comparisons(
    world: World,
    *,
    seeds: int,
    gain: float,
    rounds: int,
    models: int = 6,
    seed: int = 0,
    same: bool = False,
) -> list[Difference]:
    """Compare two recipes, the first better by `gain`, on new images in each round.

    `same` says that both are one recipe, trained under other seeds.
    """
    rng = np.random.default_rng((seed, seeds, same))
    shift = world.shift_for(gain) if gain else 0.0
    found = []
    for _ in range(rounds):
        images = world.images_of(rng)
        first = world.recipe(rng, images, shift)
        second = first if same else world.recipe(rng, images)
        pair = [world.run(rng, recipe, seeds) for recipe in (first, second)]
        found.append(compare(pair[0], pair[1], world.pool(rng, pair, seeds, models)))
    return found


def best_against_reference(
    world: World, *, trials: int, seeds: int, rounds: int, seed: int = 2
) -> list[Difference]:
    """Compare the best of equally good trials with a reference that is as good as they are."""
    rng = np.random.default_rng((seed, seeds))
    found = []
    for _ in range(rounds):
        images = world.images_of(rng)
        runs = [world.run(rng, world.recipe(rng, images), seeds) for _ in range(trials + 1)]
        best = max(runs[:-1], key=lambda run: run.estimate.accuracy)
        found.append(compare(best, runs[-1], world.pool(rng, runs, seeds, models=2)))
    return found


def rejections(found: Sequence[Difference]) -> float:
    """Return the share of comparisons that call the two different."""
    return float(np.mean([comparison.p_value <= 0.05 for comparison in found]))


def half_width(found: Sequence[Difference]) -> float:
    """Return the median half-width of the intervals."""
    widths = [comparison.interval.high - comparison.interval.low for comparison in found]
    return float(np.median(widths)) / 2


def coverage(world: World, *, seeds: int, rounds: int, models: int = 6, seed: int = 1) -> float:
    """Return how often the interval of one recipe holds its true accuracy."""
    rng = np.random.default_rng((seed, seeds))
    held = 0
    for _ in range(rounds):
        run = world.run(rng, world.recipe(rng, world.images_of(rng)), seeds)
        interval = recipe_interval(run.estimate, world.pool(rng, [run], seeds, models))
        held += interval.low <= world.accuracy <= interval.high
    return held / rounds


def _chance(logits: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-logits)))


def _root(function: object) -> float:
    low, high = -8.0, 8.0
    for _ in range(40):
        middle = (low + high) / 2
        if function(middle) > 0:  # type: ignore[operator]
            high = middle
        else:
            low = middle
    return (low + high) / 2


def verdicts(
    world: World, *, gap: float, seeds: int, rounds: int, seed: int = 3
) -> dict[str, float]:
    """Return how often each verdict falls on a recipe that truly differs by `gap`.

    The published figure is one run of another seed on the same images, and the spread that of a
    table of 20 models.
    """
    rng = np.random.default_rng((seed, seeds))
    counts: dict[str, int] = {}
    for _ in range(rounds):
        runs = world.accuracy + gap + rng.normal(0, world.seed_sd, seeds)
        measured = Estimate.of(list(runs), world.images)
        published = Estimate(
            accuracy=float(world.accuracy + rng.normal(0, world.seed_sd)), images=world.images
        )
        spread = world.pool(rng, [], 1, 0)
        found = judge(measured, published, spread).verdict
        counts[found] = counts.get(found, 0) + 1
    return {name: count / rounds for name, count in counts.items()}
