"""Optuna's samplers and pruners as an engine."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any, assert_never

import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial, TrialState

from mnist_search.engines.base import Proposal, PrunerName, SamplerName
from mnist_search.spaces import (
    ChoiceParameter,
    FloatParameter,
    IntParameter,
    SearchSpace,
    Value,
)
from mnist_search.specs import derive_seed

if TYPE_CHECKING:
    from optuna.study import Study

# The better half goes on from each rung. Optuna would put rungs at every power of this factor;
# `rung_steps` names every second one, and between two rungs nothing changes but the step.
REDUCTION_FACTOR = 2


class OptunaEngine:
    """Fills the waiting slots of an Optuna study, in their order."""

    def __init__(
        self,
        study: Study,
        space: SearchSpace,
        *,
        sampler: SamplerName,
        pruner: PrunerName,
        seed: int,
        rungs: Collection[int],
    ) -> None:
        """Take a study over; `rungs` are the steps at which the pruner is asked.

        The other reports are noted only, that of the last epoch among them: by then a trial is
        complete.
        """
        study.sampler = _PerTrialSampler(lambda each: _create_sampler(sampler, each), seed)
        study.pruner = _create_pruner(pruner)
        self._study = study
        self._space = space
        self._rungs = frozenset(rungs)
        self._running: dict[int, optuna.Trial] = {}
        self._stopped: set[int] = set()

    def ask(self) -> Proposal | None:
        """Claim the next waiting slot; None when no slot waits."""
        waiting = self._study.get_trials(deepcopy=False, states=(TrialState.WAITING,))
        if not waiting:
            return None
        trial = self._study.ask()
        values: dict[str, Value] = {}
        for parameter in self._space.parameters:
            if parameter.is_active(values):
                values[parameter.name] = _suggest(trial, parameter)
        self._running[trial.number] = trial
        return Proposal(number=trial.number, values=values)

    def report(self, proposal: Proposal, step: int, value: float) -> bool:
        """Note an accuracy and ask the pruner whether the trial should stop."""
        trial = self._running[proposal.number]
        trial.report(value, step)
        if step not in self._rungs or not trial.should_prune():
            return False
        self._stopped.add(proposal.number)
        return True

    def tell(self, proposal: Proposal, score: float | None) -> None:
        """Close a trial: failed without a score, pruned where `report` said so, else complete."""
        trial = self._running.pop(proposal.number)
        stopped = proposal.number in self._stopped
        self._stopped.discard(proposal.number)
        if score is None:
            self._study.tell(trial, state=TrialState.FAIL)
        elif stopped:
            self._study.tell(trial, state=TrialState.PRUNED)
        else:
            self._study.tell(trial, score)

    def forget(self, proposal: Proposal) -> None:
        """Drop a trial that went back to waiting."""
        self._running.pop(proposal.number, None)
        self._stopped.discard(proposal.number)


class _PerTrialSampler(BaseSampler):
    """A sampler made anew for each trial, seeded by the trial's number.

    Optuna's samplers carry one stream of random numbers through a whole process, so a resumed
    study would draw its first numbers again and differ from an uninterrupted one.
    """

    def __init__(self, create: Callable[[int], BaseSampler], seed: int) -> None:
        self._create = create
        self._seed = seed
        self._sampler = create(seed)

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        self._sampler = self._create(derive_seed(self._seed, "sampler", trial.number))
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


def _create_sampler(name: SamplerName, seed: int) -> BaseSampler:
    match name:
        case "tpe":
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
                # Without groups, parameters that only some trials have fall back to
                # independent sampling.
                return optuna.samplers.TPESampler(seed=seed, multivariate=True, group=True)
        case "random":
            return optuna.samplers.RandomSampler(seed=seed)
        case _:
            assert_never(name)


def _create_pruner(name: PrunerName) -> optuna.pruners.BasePruner:
    match name:
        case "halving":
            return optuna.pruners.SuccessiveHalvingPruner(
                min_resource=1, reduction_factor=REDUCTION_FACTOR
            )
        case "median":
            return optuna.pruners.MedianPruner(n_startup_trials=5)
        case "none":
            return optuna.pruners.NopPruner()
        case _:
            assert_never(name)


def _suggest(
    trial: optuna.Trial, parameter: IntParameter | FloatParameter | ChoiceParameter
) -> Value:
    match parameter:
        case IntParameter():
            return trial.suggest_int(
                parameter.name,
                parameter.low,
                parameter.high,
                step=parameter.step,
                log=parameter.log,
            )
        case FloatParameter():
            return trial.suggest_float(
                parameter.name,
                parameter.low,
                parameter.high,
                step=parameter.step,
                log=parameter.log,
            )
        case ChoiceParameter():
            value = trial.suggest_categorical(parameter.name, parameter.choices)
            assert value is not None
            return value
        case _:
            assert_never(parameter)
