"""An engine on an Optuna study, whatever its sampler and pruner."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, assert_never

import optuna
from optuna.pruners import BasePruner
from optuna.trial import TrialState

from mnist_search.engines._samplers import SlotSampler
from mnist_search.engines.base import Proposal
from mnist_search.spaces import (
    ChoiceParameter,
    FloatParameter,
    IntParameter,
    SearchSpace,
    Value,
)
from mnist_search.specs import Rung
from mnist_search.specs.rung import RUNG

if TYPE_CHECKING:
    from optuna.study import Study


class OptunaEngine:
    """Fills the waiting slots of an Optuna study, in their order."""

    def __init__(
        self,
        study: Study,
        space: SearchSpace,
        *,
        sampler: SlotSampler,
        pruner: BasePruner,
        rungs: Collection[int],
    ) -> None:
        """Take a study over; `rungs` are the steps at which the pruner is asked.

        The other reports are noted only, that of the last epoch among them: by then a trial is
        complete.
        """
        study.sampler = sampler
        study.pruner = pruner
        self._study = study
        # Optuna neither notes nor judges what such trials report.
        self._several = len(study.directions) > 1
        self._sampler = sampler
        self._space = space
        self._rungs = frozenset(rungs)
        self._running: dict[int, optuna.Trial] = {}
        self._stopped: set[int] = set()

    def ask(self) -> Proposal | None:
        """Claim the next waiting slot; None when no slot waits or the sampler has no more."""
        waiting = self._study.get_trials(deepcopy=False, states=(TrialState.WAITING,))
        if not waiting or not self._sampler.prepare(self._study, waiting[0]):
            return None
        trial = self._study.ask()
        values: dict[str, Value] = {}
        for parameter in self._space.parameters:
            if parameter.is_active(values):
                values[parameter.name] = _suggest(trial, parameter)
        self._running[trial.number] = trial
        rung = trial.user_attrs.get(RUNG)
        return Proposal(
            number=trial.number,
            values=values,
            rung=None if rung is None else Rung.model_validate(rung),
        )

    def report(self, proposal: Proposal, step: int, value: float) -> bool:
        """Note an accuracy and ask the pruner whether the trial should stop."""
        if self._several:
            return False
        trial = self._running[proposal.number]
        trial.report(value, step)
        if step not in self._rungs or not trial.should_prune():
            return False
        self._stopped.add(proposal.number)
        return True

    def tell(self, proposal: Proposal, score: float | Sequence[float] | None) -> None:
        """Close a trial: failed without a score, pruned where `report` said so, else complete."""
        trial = self._running.pop(proposal.number)
        stopped = proposal.number in self._stopped
        self._stopped.discard(proposal.number)
        scores = [score] if isinstance(score, float | int) else score
        if scores is None or any(math.isnan(each) for each in scores):
            self._study.tell(trial, state=TrialState.FAIL)
        elif stopped:
            self._study.tell(trial, state=TrialState.PRUNED)
        else:
            self._study.tell(trial, scores)

    def constrain(self, proposal: Proposal, excess: Mapping[str, float]) -> None:
        """Write how far a proposal is beyond each limit; TPE then learns where the limit lies."""
        trial = self._running[proposal.number]
        for name, share in excess.items():
            # A slot that was given back has it already, and Optuna warns of a second one.
            if name not in trial.constraints:
                trial.set_constraint(name, share)

    def settle(
        self,
        proposal: Proposal,
        *,
        reports: Sequence[tuple[int, float]],
        score: float | Sequence[float] | None,
        stopped: bool,
    ) -> None:
        """Close a trial without asking the pruner."""
        trial = self._running[proposal.number]
        for step, value in () if self._several else reports:
            trial.report(value, step)
        if stopped:
            self._running.pop(proposal.number)
            self._study.tell(trial, state=TrialState.PRUNED)
        else:
            self.tell(proposal, score)

    def forget(self, proposal: Proposal) -> None:
        """Drop a trial that went back to waiting."""
        self._running.pop(proposal.number, None)
        self._stopped.discard(proposal.number)

    def close(self) -> None:
        """Let go of what the sampler holds."""
        self._sampler.close()


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
