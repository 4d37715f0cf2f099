"""Keras Tuner's oracles as samplers of an Optuna study.

An oracle proposes, the study keeps slots, values and scores: pruners, the ledger and Optuna's
tools work as with any other sampler, and nothing of Keras Tuner's is written to disk.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, assert_never

from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

import mnist_search
from mnist_search.engines._grid import values_of
from mnist_search.engines._samplers import PointSampler
from mnist_search.engines.base import SamplerName
from mnist_search.errors import MnistSearchError
from mnist_search.spaces import (
    ChoiceParameter,
    FloatParameter,
    IntParameter,
    SearchSpace,
    Value,
)
from mnist_search.specs import derive_seed
from mnist_search.specs.rung import RUNG

Parameter = IntParameter | FloatParameter | ChoiceParameter


class OracleSampler(PointSampler):
    """Hands out the values of an oracle that lives in a process of its own.

    The oracle learns what the study holds before each proposal, which hangs on that and on the
    trial's number alone: an oracle made again goes on as if it had never been gone.
    """

    def __init__(self, kind: SamplerName, space: SearchSpace, *, seed: int, epochs: int) -> None:
        """Plan the oracle; its process starts with the first question."""
        super().__init__(seed=seed)
        self._space = space
        self._parameters = {parameter.name: parameter for parameter in space.parameters}
        self._oracle = OracleProcess(kind, [*_describe(space)], epochs)
        self._told: dict[int, str] = {}

    def prepare(self, study: Study, slot: FrozenTrial) -> bool:
        given = {**slot.system_attrs.get("fixed_params", {}), **slot.params}
        self._point = {}
        if all(parameter.name in given for parameter in self._space.active(given)):
            return True
        raw = self._propose(study, slot.number)
        if raw is None:
            return bool(given)
        self._point = self._decode(raw)
        return True

    def close(self) -> None:
        self._oracle.close()

    def _propose(self, study: Study, number: int) -> dict[str, Any] | None:
        return self._oracle.propose(
            number, seed=derive_seed(self._seed, "oracle", number), trials=self._changes(study)
        )

    def _decode(self, raw: Mapping[str, Any]) -> dict[str, Value]:
        return {name: _decode(self._parameters[name], value) for name, value in raw.items()}

    def _changes(self, study: Study) -> list[dict[str, Any]]:
        """Return what the oracle does not know yet, in the order of the trials' numbers."""
        changes = []
        for trial in study.get_trials(deepcopy=False):
            before = self._told.get(trial.number)
            rung = trial.user_attrs.get(RUNG)
            match trial.state:
                case TrialState.WAITING:
                    # What has a rung keeps it.
                    state = "gone" if rung is None else "running"
                case TrialState.RUNNING:
                    state = "running"
                case TrialState.COMPLETE | TrialState.PRUNED | TrialState.FAIL:
                    state = "finished"
                case _:
                    assert_never(trial.state)
            if state == before or (state == "gone" and before is None):
                continue
            given = trial.params if rung is None else rung["values"]
            values = {name: _encode(self._parameters[name], value) for name, value in given.items()}
            score = trial.value if trial.state != TrialState.FAIL else None
            change = {"number": trial.number, "state": state, "values": values, "score": score}
            changes.append(change if rung is None else change | {"rung": rung})
            if state == "gone":
                del self._told[trial.number]
            else:
                self._told[trial.number] = state
        return changes


class OracleProcess:
    """The process of an oracle: started by the first question, gone with this one."""

    def __init__(self, kind: str, parameters: Sequence[Mapping[str, Any]], epochs: int) -> None:
        """Plan the process; a whole trial has `epochs` epochs."""
        self._start = {"kind": kind, "parameters": parameters, "epochs": epochs}
        self._process: subprocess.Popen[str] | None = None
        self._log: IO[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Return the id of the process, None while there is none."""
        return None if self._process is None else self._process.pid

    def propose(
        self, number: int, *, seed: int, trials: Sequence[Mapping[str, Any]]
    ) -> dict[str, Any] | None:
        """Tell what became of trials and return values for the next, None: there are no more.

        Raises:
            MnistSearchError: the process died.
        """
        if self._process is None:
            self.start()
            self._ask(self._start)
        answer: dict[str, Any] | None = self._ask(
            {"number": number, "seed": seed, "trials": trials}
        )
        return answer

    def start(self) -> None:
        """Start the process; TensorFlow is not loaded before it knows its oracle."""
        root = str(Path(mnist_search.__file__).parent.parent)
        paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
        # One thread, no graphics card, no chatter: the workers need the machine.
        environ = os.environ | {
            "PYTHONPATH": os.pathsep.join(paths),
            "CUDA_VISIBLE_DEVICES": "",
            "OMP_NUM_THREADS": "1",
            "TF_CPP_MIN_LOG_LEVEL": "3",
        }
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - `close` closes it
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "mnist_search.engines._oracle_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            env=environ,
            # Ctrl-C is the coordinator's to answer.
            start_new_session=True,
        )

    def close(self) -> None:
        """End the process, if there is one."""
        if self._process is None:
            return
        self._process.kill()
        self._process.communicate()
        self._process = None
        assert self._log is not None
        self._log.close()

    def _ask(self, request: Mapping[str, Any]) -> Any:
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
        return json.loads(line)["values"]

    def _last_line(self) -> str:
        assert self._log is not None
        self._log.seek(0)
        lines = self._log.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"


def _describe(space: SearchSpace) -> Iterator[dict[str, Any]]:
    """Yield the parameters as Keras Tuner knows them."""
    by_name = {parameter.name: parameter for parameter in space.parameters}
    for parameter in space.parameters:
        data: dict[str, Any] = {"name": parameter.name}
        match parameter:
            case ChoiceParameter(choices=choices):
                encoded = [_encode(parameter, choice) for choice in choices]
                data |= {"type": "choice", "choices": encoded}
            case IntParameter() | FloatParameter():
                kind = "int" if isinstance(parameter, IntParameter) else "float"
                data |= {"type": kind, "low": parameter.low, "high": parameter.high}
                # There, a step on a logarithmic scale multiplies.
                step = None if parameter.log else parameter.step
                data |= {"step": step, "log": parameter.log}
            case _:
                assert_never(parameter)
        data["conditions"] = []
        for condition in parameter.conditions:
            parent = by_name[condition.parameter]
            candidates = condition.choices if parent.count is None else values_of(parent)
            allowed = [value for value in candidates or () if condition.allows(value)]
            data["conditions"].append([parent.name, [_encode(parent, value) for value in allowed]])
        yield data


def _encode(parameter: Parameter, value: Value) -> Value:
    # Keras Tuner makes integers of a choice of true and false.
    return json.dumps(value) if type(value) is bool else parameter.normalise(value)


def _decode(parameter: Parameter, value: Value) -> Value:
    if isinstance(parameter, ChoiceParameter) and type(parameter.choices[0]) is bool:
        return value == "true"
    # Its Gaussian process also asks for the end of the scale, for which it answers one more than
    # the highest integer.
    return parameter.nearest(value)
