"""The process of an oracle of Keras Tuner, whose import loads TensorFlow.

`main` reads one JSON object per line and answers each with one, `{"values": …}`. The first says
which oracle and which parameters, and so may a later one, for another oracle; the others bring what
became of trials and ask for values, null: there are no more. It ends when its input does, and with
a traceback on standard error where an oracle fails.
"""

from __future__ import annotations

import itertools
import json
import os
import queue
import sys
import threading
from collections.abc import Callable
from functools import partial
from typing import Any, TextIO

OBJECTIVE = "val_accuracy"
ROUND = "tuner/round"
# Keras Tuner would draw three points at random per parameter before it learns, more than a search
# of these spaces has trials; so many are what TPE begins with.
INITIAL_POINTS = 10
# Of the trials in a round of hyperband, the best one in so many goes on.
FACTOR = 3


class OracleService:
    """An oracle that is told what became of trials, and asked for values; no files, no loop."""

    def __init__(self, kind: str, parameters: list[dict[str, Any]], epochs: int) -> None:
        """Make the oracle; `kind` is random, bayesian, hyperband or grid."""
        from keras_tuner import HyperParameters, Objective, oracles

        space = HyperParameters()
        for parameter in parameters:
            _declare(space, parameter)
        makers: dict[str, Callable[..., Any]] = {
            "random": partial(oracles.RandomSearchOracle, max_trials=None),
            "bayesian": partial(
                oracles.BayesianOptimizationOracle,
                max_trials=None,
                num_initial_points=INITIAL_POINTS,
            ),
            "grid": partial(oracles.GridSearchOracle, max_trials=None),
            # Without end: the search says how many trials there are.
            "hyperband": partial(
                oracles.HyperbandOracle, max_epochs=epochs, factor=FACTOR, hyperband_iterations=0
            ),
        }
        self._kind = kind
        self._oracle = oracle = makers[kind](
            objective=Objective(OBJECTIVE, "max"),
            hyperparameters=space,
            # 0 would mean a random one; `propose` sets the seed of each trial.
            seed=1,
            max_consecutive_failed_trials=sys.maxsize,
        )
        oracle.verbose = 0
        # The ledger remembers; without this each step would write files.
        oracle.save = lambda: None
        oracle._save_trial = lambda trial: None
        # Those that are complete stay too, so that a bracket's place is its number for ever.
        oracle._remove_completed_brackets = lambda: None
        # It gives up after 21 points by chance that were tried before.
        draw = oracle._random_values
        oracle._random_values = lambda: draw() or self._spare
        self._spare: dict[str, Any] | None = None
        self._taken: dict[int, str] = {}

    def note(
        self,
        number: int,
        state: str,
        values: dict[str, Any],
        score: float | None,
        place: dict[str, Any] | None,
    ) -> None:
        """Take in that a trial is running or finished.

        `place` is what hyperband said of it when it proposed it.
        """
        if place is not None:
            self._place(number, place)
        self._taken[number] = self._oracle._compute_values_hash(_rounded(values))
        if self._kind == "grid":
            return
        trial = self._oracle.trials.get(str(number))
        if trial is None:
            trial = self._insert(number, values)
        if state == "finished":
            if score is None:
                trial.status = "FAILED"
            else:
                self._oracle.update_trial(trial.trial_id, {OBJECTIVE: score})
                trial.status = "COMPLETED"
            self._oracle.end_trial(trial)

    def propose(
        self, number: int, seed: int, spare: dict[str, Any] | None
    ) -> dict[str, Any] | None:
        """Return values for a trial, None when the oracle has no more.

        Hyperband adds `tuner/…`: the place in its brackets, counted in the order that they began
        in, and for how many epochs the trial is meant.
        """
        import numpy as np

        self._spare = spare
        if self._kind == "grid":
            return self._next_of_grid() or spare
        oracle = self._oracle
        oracle.seed = oracle._seed_state = seed
        if self._kind == "bayesian":
            oracle._random_state = np.random.RandomState(seed)
            oracle.gpr.random_state = seed
        values: dict[str, Any] | None = oracle.populate_space(str(number)).get("values")
        if values is not None and self._kind == "hyperband":
            values["tuner/bracket"] = next(
                place
                for place, bracket in enumerate(oracle._brackets)
                for entry in itertools.chain(*bracket["rounds"])
                if entry["id"] == str(number)
            )
        return values

    def _place(self, number: int, place: dict[str, Any]) -> None:
        """Put a trial of an earlier oracle where it stood in the brackets."""
        oracle, bracket = self._oracle, place["tuner/bracket"]
        while len(oracle._brackets) <= bracket:
            oracle._increment_bracket_num()
            oracle._start_new_bracket()
        entries = oracle._brackets[bracket]["rounds"][place[ROUND]]
        if all(entry["id"] != str(number) for entry in entries):
            entries.append({"past_id": place.get("tuner/trial_id"), "id": str(number)})

    def _next_of_grid(self) -> dict[str, Any] | None:
        # The order hangs on no score, so that each point is ended at once; a new oracle walks
        # over those that are taken.
        taken = set(self._taken.values())
        while True:
            trial = self._oracle.create_trial("grid")
            if trial.status != "RUNNING":
                return None
            values: dict[str, Any] = dict(trial.hyperparameters.values)
            trial.status = "FAILED"
            self._oracle.end_trial(trial)
            if self._oracle._compute_values_hash(_rounded(values)) not in taken:
                return values

    def _insert(self, number: int, values: dict[str, Any]) -> Any:
        from keras_tuner.engine.trial import Trial

        oracle = self._oracle
        space = oracle.get_space()
        space.values = dict(values)
        trial = Trial(hyperparameters=space, trial_id=str(number), status="RUNNING")
        oracle._record_values(trial)
        oracle.trials[trial.trial_id] = trial
        oracle.ongoing_trials[trial.trial_id] = trial
        oracle.start_order.append(trial.trial_id)
        return trial


def _rounded(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: f"{value:.9g}" if isinstance(value, float) else value
        for name, value in values.items()
    }


def _declare(space: Any, parameter: dict[str, Any]) -> None:
    """Register a parameter, which is inactive unless all of its conditions hold."""
    from keras_tuner.engine import hyperparameters

    # `conditional_scope` makes the same objects, but asks that scopes are nested as the parents'
    # own were, and a parameter here may have several parents that know nothing of each other.
    from keras_tuner.src.engine.conditions import Parent

    name = parameter["name"]
    conditions = [Parent(parent, values) for parent, values in parameter["conditions"]]
    if parameter["type"] == "choice":
        made = hyperparameters.Choice(name, parameter["choices"], conditions=conditions)
    else:
        kind = hyperparameters.Int if parameter["type"] == "int" else hyperparameters.Float
        made = kind(
            name,
            parameter["low"],
            parameter["high"],
            sampling="log" if parameter["log"] else "linear",
            conditions=conditions,
        )
    space.merge([made])


def serve(requests: queue.SimpleQueue[str], answers: TextIO) -> None:
    """Answer requests for ever."""
    service: OracleService | None = None
    while True:
        request = json.loads(requests.get())
        if service is None or "kind" in request:
            service = OracleService(**request)
            answer: dict[str, Any] = {"values": None}
        else:
            for change in request["trials"]:
                service.note(**change)
            del request["trials"]
            answer = {"values": service.propose(**request)}
        answers.write(json.dumps(answer, default=_plain) + "\n")
        answers.flush()


def _plain(value: Any) -> Any:
    # NumPy's numbers.
    return value.item()


def main() -> None:
    """Serve standard input, until it ends; what libraries print goes to standard error."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    requests: queue.SimpleQueue[str] = queue.SimpleQueue()

    def read() -> None:
        for line in sys.stdin:
            requests.put(line)
        # At once, even in the middle of a computation: whoever asked is gone.
        os._exit(0)

    threading.Thread(target=read, daemon=True).start()
    serve(requests, answers)


if __name__ == "__main__":
    main()
