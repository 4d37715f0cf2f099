"""A search played through without training: real engine and pruner, invented scores, fitted costs.

What is invented is drawn anew for each played search, so that the spread of the outcomes says how
much hangs on it. A trial's quality has three parts: the size of its network, a random additive
effect of each of its parameters, and luck. Size pays late: its part of the variance is a tenth
after a quarter of an epoch and goes to a half; the others share the rest. In a search of the `cnn`
space on MNIST (50 trials, TPE) size and accuracy had a rank correlation of 0.20 after a quarter of
an epoch, then 0.47, 0.67 and 0.72 after 1, 4 and 8. What a look shows of the quality is blurred by
noise with a standard deviation of one (that of the qualities) after a quarter of an epoch, which
falls with the square root of the training.
"""

from __future__ import annotations

import heapq
import itertools
import math
import random
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from mnist_search.analysis.costs import Images, Rates, Work
from mnist_search.engines import Engine, Proposal
from mnist_search.spaces import ChoiceParameter, SearchSpace, Value
from mnist_search.specs import QUARTERS, derive_seed

# More than any quality and any noise: a trial looks better the longer it has trained.
GAIN_PER_DOUBLING = 10.0
# Of the variance of the qualities: what size makes in the end, and the quarters of an epoch after
# which it is half of that.
SIZE_SHARE = 0.5
SIZE_STEPS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A point of a space: `work` is None where it cannot be built.

    `excess` says by which share each limit is exceeded; `too_large` that one is.
    """

    values: Mapping[str, Value]
    config_id: str
    work: Work | None
    too_large: bool = False
    excess: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What came of one search: seconds from start to end, and when each trial ended.

    `points` are the trials' in the order of their numbers, `steps` the quarters of an epoch that
    each has trained, `complete` how many were not stopped, `failed` how many could not be built.
    """

    seconds: float
    endings: tuple[float, ...]
    points: tuple[Point, ...]
    steps: tuple[int, ...]
    complete: int
    stopped: int
    failed: int


class World:
    """Invented scores of all points of a space, a function of the seed alone."""

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
        self._sizes = _spread([_log_flops(point) for point in sample if point.work is not None])
        self._sums = _spread([self._sum(point.values) for point in sample])

    def traits(self, point: Point) -> tuple[float, float]:
        """Return the size of a point and all else about it that counts.

        Over all points these are about two independent standard normal numbers.
        """
        luck = random.Random(derive_seed(self._seed, "luck", point.config_id)).gauss(0.0, 1.0)
        others = (_standard(self._sum(point.values), self._sums) + luck) / math.sqrt(2)
        return _standard(_log_flops(point), self._sizes), others

    def score(self, point: Point, traits: tuple[float, float], step: int) -> float:
        """Return what a look after so many quarters of an epoch shows."""
        size, others = traits
        share = SIZE_SHARE * step / (step + SIZE_STEPS)
        quality = math.sqrt(share) * size + math.sqrt(1 - share) * others
        noise = random.Random(derive_seed(self._seed, "look", point.config_id, step))
        blur = noise.gauss(0.0, 1.0) / math.sqrt(step)
        return GAIN_PER_DOUBLING * math.log2(step) + quality + blur

    def slowness(self, point: Point, error: float) -> float:
        """Return by which factor a network is slower than its cost says; the median is 1."""
        draw = random.Random(derive_seed(self._seed, "slowness", point.config_id))
        return math.exp(draw.gauss(0.0, error))

    def _sum(self, values: Mapping[str, Value]) -> float:
        total = 0.0
        for name, value in values.items():
            parameter, effects = self._parameters[name], self._effects[name]
            if isinstance(parameter, ChoiceParameter):
                total += effects[parameter.choices.index(value)]
            else:
                total += effects[0] * _place(float(value), parameter.low, parameter.high)
        return total


def play(
    engine: Engine,
    point_of: Callable[[Proposal], Point],
    world: World,
    rates: Rates,
    *,
    trials: int,
    images: Images,
    epochs: int,
    rungs: Sequence[int],
    workers: int,
    timeout_seconds: float | None = None,
) -> Played:
    """Run so many trials of an engine on simulated workers."""
    asked = frozenset(rungs)
    points: dict[int, Point] = {}
    steps: dict[int, int] = {}
    known: dict[str, tuple[list[tuple[int, float]], float | None, bool]] = {}
    endings: list[float] = []
    complete = stopped = failed = 0
    running: list[tuple[float, int, _Trial]] = []
    idle = [rates.startup] * workers
    order = itertools.count()
    exhausted = False
    while True:
        while idle and not exhausted:
            proposal = engine.ask() if len(points) < trials else None
            if proposal is None:
                exhausted = True
                break
            point = points[proposal.number] = point_of(proposal)
            steps[proposal.number] = 0
            if point.excess:
                engine.constrain(proposal.number, point.excess)
            if point.too_large:
                engine.settle(proposal.number, reports=(), score=None, stopped=True)
                endings.append(min(idle))
            elif point.config_id in known:
                reports, score, was_stopped = known[point.config_id]
                engine.settle(proposal.number, reports=reports, score=score, stopped=was_stopped)
                endings.append(min(idle))
            elif point.work is None:
                engine.tell(proposal.number, None)
                failed += 1
                endings.append(min(idle))
            else:
                now = heapq.heappop(idle)
                trial = _Trial(proposal, point, world, rates, images, epochs, rungs)
                limit = math.inf if timeout_seconds is None else timeout_seconds
                trial.deadline = now + limit
                heapq.heappush(running, (now + trial.next_seconds(), next(order), trial))
        if not running:
            break
        now, _, trial = heapq.heappop(running)
        proposal, point = trial.proposal, trial.point
        if now > trial.deadline:
            engine.tell(proposal.number, None)
            failed += 1
            now = trial.deadline
        else:
            step, score = trial.look()
            steps[proposal.number] = step
            last = step == QUARTERS * epochs
            stop = step in asked and not last and engine.report(proposal.number, step, score)
            if not stop and not last:
                heapq.heappush(running, (now + trial.next_seconds(), next(order), trial))
                continue
            engine.tell(proposal.number, score)
            known[point.config_id] = (trial.reports, score, stop)
            complete, stopped = complete + (not stop), stopped + stop
            now += rates.overhead
        endings.append(now)
        heapq.heappush(idle, now)
    numbers = sorted(points)
    return Played(
        seconds=max(endings, default=rates.startup),
        endings=tuple(sorted(endings)),
        points=tuple(points[number] for number in numbers),
        steps=tuple(steps[number] for number in numbers),
        complete=complete,
        stopped=stopped,
        failed=failed,
    )


class _Trial:
    def __init__(
        self,
        proposal: Proposal,
        point: Point,
        world: World,
        rates: Rates,
        images: Images,
        epochs: int,
        rungs: Sequence[int],
    ) -> None:
        assert point.work is not None
        self.proposal = proposal
        self.point = point
        self.deadline = math.inf
        self.reports: list[tuple[int, float]] = []
        self._world = world
        self._traits = world.traits(point)
        self._slowness = world.slowness(point, rates.error)
        self._stretches = rates.stretches(point.work, images, epochs=epochs, rungs=rungs)
        self._step = 0

    def next_seconds(self) -> float:
        """Return how long the trial trains until its next look."""
        self._step, seconds = next(self._stretches)
        return seconds * self._slowness

    def look(self) -> tuple[int, float]:
        """Return the step that was reached and the score there."""
        score = self._world.score(self.point, self._traits, self._step)
        self.reports.append((self._step, score))
        return self._step, score


def _log_flops(point: Point) -> float:
    return 0.0 if point.work is None else math.log(point.work.flops)


def _place(value: float, low: float, high: float) -> float:
    """Return where a number stands in its range, from 0 to 1."""
    return 0.0 if high == low else (value - low) / (high - low)


def _spread(numbers: Sequence[float]) -> tuple[float, float]:
    if len(numbers) < 2:
        return (numbers[0] if numbers else 0.0), 0.0
    return statistics.fmean(numbers), statistics.stdev(numbers)


def _standard(number: float, spread: tuple[float, float]) -> float:
    mean, sd = spread
    return 0.0 if sd == 0 else (number - mean) / sd
