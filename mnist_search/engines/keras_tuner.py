"""Keras Tuner's oracles as samplers.

An oracle proposes, the engine's study keeps trials, values and scores: pruners work as with any
other sampler, and nothing of Keras Tuner's is written to disk. Importing it imports TensorFlow,
so the oracle lives in a process of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import IO, Any

from optuna.samplers import BaseSampler
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from mnist_search.choices import SamplerName
from mnist_search.engines.samplers import Samplers, random_point
from mnist_search.errors import MnistSearchError
from mnist_search.interpreter import python_environment
from mnist_search.paths import temporary_file
from mnist_search.spaces import ChoiceParameter, Parameter, SearchSpace, Value
from mnist_search.specs import derive_seed

START = "from mnist_search.engines.oracle import main; main()"


class OracleSamplers(Samplers):
    """Hands out the values of an oracle that lives in a process of its own.

    The oracle learns what the study holds before each proposal, which depends on that and on the
    trial's number alone: an oracle made again goes on as if it had never been gone.
    """

    def __init__(
        self,
        kind: SamplerName,
        space: SearchSpace,
        *,
        seed: int,
        epochs: int,
        process: OracleProcess | None = None,
    ) -> None:
        """Plan the oracle, in a process of its own unless there is one to use."""
        super().__init__(space, seed)
        self._space = space
        self._encoding = Encoding(space, kind)
        self._kind = kind
        self._epochs = epochs
        self._process = process or OracleProcess()
        self._is_made = False
        self._told: dict[int, str] = {}
        # What Keras Tuner's hyperband says of its trials: `tuner/epochs` and the like.
        self._memos: dict[int, dict[str, Any]] = {}

    def create(self, study: Study, number: int, given: Mapping[str, Value]) -> BaseSampler | None:
        if given and all(parameter.name in given for parameter in self._space.active(given)):
            return self.at({}, number)
        if not self._is_made:
            parameters = [*self._encoding.describe()]
            self._process.ask(
                {"kind": self._kind, "parameters": parameters, "epochs": self._epochs}
            )
            self._is_made = True
        spare = self._spare(number)
        raw = self._process.ask(
            {
                "number": number,
                "seed": derive_seed(self._seed, "oracle", number),
                "trials": self._changes(study),
                "spare": None if spare is None else self._encoding.encode(spare),
            }
        )
        if raw is None:
            return self.at({}, number) if given else None
        own = {name: raw.pop(name) for name in [*raw] if name.startswith("tuner/")}
        if own:
            self._memos[number] = own
        parent = own.get("tuner/trial_id")
        if parent is not None:
            # The very values of the trial that is worth more epochs, not what became of them on
            # the way through the oracle.
            return self.at(study.get_trials(deepcopy=False)[int(parent)].params, number)
        point = self._encoding.decode(raw)
        if self.walk is not None and self.walk.tried(point):
            # A Gaussian process may ask for the same point for ever.
            if spare is None and not given:
                return None
            point = spare or {}
        return self.at(point, number)

    def memo(self, trial: FrozenTrial) -> dict[str, Any] | None:
        return self._memos.get(trial.number)

    def restore(self, study: Study) -> None:
        for trial in study.get_trials(deepcopy=False):
            own = {
                name: value
                for name, value in trial.system_attrs.items()
                if name.startswith("tuner/")
            }
            if own:
                self._memos[trial.number] = own

    def close(self) -> None:
        self._process.close()

    def _spare(self, number: int) -> dict[str, Value] | None:
        """Return a point for when the oracle finds none that is new; None: it then has no more."""
        seed = derive_seed(self._seed, "spare", number)
        if self.walk is not None:
            return self.walk.random_untried(seed)
        # Of a range without steps the grid has ten values, after which it ends.
        return None if self._kind == "grid" else random_point(self._space, seed)

    def _changes(self, study: Study) -> list[dict[str, Any]]:
        """Return what the oracle does not know yet, in the order of the trials' numbers."""
        changes = []
        for trial in study.get_trials(deepcopy=False):
            # What waits was given some of its values to begin with, and is none of the oracle's.
            state = "finished" if trial.state.is_finished() else "running"
            if trial.state == TrialState.WAITING or self._told.get(trial.number) == state:
                continue
            self._told[trial.number] = state
            changes.append(
                {
                    "number": trial.number,
                    "state": state,
                    "values": self._encoding.encode(trial.params),
                    "score": trial.value if trial.state != TrialState.FAIL else None,
                    "place": self._memos.get(trial.number),
                }
            )
        return changes


class OracleProcess:
    """The process of an oracle: started by the first question, gone with this one."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self._process: subprocess.Popen[str] | None = None
        self._log: IO[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Return the id of the process, None while there is none."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Start the process; TensorFlow is not loaded before it knows its oracle."""
        # One thread, no graphics card, no chatter: the workers need the machine. A user's own
        # settings of Keras may name a backend that is not installed.
        environ = python_environment(os.environ) | {
            "CUDA_VISIBLE_DEVICES": "",
            "KERAS_BACKEND": "tensorflow",
            "KERAS_HOME": os.devnull,
            "KERAS_NNX_ENABLED": "0",
            "OMP_NUM_THREADS": "1",
            "TF_CPP_MIN_LOG_LEVEL": "3",
        }
        self._log = temporary_file()
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", START],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            env=environ,
            # Ctrl-C is the coordinator's to answer.
            start_new_session=True,
        )

    def ask(self, request: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the values that the oracle answers with.

        The first request makes the oracle, as `mnist_search.engines.oracle` says; a later one of
        the same kind makes another.

        Raises:
            MnistSearchError: the process died.
        """
        if self._process is None:
            self.start()
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise MnistSearchError(
                f"the process of Keras Tuner's oracle ended with code {process.wait()}: "
                f"{self._last_line()}",
                hint="--engine optuna needs no such process",
            )
        values: dict[str, Any] | None = json.loads(line)["values"]
        return values

    def close(self) -> None:
        """End the process, if there is one."""
        if self._process is None:
            return
        self._process.kill()
        self._process.communicate()
        self._process = None
        assert self._log is not None
        self._log.close()

    def _last_line(self) -> str:
        assert self._log is not None
        self._log.seek(0)
        lines = self._log.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"


class Encoding:
    """The values of a space as Keras Tuner is to know them, for an oracle of some kind."""

    def __init__(self, space: SearchSpace, kind: SamplerName) -> None:
        """Take the parameters."""
        self._parameters = {parameter.name: parameter for parameter in space.parameters}
        self._kind = kind

    def describe(self) -> Iterator[dict[str, Any]]:
        """Yield the parameters."""
        for parameter in self._parameters.values():
            data: dict[str, Any] = {"name": parameter.name}
            if self._is_numbered(parameter):
                data |= {"type": "int", "low": 0, "high": (parameter.count or 1) - 1, "log": False}
            elif isinstance(parameter, ChoiceParameter):
                encoded = [self._encode(parameter, choice) for choice in parameter.choices]
                data |= {"type": "choice", "choices": encoded}
            else:
                data |= {"type": parameter.type, "low": parameter.low, "high": parameter.high}
                data |= {"log": parameter.log}
            data["conditions"] = []
            for condition in parameter.conditions:
                parent = self._parameters[condition.parameter]
                if condition.choices is not None:
                    allowed = [value for value in condition.choices if parent.contains(value)]
                else:
                    every = (parent.value(index) for index in range(parent.count or 0))
                    allowed = [value for value in every if condition.allows(value)]
                values = [self._encode(parent, value) for value in allowed]
                data["conditions"].append([parent.name, values])
            yield data

    def encode(self, values: Mapping[str, Value]) -> dict[str, Value]:
        """Return values of the space as the oracle has them."""
        return {name: self._encode(self._parameters[name], it) for name, it in values.items()}

    def decode(self, raw: Mapping[str, Any]) -> dict[str, Value]:
        """Return values of the oracle as the space has them."""
        return {name: self._decode(self._parameters[name], it) for name, it in raw.items()}

    def _is_numbered(self, parameter: Parameter) -> bool:
        """Say whether Keras Tuner gets the places of the values instead of the values.

        It counts the steps of a float in binary fractions, and so never comes to the top of some
        ranges. Its grid takes only ten values of a logarithmic scale.
        """
        if isinstance(parameter, ChoiceParameter) or parameter.count is None:
            return False
        return self._kind == "grid" or not parameter.log

    def _encode(self, parameter: Parameter, value: Value) -> Value:
        if self._is_numbered(parameter):
            return parameter.place(value)
        # Keras Tuner makes integers of a choice of true and false.
        return json.dumps(value) if type(value) is bool else value

    def _decode(self, parameter: Parameter, value: Any) -> Value:
        if isinstance(parameter, ChoiceParameter):
            is_flag = type(parameter.choices[0]) is bool
            return value == "true" if is_flag else parameter.nearest(value)
        if self._is_numbered(parameter):
            return parameter.value(min(max(value, 0), (parameter.count or 1) - 1))
        # Its Gaussian process also asks for the end of the scale, for which it answers one more
        # than the highest integer.
        return parameter.nearest(value)
