"""Keras Tuner's oracle: what it is told, and that its process ends with ours."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import optuna
import pytest
from mnist_search.engines._keras_tuner import OracleProcess

from mnist_search.engines import Engine, create_engine
from mnist_search.errors import MnistSearchError
from mnist_search.spaces import SearchSpace, find_space
from tests.processes import is_alive

BOOLEAN = """
[parameters.nesterov]
type = "choice"
choices = [true, false]
when = { optimizer = "sgd" }

[fixed]
"""


@pytest.fixture
def space(space_file: Path) -> SearchSpace:
    space_file.write_text(space_file.read_text().replace("[fixed]", BOOLEAN))
    return find_space(str(space_file))


class Asked:
    """Stands in for the process: remembers what it was told and answers as planned."""

    def __init__(self, answer: dict[str, Any] | None) -> None:
        self.answer = answer
        self.told: list[list[Mapping[str, Any]]] = []
        self.seeds: list[int] = []

    def propose(
        self, number: int, *, seed: int, trials: Sequence[Mapping[str, Any]]
    ) -> dict[str, Any] | None:
        self.told.append(list(trials))
        self.seeds.append(seed)
        return self.answer

    def close(self) -> None:
        pass


POINT = {
    "dense_layers": 1,
    "units_1": 32,
    "dense_dropout": 0.25,
    "optimizer": "sgd",
    "learning_rate_sgd": 0.01,
    "nesterov": "true",
}


def engine_on(
    space: SearchSpace, asked: Asked, monkeypatch: pytest.MonkeyPatch, *, seed: int = 0
) -> tuple[Engine, optuna.Study]:
    monkeypatch.setattr("mnist_search.engines._keras_tuner.OracleProcess", lambda *_: asked)
    study = optuna.create_study(direction="maximize")
    study.enqueue_trial(space.defaults())
    for _ in range(4):
        study.enqueue_trial({})
    engine = create_engine(
        study, space, engine="keras-tuner", sampler="random", pruner="none", seed=seed, epochs=2
    )
    return engine, study


def test_values_are_the_trial_s_own_in_the_study(
    space: SearchSpace, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Asked(POINT)
    engine, study = engine_on(space, asked, monkeypatch)
    given, proposed = engine.ask(), engine.ask()
    assert given is not None
    assert given.values == space.defaults()
    assert proposed is not None
    assert proposed.values == POINT | {"nesterov": True}
    assert study.trials[1].params == proposed.values
    assert len(asked.told) == 1, "a slot that has its values asks for none"


def test_oracle_hears_of_each_change_once(
    space: SearchSpace, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Asked(POINT)
    engine, _ = engine_on(space, asked, monkeypatch)
    first, second = engine.ask(), engine.ask()
    assert first is not None
    assert second is not None
    engine.tell(first, 0.9)
    third = engine.ask()
    assert third is not None
    engine.tell(second, None)
    engine.ask()
    told = [[(c["number"], c["state"], c["score"]) for c in changes] for changes in asked.told]
    assert told == [
        [(0, "running", None)],
        [(0, "finished", 0.9), (1, "running", None)],
        [(1, "finished", None), (2, "running", None)],
    ]
    assert asked.told[1][1]["values"] == POINT


def test_oracle_made_again_hears_everything(
    space: SearchSpace, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Asked(POINT)
    engine, study = engine_on(space, asked, monkeypatch)
    for score in (0.9, 0.8):
        proposal = engine.ask()
        assert proposal is not None
        engine.tell(proposal, score)
    again = create_engine(
        study, space, engine="keras-tuner", sampler="random", pruner="none", seed=0, epochs=2
    )
    again.ask()
    assert [change["score"] for change in asked.told[-1]] == [0.9, 0.8]
    assert len(set(asked.seeds)) == 2, "each trial has a seed of its own"


def test_number_beyond_the_end_is_the_end(
    space: SearchSpace, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A Gaussian process asks for the end of the scale, where the oracle is one too high.
    asked = Asked(POINT | {"dense_layers": 3, "units_2": 64, "dense_dropout": 0.5000001})
    engine, _ = engine_on(space, asked, monkeypatch)
    engine.ask()
    proposal = engine.ask()
    assert proposal is not None
    space.check(dict(proposal.values))
    assert proposal.values["dense_layers"] == 2


def test_oracle_without_more_leaves_the_slot(
    space: SearchSpace, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, study = engine_on(space, Asked(None), monkeypatch)
    assert engine.ask() is not None
    assert engine.ask() is None
    assert study.trials[1].state.name == "WAITING"


@pytest.fixture
def process() -> Iterator[OracleProcess]:
    made = OracleProcess("random", [], 2)
    yield made
    made.close()


def test_death_of_the_process_is_one_sentence(process: OracleProcess) -> None:
    process.start()
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    with pytest.raises(MnistSearchError, match="Keras Tuner's oracle ended with code -9"):
        process._ask({})


def test_process_dies_with_its_parent() -> None:
    code = (
        "import time\n"
        "from mnist_search.engines._keras_tuner import OracleProcess\n"
        "process = OracleProcess('random', [], 2)\n"
        "process.start()\n"
        "print(process.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        os.kill(pid, 0)
        parent.kill()
    deadline = time.monotonic() + 60
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_alive(pid)


def run(engine: Engine, scores: Sequence[float | None]) -> list[Mapping[str, Any]]:
    values = []
    for score in scores:
        proposal = engine.ask()
        assert proposal is not None
        engine.tell(proposal, score)
        values.append(proposal.values)
    return values


@pytest.mark.slow
@pytest.mark.parametrize("sampler", ["random", "bayesian", "hyperband", "grid"])
def test_an_oracle_keeps_to_the_contract(space: SearchSpace, sampler: str) -> None:
    scores = [None] * 10 + [0.5 + number / 100 for number in range(11)] + [float("nan"), 0.55]

    def create(study: optuna.Study, seed: int = 0) -> Engine:
        return create_engine(
            study, space, engine="keras-tuner", sampler=sampler, pruner="none", seed=seed, epochs=2
        )

    def waiting() -> optuna.Study:
        study = optuna.create_study(direction="maximize")
        for _ in scores:
            study.enqueue_trial({})
        return study

    first = create(waiting())
    whole = run(first, scores)
    first.close()
    for values in whole:
        space.check(dict(values))
        assert {type(value) for value in values.values()} <= {bool, int, float, str}
    if sampler != "bayesian":
        assert len({frozenset(values.items()) for values in whole}) == len(whole)
    study, parts = waiting(), []
    for begin, end in ((0, 18), (18, len(scores))):
        engine = create(study)
        parts += run(engine, scores[begin:end])
        engine.close()
    assert parts == whole
    assert study.best_trial.number == 20
    assert "keras_tuner" not in sys.modules


@pytest.mark.slow
def test_seeds_decide_and_zero_is_one_of_them(space: SearchSpace) -> None:
    found = []
    for seed in (0, 1):
        study = optuna.create_study(direction="maximize")
        study.enqueue_trial({})
        engine = create_engine(
            study, space, engine="keras-tuner", sampler="random", pruner="none", seed=seed, epochs=2
        )
        found += run(engine, [0.5])
        engine.close()
    assert found[0] != found[1]
