"""Optuna's samplers, each made so that a trial's proposal hangs on its number alone."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, assert_never

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.samplers import (
    BaseSampler,
    BruteForceSampler,
    NSGAIISampler,
    QMCSampler,
    RandomSampler,
)
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from mnist_search.engines._cmaes import GuardedCmaEsSampler
from mnist_search.engines._grid import Grid, Key, key_of
from mnist_search.engines._tpe import FinishedTrials, SharingTPESampler
from mnist_search.engines.base import SamplerName
from mnist_search.spaces import (
    ChoiceParameter,
    FloatParameter,
    IntParameter,
    SearchSpace,
    Value,
)
from mnist_search.specs import derive_seed

# Optuna's 50 would spend a whole search of our size on its first generation, which is random. So
# many random trials are also what TPE begins with.
POPULATION = 10


class SlotSampler(BaseSampler):
    """A sampler that is asked before a slot is claimed whether it has anything for it."""

    def prepare(self, study: Study, slot: FrozenTrial) -> bool:
        """Make up a proposal for a waiting slot; False: there is none, now or at all."""
        return True

    def close(self) -> None:
        """Let go of what the sampler holds."""


def create_sampler(name: SamplerName, space: SearchSpace, *, seed: int) -> SlotSampler:
    """Return the sampler of that name, which `check_sampler` has nothing against."""
    match name:
        case "grid":
            return GridSampler(space, seed=seed)
        case "brute-force":
            points = Grid(space, seed=seed).size
            return PerTrialSampler(lambda each, _: _brute_force(each), seed, points=points)
        case "qmc":
            distributions = {each.name: distribution_of(each) for each in space.parameters}
            return PerTrialSampler(
                lambda each, number: _NumberedQMC(seed, each, number, distributions), seed
            )
        case "tpe":
            known = FinishedTrials()
            return PerTrialSampler(lambda each, _: SharingTPESampler(seed=each, known=known), seed)
        case "random":
            return PerTrialSampler(lambda each, _: RandomSampler(seed=each), seed)
        case "nsga2":
            return PerTrialSampler(
                lambda each, _: NSGAIISampler(seed=each, population_size=POPULATION), seed
            )
        case "cmaes":
            return PerTrialSampler(
                lambda each, _: GuardedCmaEsSampler(seed=each, warn_independent_sampling=False),
                seed,
            )
        case "gp":
            return PerTrialSampler(
                lambda each, _: optuna.samplers.GPSampler(
                    seed=each, warn_independent_sampling=False
                ),
                seed,
            )
        case "bayesian" | "hyperband":
            raise AssertionError(f"{name} is a sampler of Keras Tuner's")
        case _:
            assert_never(name)


def distribution_of(
    parameter: IntParameter | FloatParameter | ChoiceParameter,
) -> BaseDistribution:
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


class PerTrialSampler(SlotSampler):
    """A sampler made anew for each trial, from a seed of its own and the trial's number.

    Optuna's samplers carry one stream of random numbers through a whole process, so a resumed
    study would draw its first numbers again and differ from an uninterrupted one.
    """

    def __init__(
        self,
        create: Callable[[int, int], BaseSampler],
        seed: int,
        *,
        points: int | None = None,
    ) -> None:
        """Take what makes the sampler of (seed, number); after `points` points it has no more."""
        self._create = create
        self._seed = seed
        self._sampler = create(seed, 0)
        self._points = points
        self._taken = Taken()

    def prepare(self, study: Study, slot: FrozenTrial) -> bool:
        if self._points is None or is_given(slot):
            return True
        return len(self._taken.keys(study, besides=slot.number)) < self._points

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


class PointSampler(SlotSampler):
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
        # Only where a slot came with some of its values, others than the point's.
        other = RandomSampler(seed=derive_seed(self._seed, "sampler", trial.number, param_name))
        return other.sample_independent(study, trial, param_name, param_distribution)


class GridSampler(PointSampler):
    """Every point of a finite space once.

    Optuna's own grid is a product: it would try the values of inactive parameters, and hold all
    points in memory.
    """

    def __init__(self, space: SearchSpace, *, seed: int) -> None:
        """Begin at the start of the walk; the space must be finite."""
        super().__init__(seed=seed)
        self._grid = Grid(space, seed=seed)
        self._place = 0
        self._taken = Taken()

    def prepare(self, study: Study, slot: FrozenTrial) -> bool:
        self._point = {}
        taken = self._taken.keys(study, besides=slot.number)
        # What is taken stays taken, so that the walk never goes back but over this very slot.
        for place in range(self._place, self._grid.size):
            point = self._grid.point(place)
            if key_of(point) not in taken:
                self._place = place
                self._point = point
                return True
        return is_given(slot)


class Taken:
    """The points that the slots of a study have, waiting ones too if they were given one."""

    def __init__(self) -> None:
        """Know nothing."""
        self._known: dict[int, Key] = {}

    def keys(self, study: Study, *, besides: int) -> set[Key]:
        """Return the points of all slots but one."""
        unsure = set()
        for trial in study.get_trials(deepcopy=False):
            if trial.number in self._known:
                continue
            values = trial.params or trial.system_attrs.get("fixed_params")
            if not values:
                continue
            if trial.state == TrialState.WAITING and trial.params and trial.number != besides:
                # Given back, perhaps before it had all of its values.
                unsure.add(key_of(values))
            elif trial.number != besides:
                self._known[trial.number] = key_of(values)
        return unsure | {key for number, key in self._known.items() if number != besides}


def is_given(slot: FrozenTrial) -> bool:
    """Say whether a waiting slot has values already: fixed ones, or those of a first attempt."""
    return bool(slot.params or slot.system_attrs.get("fixed_params"))


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


class _AskedBruteForce(BruteForceSampler):
    def after_trial(
        self, study: Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None
    ) -> None:
        # Optuna would stop its own loop here, which does not run; `prepare` ends ours.
        return


def _brute_force(seed: int) -> BaseSampler:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return _AskedBruteForce(seed=seed)
