"""Invented accuracies and speeds of the points of a space.

They are drawn anew for each simulated search, so that the spread of the outcomes says how much
depends on them. A trial's quality has three parts: the size of its network, a random additive
effect of each of its parameters, and luck. Size pays late: its part of the variance is a tenth
after a quarter of an epoch and goes to a half; the others share the rest. In a search of the `cnn`
space on MNIST (50 trials, TPE) size and accuracy had a rank correlation of 0.20 after a quarter of
an epoch, then 0.47, 0.67 and 0.72 after 1, 4 and 8. What a validation shows of the quality is
blurred by noise with a standard deviation of one (that of the qualities) after a quarter of an
epoch, which falls with the square root of the training.
"""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mnist_search.planning.costs import Workload, workload_of
from mnist_search.planning.survey import Point
from mnist_search.spaces import ChoiceParameter, SearchSpace, Value
from mnist_search.specs import RunConfig, derive_seed

# More than any quality and any noise: a trial looks better the longer it has trained.
GAIN_PER_DOUBLING = 10.0
# Of the variance of the qualities: what size makes in the end, and the quarters of an epoch after
# which it is half of that.
SIZE_SHARE = 0.5
SIZE_STEPS = 4
# Samplers and pruners go by the order of the accuracies alone, so any scale will do on which
# 10,000 epochs (15 doublings) and the best and the worst of luck lie between 0 and 1.
SCALE, OFFSET = 200.0, 20.0
# As exact as a score of a million images.
DIGITS = 6


class World:
    """Accuracies and speeds of all points of a space, a function of the seed alone."""

    def __init__(self, space: SearchSpace, sample: Sequence[Point], *, seed: int) -> None:
        """Draw the effects; `sample` says what is an ordinary point."""
        self._seed = seed
        draw = random.Random(derive_seed(seed, "effects"))
        self._parameters = {parameter.name: parameter for parameter in space.parameters}
        self._effects = {
            parameter.name: [
                draw.gauss(0.0, 1.0)
                for _ in range(
                    len(parameter.choices) if isinstance(parameter, ChoiceParameter) else 1
                )
            ]
            for parameter in space.parameters
        }
        sizes = [math.log(each.workload.flops) for each in sample if each.workload is not None]
        self._sizes = _spread(sizes)
        self._sums = _spread([self._sum(point.values) for point in sample])

    def course(self, values: Mapping[str, Value], config: RunConfig) -> Course | None:
        """Return how a point does, however many epochs `config` trains it; None if invalid."""
        workload = workload_of(config)
        if workload is None:
            return None
        seed = derive_seed(self._seed, repr(sorted(values.items())))
        luck = _normal(seed, "luck")
        return Course(
            workload=workload,
            size=_standard(math.log(workload.flops), self._sizes),
            others=(_standard(self._sum(values), self._sums) + luck) / math.sqrt(2),
            seed=seed,
        )

    def _sum(self, values: Mapping[str, Value]) -> float:
        total = 0.0
        for name, value in values.items():
            parameter, effects = self._parameters[name], self._effects[name]
            if isinstance(parameter, ChoiceParameter):
                total += effects[parameter.choices.index(value)]
            elif parameter.high > parameter.low:
                total += effects[0] * (
                    (float(value) - parameter.low) / (parameter.high - parameter.low)
                )
        return total


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How one point does: its workload, and what it would show after how much training.

    Over all points `size` and `others`, what else counts about it, are about two independent
    standard normal numbers.
    """

    workload: Workload
    size: float
    others: float
    seed: int

    def accuracy(self, step: int) -> float:
        """Return what a validation after so many quarters of an epoch shows."""
        share = SIZE_SHARE * step / (step + SIZE_STEPS)
        quality = math.sqrt(share) * self.size + math.sqrt(1 - share) * self.others
        blur = _normal(self.seed, "look", step) / math.sqrt(step)
        score = GAIN_PER_DOUBLING * math.log2(step) + quality + blur
        return round(min(1.0, max(0.0, (OFFSET + score) / SCALE)), DIGITS)

    def slowness(self, error: float) -> float:
        """Return by which factor it is slower than its workload says; the median is 1."""
        return math.exp(error * _normal(self.seed, "slowness"))


def _normal(seed: int, *labels: str | int) -> float:
    return random.Random(derive_seed(seed, *labels)).gauss(0.0, 1.0)


def _spread(numbers: Sequence[float]) -> tuple[float, float]:
    if len(numbers) < 2:
        return (numbers[0] if numbers else 0.0), 0.0
    return statistics.fmean(numbers), statistics.stdev(numbers)


def _standard(number: float, spread: tuple[float, float]) -> float:
    mean, sd = spread
    return 0.0 if sd == 0 else (number - mean) / sd
