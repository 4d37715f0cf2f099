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
from collections.abc import Callable, Mapping, Sequence
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
from optuna.trial import FrozenTrial, TrialState

from mnist_search.engines.base import SamplerName
from mnist_search.spaces import (
    ChoiceParameter,
    FloatParameter,
    IntParameter,
    SearchSpace,
    Value,
)
from mnist_search.specs import derive_seed

Parameter = IntParameter | FloatParameter | ChoiceParameter

# Optuna's 50 would spend a whole search of our size on its first generation, which is random. So
# many random trials are also what TPE begins with.
POPULATION = 10
GOLDEN = Fraction((math.sqrt(5) - 1) / 2)


class Sampler(BaseSampler):
    """A sampler that is asked before each trial whether it has anything for it."""

    def prepare(self, study: Study, number: int, given: Mapping[str, Value]) -> bool:
        """Make up the proposal of a trial that has some values already; False: there is none."""
        return True

    def note(self, values: Mapping[str, Value]) -> None:
        """Take in that a trial has these values."""

    def memo(self, trial: FrozenTrial) -> dict[str, Any] | None:
        """Return what the sampler will want to know of a trial in a later session."""
        return None

    def restore(self, study: Study) -> None:
        """Take over a study whose trials are those of earlier sessions."""

    def close(self) -> None:
        """Let go of what the sampler holds."""


def create_sampler(name: SamplerName, space: SearchSpace, *, seed: int) -> Sampler:
    """Return the sampler of that name, which `check_sampler` has nothing against."""
    match name:
        case "grid":
            return GridSampler(space, seed=seed)
        case "brute-force":
            return BruteForceSampler(space, seed=seed)
        case "qmc":
            distributions = {each.name: distribution_of(each) for each in space.parameters}
            return PerTrialSampler(
                lambda own, number: _NumberedQMC(seed, own, number, distributions), seed
            )
        case "tpe":
            return PerTrialSampler(lambda own, _: _tpe(own), seed)
        case "random":
            return PerTrialSampler(lambda own, _: RandomSampler(seed=own), seed)
        case "nsga2":
            return _GenerationsSampler(seed)
        case "gp":
            return PerTrialSampler(
                lambda own, _: optuna.samplers.GPSampler(seed=own, warn_independent_sampling=False),
                seed,
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


class PerTrialSampler(Sampler):
    """A sampler made anew for each trial, from a seed of its own and the trial's number."""

    def __init__(self, create: Callable[[int, int], BaseSampler], seed: int) -> None:
        """Take what makes the sampler of (seed, number)."""
        self._create = create
        self._seed = seed
        self._sampler = create(seed, 0)

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        seed = derive_seed(self._seed, "sampler", trial.number)
        self._sampler = self._create(seed, trial.number)
        self._sampler.before_trial(study, trial)

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        return self._sampler.infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        return self._sampler.sample_relative(study, trial, search_space)

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        return self._sampler.sample_independent(study, trial, param_name, param_distribution)

    def after_trial(
        self, study: Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None
    ) -> None:
        self._sampler.after_trial(study, trial, state, values)


class _GenerationsSampler(PerTrialSampler):
    """NSGA-II, which writes its generation to each trial that it proposes."""

    def __init__(self, seed: int) -> None:
        super().__init__(lambda own, _: NSGAIISampler(seed=own, population_size=POPULATION), seed)

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
        sampler = NSGAIISampler(seed=0, population_size=POPULATION)
        generations = max(
            (
                generation
                for trial in study.get_trials(deepcopy=False)
                for generation in (self.memo(trial) or {}).values()
            ),
            default=0,
        )
        for generation in range(1, generations + 1):
            sampler.get_parent_population(study, generation)


class PointSampler(Sampler):
    """Hands out points that are made up as a whole."""

    def __init__(self, *, seed: int) -> None:
        """Start without a point; the seed is for values that a point lacks."""
        self._seed = seed
        self._point: Mapping[str, Value] = {}

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        return {}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        return {}

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        if param_name in self._point:
            return self._point[param_name]
        # Only where a trial came with some of its values, others than the point's.
        other = RandomSampler(seed=derive_seed(self._seed, "sampler", trial.number, param_name))
        return other.sample_independent(study, trial, param_name, param_distribution)


class GridSampler(PointSampler):
    """Every point of a finite space once, so that any first few lie evenly.

    Optuna's own grid is a product: it would try the values of inactive parameters, and hold all
    points in memory.
    """

    def __init__(self, space: SearchSpace, *, seed: int) -> None:
        """Begin at the start of the walk; the space must be finite."""
        super().__init__(seed=seed)
        self._walk = Walk(space, seed=seed)
        self._place = 0

    def prepare(self, study: Study, number: int, given: Mapping[str, Value]) -> bool:
        # What was tried stays tried, so that the walk never goes back.
        place = self._walk.untried(self._place)
        self._point = {} if place is None else self._walk.point(place)
        self._place = self._place if place is None else place
        return place is not None or bool(given)

    def note(self, values: Mapping[str, Value]) -> None:
        self._walk.note(values)


class BruteForceSampler(PointSampler):
    """Every point of a finite space once, in random order.

    Optuna's own lists the values of each parameter, and gives up points of a branch that other
    trials are in.
    """

    def __init__(self, space: SearchSpace, *, seed: int) -> None:
        """Count the points; the space must be finite."""
        super().__init__(seed=seed)
        self._walk = Walk(space, seed=seed)

    def prepare(self, study: Study, number: int, given: Mapping[str, Value]) -> bool:
        point = self._walk.random_untried(derive_seed(self._seed, "sampler", number))
        self._point = point or {}
        return point is not None or bool(given)

    def note(self, values: Mapping[str, Value]) -> None:
        self._walk.note(values)


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

    def random_untried(self, seed: int) -> dict[str, Value] | None:
        """Return a point that was not tried, None: all were."""
        place = self.untried(random.Random(seed).randrange(self.size))
        return None if place is None else self.point(place)

    def point(self, place: int) -> dict[str, Value]:
        """Return the point at a place of the walk, counted round and round."""
        return self._points[self._at(place)]

    def _at(self, place: int) -> int:
        return (self._start + place * self._step) % self.size


def random_point(space: SearchSpace, seed: int) -> dict[str, Value]:
    """Return a point of any space by chance."""
    trial = optuna.create_study(sampler=RandomSampler(seed=seed)).ask()
    values: dict[str, Value] = {}
    for parameter in space.active(values):
        values[parameter.name] = suggest(trial, parameter)
    return values


def suggest(trial: optuna.Trial, parameter: Parameter) -> Value:
    """Return the value of a trial for a parameter, which its sampler makes up if there is none."""
    match parameter:
        case IntParameter(low=low, high=high, step=step, log=log):
            return trial.suggest_int(parameter.name, low, high, step=step, log=log)
        case FloatParameter(low=low, high=high, step=width, log=log):
            return trial.suggest_float(parameter.name, low, high, step=width, log=log)
        case ChoiceParameter(choices=choices):
            value = trial.suggest_categorical(parameter.name, choices)
            assert value is not None
            return value
        case _:
            assert_never(parameter)


class _NumberedQMC(QMCSampler):
    """The point of a scrambled Sobol sequence at a trial's number, over the whole space.

    Optuna counts points in the storage, where an attempt that was given back would use one up,
    and takes the first trial's parameters for the space, which leaves out inactive ones.
    """

    def __init__(
        self, seed: int, own_seed: int, number: int, distributions: dict[str, BaseDistribution]
    ) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
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


def _tpe(seed: int) -> BaseSampler:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        # Without groups, parameters that only some trials have would be sampled one by one.
        return optuna.samplers.TPESampler(seed=seed, multivariate=True, group=True)
