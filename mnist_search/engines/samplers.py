"""Optuna's samplers, each made so that a proposal depends only on the trial's number.

Optuna's samplers carry one stream of random numbers through a whole process: a resumed study
would draw its first numbers again and differ from an undisturbed one. So there is a new one for
each trial, from a seed of its own.
"""

from __future__ import annotations

import itertools
import math
import random
import warnings
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, assert_never

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.samplers import BaseSampler, NSGAIISampler, QMCSampler, RandomSampler
from optuna.study import Study
from optuna.trial import FrozenTrial

from mnist_search.choices import SamplerName
from mnist_search.spaces import (
    ChoiceParameter,
    FloatParameter,
    IntParameter,
    Parameter,
    SearchSpace,
    Value,
)
from mnist_search.specs import derive_seed

# Optuna's 50 would spend a whole search of our size on its first generation, which is random. So
# many random trials are also what TPE begins with.
POPULATION = 10
GOLDEN = Fraction((math.sqrt(5) - 1) / 2)


class Samplers:
    """Makes the sampler of each trial; `walk` knows which points of a finite space were tried."""

    def __init__(self, space: SearchSpace, seed: int) -> None:
        """Make none yet."""
        self._seed = seed
        self.walk = None if space.size() is None else Walk(space, seed=seed)

    def create(self, study: Study, number: int, given: Mapping[str, Value]) -> BaseSampler | None:
        """Return the sampler of a trial that has some values already; None: nothing is left."""
        raise NotImplementedError

    def memo(self, trial: FrozenTrial) -> dict[str, Any] | None:
        """Return what will be wanted of a trial in a later session, as its system attributes."""
        return None

    def restore(self, study: Study) -> None:
        """Take over a study whose trials are those of earlier sessions."""

    def close(self) -> None:
        """Let go of what is held."""

    def seed_of(self, number: int) -> int:
        """Return the seed of a trial's sampler."""
        return derive_seed(self._seed, "sampler", number)

    def at(self, point: Mapping[str, Value], number: int) -> BaseSampler:
        """Return a sampler that proposes a point, and by chance what it lacks.

        It lacks something only where a trial was given some values, others than the point's.
        """
        return _quietly(
            lambda: optuna.samplers.PartialFixedSampler(
                dict(point), RandomSampler(seed=self.seed_of(number))
            )
        )


def create_samplers(name: SamplerName, space: SearchSpace, *, seed: int) -> Samplers:
    """Return the samplers of that name, which `check_sampler` has nothing against."""
    match name:
        case "grid" | "brute-force":
            return ExhaustiveSamplers(space, seed, shuffled=name == "brute-force")
        case "qmc":
            distributions = {each.name: distribution_of(each) for each in space.parameters}
            return StockSamplers(
                space, seed, lambda own, number: _NumberedQMC(seed, own, number, distributions)
            )
        case "tpe":
            # Without groups, parameters that only some trials have would be sampled one by one.
            return StockSamplers(
                space,
                seed,
                lambda own, _: optuna.samplers.TPESampler(seed=own, multivariate=True, group=True),
            )
        case "random":
            return StockSamplers(space, seed, lambda own, _: RandomSampler(seed=own))
        case "nsga2":
            return GenerationSamplers(space, seed)
        case "gp":
            return StockSamplers(
                space,
                seed,
                lambda own, _: optuna.samplers.GPSampler(seed=own, warn_independent_sampling=False),
            )
        case "bayesian" | "hyperband":
            raise AssertionError(f"{name} is a sampler of Keras Tuner's")
        case _:
            assert_never(name)


def distribution_of(parameter: Parameter) -> BaseDistribution:
    """Return a parameter as Optuna's distribution."""
    match parameter:
        case IntParameter(low=low, high=high, log=log, step=step):
            return IntDistribution(low, high, log=log, step=step)
        case FloatParameter(low=low, high=high, log=log, step=width):
            return FloatDistribution(low, high, log=log, step=width)
        case ChoiceParameter(choices=choices):
            return CategoricalDistribution(choices)
        case _:
            assert_never(parameter)


def random_point(space: SearchSpace, seed: int) -> dict[str, Value]:
    """Return a point of any space by chance."""
    distributions = {each.name: distribution_of(each) for each in space.parameters}
    study = optuna.create_study(sampler=RandomSampler(seed=seed))
    drawn = study.ask(fixed_distributions=distributions).params
    values: dict[str, Value] = {}
    for parameter in space.active(values):
        values[parameter.name] = drawn[parameter.name]
    return values


class StockSamplers(Samplers):
    """Optuna's own, made of a seed and the trial's number."""

    def __init__(
        self, space: SearchSpace, seed: int, make: Callable[[int, int], BaseSampler]
    ) -> None:
        """Take what makes the sampler of (seed, number)."""
        super().__init__(space, seed)
        self._make = make

    def create(self, study: Study, number: int, given: Mapping[str, Value]) -> BaseSampler | None:
        return _quietly(lambda: self._make(self.seed_of(number), number))


class GenerationSamplers(StockSamplers):
    """NSGA-II, which writes its generation to each trial that it proposes."""

    def __init__(self, space: SearchSpace, seed: int) -> None:
        """Begin with the first generation."""
        super().__init__(space, seed, lambda own, _: _nsga2(own))

    def memo(self, trial: FrozenTrial) -> dict[str, Any] | None:
        own = {
            name: value
            for name, value in trial.system_attrs.items()
            if name.startswith(f"{NSGAIISampler.__name__}:")
        }
        return own or None

    def restore(self, study: Study) -> None:
        # It asks for the parents of a generation's parents as deep as there are generations; one
        # after the other keeps that flat.
        memos = [self.memo(trial) or {} for trial in study.get_trials(deepcopy=False)]
        last = max((generation for memo in memos for generation in memo.values()), default=0)
        for generation in range(1, last + 1):
            _nsga2(0).get_parent_population(study, generation)


class ExhaustiveSamplers(Samplers):
    """Every point of a finite space once, so that any first few lie evenly, or in random order.

    Optuna's own grid is a product: it would try the values of inactive parameters, and hold all
    points in memory. Its brute force lists the values of each parameter, and gives up points of
    a branch that other trials are in.
    """

    def __init__(self, space: SearchSpace, seed: int, *, shuffled: bool) -> None:
        """Take a finite space."""
        super().__init__(space, seed)
        self._shuffled = shuffled

    def create(self, study: Study, number: int, given: Mapping[str, Value]) -> BaseSampler | None:
        assert self.walk is not None
        own = self.seed_of(number)
        point = self.walk.random_untried(own) if self._shuffled else self.walk.next_untried()
        return None if point is None and not given else self.at(point or {}, number)


class Walk:
    """The points of a finite space, none of them listed, and which of them were tried.

    The walk steps through them by the golden section of their number; the seed says where it
    starts.
    """

    def __init__(self, space: SearchSpace, *, seed: int) -> None:
        """Count the points; the space must be finite."""
        size = space.size()
        assert size is not None
        self.size = size
        self._points = space.points
        self._tried: set[int] = set()
        step = max(1, round(self.size * GOLDEN))
        while math.gcd(step, self.size) > 1:
            step += 1
        self._step = step
        self._start = derive_seed(seed, "grid") % self.size
        self._place = 0

    def note(self, values: Mapping[str, Value]) -> None:
        """Take in that a point was tried."""
        self._tried.add(self._points.number(values))

    def tried(self, values: Mapping[str, Value]) -> bool:
        """Say whether a point was tried."""
        return self._points.number(values) in self._tried

    def untried(self, place: int) -> int | None:
        """Return the first place from this one on whose point was not tried, None: all were."""
        if len(self._tried) == self.size:
            return None
        places = itertools.count(place)
        return next(each for each in places if self._at(each) not in self._tried)

    def next_untried(self) -> dict[str, Value] | None:
        """Return the first point of the walk that was not tried, None: all were."""
        # What was tried stays tried, so that the walk never goes back.
        place = self.untried(self._place)
        if place is None:
            return None
        self._place = place
        return self.point(place)

    def random_untried(self, seed: int) -> dict[str, Value] | None:
        """Return a point that was not tried, None: all were."""
        place = self.untried(random.Random(seed).randrange(self.size))
        return None if place is None else self.point(place)

    def point(self, place: int) -> dict[str, Value]:
        """Return the point at a place of the walk, counted round and round."""
        return self._points[self._at(place)]

    def _at(self, place: int) -> int:
        return (self._start + place * self._step) % self.size


class _NumberedQMC(QMCSampler):
    """The point of a scrambled Sobol sequence at a trial's number, over the whole space.

    Optuna counts points in the storage, where an attempt that was given back would use one up,
    and takes the first trial's parameters for the space, which leaves out inactive ones.
    """

    def __init__(
        self, seed: int, own_seed: int, number: int, distributions: dict[str, BaseDistribution]
    ) -> None:
        super().__init__(
            seed=seed,
            scramble=True,
            independent_sampler=RandomSampler(seed=own_seed),
            warn_independent_sampling=False,
        )
        self._number = number
        self._distributions = distributions

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        return self._distributions

    def _find_sample_id(self, study: Study, search_space: dict[str, BaseDistribution]) -> int:
        return self._number


def _nsga2(seed: int) -> NSGAIISampler:
    return NSGAIISampler(seed=seed, population_size=POPULATION)


def _quietly(make: Callable[[], BaseSampler]) -> BaseSampler:
    """Make a sampler of which Optuna says that it may yet change."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return make()
