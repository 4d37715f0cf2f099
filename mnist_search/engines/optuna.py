"""An engine on an Optuna study in memory, whatever its sampler and pruner."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import assert_never

import optuna
from optuna.storages import InMemoryStorage
from optuna.study import StudyDirection
from optuna.trial import TrialState

from mnist_search.choices import PrunerName
from mnist_search.engines.base import PastTrial, Proposal, Score
from mnist_search.engines.pruners import create_pruner, judged, rung_steps, start_pruner
from mnist_search.engines.samplers import Samplers, distribution_of
from mnist_search.spaces import (
    ChoiceParameter,
    FloatParameter,
    IntParameter,
    Parameter,
    SearchSpace,
    Value,
)
from mnist_search.specs import QUARTERS, derive_seed

STATES = {
    "waiting": TrialState.WAITING,
    "complete": TrialState.COMPLETE,
    "pruned": TrialState.PRUNED,
    "failed": TrialState.FAIL,
}


class OptunaEngine:
    """Proposes trials and judges them; the study holds what is known of each, nothing is stored."""

    def __init__(
        self,
        space: SearchSpace,
        *,
        samplers: Samplers,
        pruner: PrunerName,
        seed: int,
        epochs: int,
        objectives: int = 1,
        first: Sequence[Mapping[str, Value]] = (),
        past: Sequence[PastTrial] = (),
    ) -> None:
        """Take in the trials there are; `first[i]` are values of trial i, which trains to its end.

        What a search was told to begin with is there to judge others by: the quarter of an epoch
        at which most trials are judged says little about a point that somebody chose.
        """
        # Optuna would tell on standard error that there is a study.
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._space = space
        longest = space.most_epochs()
        self._epochs = epochs = epochs if longest is None else min(longest, epochs)
        self._distributions = {each.name: distribution_of(each) for each in space.parameters}
        self._samplers = samplers
        self._storage = InMemoryStorage()
        # Hyperband draws a trial's bracket from the name and the trial's number.
        costs = [StudyDirection.MINIMIZE] * (objectives - 1)
        self._study = optuna.create_study(
            storage=self._storage,
            study_name=str(seed),
            pruner=create_pruner(pruner, epochs=epochs),
            directions=[StudyDirection.MAXIMIZE, *costs],
        )
        start_pruner(self._study)
        # Optuna neither notes nor judges what trials with several objectives report.
        self._several = objectives > 1
        self._looks = rung_steps(pruner, epochs=epochs)
        self._seed = seed
        self._walk = samplers.walk
        self._running: dict[int, optuna.Trial] = {}
        self._waiting: dict[int, Mapping[str, Value]] = {}
        self._released: set[int] = set()
        self._stopped: set[int] = set()
        for trial in past:
            self._restore(trial)
        self._next = len(past)
        self._first = len(first)
        for values in first[len(past) :]:
            self._restore(PastTrial(number=self._next, values=values, state="waiting"))
            self._next += 1
        samplers.restore(self._study)

    def ask(self) -> Proposal | None:
        """Return the next trial; None: none waits, and the sampler has no more."""
        number = min(self._waiting, default=self._next)
        drawn = number not in self._waiting
        sampler = self._samplers.create(self._study, number, self._waiting.get(number, {}))
        if sampler is None:
            return None
        self._study.sampler = sampler
        if number in self._released:
            trial = optuna.Trial(self._study, self._trial_id(number))
            self._released.discard(number)
        else:
            trial = self._study.ask()
        assert trial.number == number
        self._next = max(self._next, number + 1)
        self._waiting.pop(number, None)
        values: dict[str, Value] = {}
        for parameter in self._space.active(values):
            values[parameter.name] = _suggest(trial, parameter)
        memo = self._samplers.memo(self._study.get_trials(deepcopy=False)[number])
        # What Keras Tuner's hyperband trains for longer is a repeat on purpose, with a memo.
        untried = self._in_place_of(values, number) if drawn and memo is None else None
        if untried is not None:
            values = untried
            trial = self._replace(number, values)
        if self._walk is not None:
            self._walk.note(values)
        self._running[number] = trial
        # Under this name Keras Tuner says for how many epochs a proposal is meant.
        epochs = None if memo is None else memo.get("tuner/epochs")
        return Proposal(number=number, values=values, epochs=epochs, memo=memo)

    def report(self, number: int, step: int, value: float) -> bool:
        """Note an accuracy; at a rung below the end of a trial, ask the pruner about it."""
        trial = self._running[number]
        if not self._on_the_way(trial.params, [(step, value)]):
            return False
        trial.report(value, step)
        # The pruner notes what it is asked about, and judges others by that.
        if step not in self._looks or not trial.should_prune() or number < self._first:
            return False
        self._stopped.add(number)
        return True

    def tell(self, number: int, score: Score | None) -> None:
        """Close a trial: failed without a score, pruned where `report` said so, else complete."""
        self._close(number, score, stopped=number in self._stopped)

    def settle(
        self,
        number: int,
        *,
        reports: Sequence[tuple[int, float]],
        score: Score | None,
        stopped: bool,
    ) -> None:
        """Close a trial without asking the pruner."""
        for step, value in self._on_the_way(self._running[number].params, reports):
            self._running[number].report(value, step)
        if stopped:
            self._study.tell(self._running.pop(number), state=TrialState.PRUNED)
        else:
            self._close(number, score, stopped=False)

    def constrain(self, number: int, excess: Mapping[str, float]) -> None:
        """Note how far a trial is beyond each limit; TPE then learns where the limit lies."""
        trial = self._running[number]
        for name, share in excess.items():
            # A trial that was given back has it already, and Optuna warns of a second one.
            if name not in trial.constraints:
                trial.set_constraint(name, share)

    def release(self, number: int) -> None:
        """Let a trial wait again; its values stay, what it reported does not."""
        trial = self._running.pop(number)
        self._stopped.discard(number)
        # Nothing of Optuna's takes a report back, and it would not find a trial that waits again;
        # the study is in nobody else's hands.
        noted = self._study.get_trials(deepcopy=False)[number]
        reports = [*noted.intermediate_values.items()]
        for name in judged(self._study, number, reports, self._looks):
            noted.system_attrs.pop(name)
        noted.intermediate_values.clear()
        self._released.add(number)
        self._waiting[number] = trial.params

    def close(self) -> None:
        """Let go of what the sampler holds."""
        self._samplers.close()

    def _trial_id(self, number: int) -> int:
        study_id = self._storage.get_study_id_from_name(self._study.study_name)
        return self._storage.get_trial_id_from_study_id_trial_number(study_id, number)

    def _in_place_of(self, values: Mapping[str, Value], number: int) -> dict[str, Value] | None:
        """Return a point that no trial has tried, in place of a repeat; None: keep the values.

        It depends on the seed, the trial's number and what was tried, so that an interrupted
        search goes on as an undisturbed one would.
        """
        if self._walk is None or not self._walk.tried(values):
            return None
        return self._walk.random_untried(derive_seed(self._seed, "untried", number))

    def _replace(self, number: int, values: Mapping[str, Value]) -> optuna.Trial:
        """Give a trial that was just begun other values."""
        # Optuna has no call for it; the study is in nobody else's hands.
        noted = self._study.get_trials(deepcopy=False)[number]
        noted.params = dict(values)
        noted.distributions = {name: self._distributions[name] for name in values}
        return optuna.Trial(self._study, self._trial_id(number))

    def _on_the_way(
        self, values: Mapping[str, Value], reports: Sequence[tuple[int, float]]
    ) -> Sequence[tuple[int, float]]:
        """Return the reports by which trials are judged: those before the end of a whole training.

        A trial of fewer epochs than the longest is ahead of them while its schedule ends sooner:
        judged by it, every longer trial would be stopped. It is cheap, and trains to its end.
        """
        epochs = self._space.epochs(values, most=self._epochs)
        if self._several or epochs < self._epochs:
            return []
        return [report for report in reports if report[0] < QUARTERS * epochs]

    def _close(self, number: int, score: Score | None, *, stopped: bool) -> None:
        trial = self._running.pop(number)
        self._stopped.discard(number)
        scores = _scores(score)
        if scores is None:
            self._study.tell(trial, state=TrialState.FAIL)
        elif stopped:
            self._study.tell(trial, state=TrialState.PRUNED)
        else:
            self._study.tell(trial, scores)

    def _restore(self, past: PastTrial) -> None:
        state, scores = STATES[past.state], _scores(past.score)
        reports = self._on_the_way(past.values, () if state is TrialState.WAITING else past.reports)
        if state is TrialState.COMPLETE and scores is None:
            state = TrialState.FAIL
        if state is TrialState.PRUNED:
            # What Optuna would have written when it was told.
            scores = [reports[-1][1]] if reports else None
        looks = self._looks if past.trained else ()
        self._study.add_trial(
            optuna.trial.create_trial(
                state=state,
                values=scores if state in (TrialState.COMPLETE, TrialState.PRUNED) else None,
                params=dict(past.values),
                distributions={name: self._distributions[name] for name in past.values},
                intermediate_values=dict(reports),
                constraints=dict(past.excess),
                system_attrs={
                    **judged(self._study, past.number, reports, looks),
                    **(past.memo or {}),
                },
            )
        )
        if state is TrialState.WAITING:
            self._waiting[past.number] = past.values
        elif past.values and self._walk is not None:
            self._walk.note(past.values)


def _scores(score: Score | None) -> list[float] | None:
    """Return a score as Optuna's list of values, None if it is none."""
    if score is None:
        return None
    scores = [score] if isinstance(score, float | int) else [*score]
    return None if any(math.isnan(each) for each in scores) else scores


def _suggest(trial: optuna.Trial, parameter: Parameter) -> Value:
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
