"""Keras Tuner's oracle: what it is told, and that its process ends with ours."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from mnist_search.engines import Engine, PastTrial, SamplerName, create_engine
from mnist_search.engines.keras_tuner import OracleProcess, OracleSamplers
from mnist_search.engines.optuna import OptunaEngine
from mnist_search.errors import MnistSearchError
from mnist_search.spaces import SearchSpace, Value, find_space
from tests.engines.driving import ask, create, live, point
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


class Asked(OracleProcess):
    """Stands in for the process: remembers what it was told and answers as planned."""

    def __init__(self, answer: Mapping[str, Any] | None) -> None:
        super().__init__()
        self.answer = answer
        self.requests: list[Mapping[str, Any]] = []

    def ask(self, request: Mapping[str, Any]) -> dict[str, Any] | None:
        if "kind" in request:
            return None
        self.requests.append(request)
        return None if self.answer is None else dict(self.answer)

    def told(self) -> list[list[tuple[int, str, float | None]]]:
        return [
            [(change["number"], change["state"], change["score"]) for change in request["trials"]]
            for request in self.requests
        ]


# A float in steps is told by the places of its values: 1 of 0.0, 0.25 and 0.5.
POINT = {
    "dense_layers": 0,
    "units_1": 32,
    "dense_dropout": 1,
    "optimizer": "sgd",
    "learning_rate_sgd": 0.01,
    "nesterov": "true",
}
VALUES = POINT | {"dense_layers": 1, "dense_dropout": 0.25, "nesterov": True}


def engine_on(
    space: SearchSpace,
    asked: Asked,
    *,
    sampler: SamplerName = "random",
    seed: int = 0,
    past: list[PastTrial] | None = None,
) -> Engine:
    oracle = OracleSamplers(sampler, space, seed=seed, epochs=9, process=asked)
    return OptunaEngine(
        space,
        samplers=oracle,
        pruner="none",
        seed=seed,
        epochs=9,
        first=[space.defaults()],
        past=past or [],
    )


def test_values_are_told_as_keras_tuner_knows_them(space: SearchSpace) -> None:
    asked = Asked(POINT)
    engine = engine_on(space, asked)
    assert ask(engine).values == space.defaults()
    assert asked.requests == [], "a trial that has its values asks for none"
    assert ask(engine).values == VALUES
    ask(engine)
    assert asked.requests[1]["trials"][0]["values"] == POINT


def test_oracle_hears_of_each_change_once(space: SearchSpace) -> None:
    asked = Asked(POINT)
    engine = engine_on(space, asked)
    first, second = ask(engine), ask(engine)
    engine.tell(first.number, 0.9)
    ask(engine)
    engine.tell(second.number, None)
    ask(engine)
    assert asked.told() == [
        [(0, "running", None)],
        [(0, "finished", 0.9), (1, "running", None)],
        [(1, "finished", None), (2, "running", None)],
    ]


def test_oracle_hears_nothing_of_what_was_given_back(space: SearchSpace) -> None:
    asked = Asked(POINT)
    engine = engine_on(space, asked)
    given, proposed = ask(engine), ask(engine)
    ask(engine)
    engine.release(proposed.number)
    engine.release(given.number)
    assert [ask(engine), ask(engine)] == [given, proposed]
    ask(engine)
    assert asked.told() == [[(0, "running", None)], [(1, "running", None)], [(2, "running", None)]]


def test_oracle_made_again_hears_everything(space: SearchSpace) -> None:
    asked = Asked(POINT)
    engine = engine_on(space, asked)
    past = []
    for score in (0.9, 0.8):
        proposal = ask(engine)
        engine.tell(proposal.number, score)
        past.append(
            PastTrial(number=proposal.number, values=proposal.values, state="complete", score=score)
        )
    ask(engine_on(space, asked, past=past))
    assert asked.told()[-1] == [(0, "finished", 0.9), (1, "finished", 0.8)]
    assert len({request["seed"] for request in asked.requests}) == 2, "each trial has its own"


def test_number_beyond_the_end_is_the_end(space: SearchSpace) -> None:
    # A Gaussian process asks for the end of the scale, where the oracle is one too high.
    beyond = {"dense_layers": 2, "units_2": 64, "dense_dropout": 3, "learning_rate_sgd": 0.1000001}
    engine = engine_on(space, Asked(POINT | beyond))
    ask(engine)
    values = ask(engine).values
    space.check(dict(values))
    assert (values["dense_layers"], values["dense_dropout"]) == (2, 0.5)


def test_oracle_without_more_is_the_end(space: SearchSpace) -> None:
    engine = engine_on(space, Asked(None))
    assert ask(engine).number == 0
    assert engine.ask() is None


FINITE = """
family = "mlp"

[parameters.units]
type = "int"
low = 32
high = 64
step = 32

[parameters.dense_dropout]
type = "float"
low = 0.0
high = 0.6
step = 0.1
"""


def test_oracle_that_repeats_itself_is_overruled_while_points_are_left(tmp_path: Path) -> None:
    path = tmp_path / "finite.toml"
    path.write_text(FINITE)
    space = find_space(str(path))
    asked = Asked({"units": 1, "dense_dropout": 6})
    engine = engine_on(space, asked, sampler="bayesian")
    proposals = [ask(engine) for _ in range(14)]
    assert proposals[1].values == {"units": 64, "dense_dropout": 0.6}
    assert len({point(proposal) for proposal in proposals}) == 14
    assert engine.ask() is None
    # Up to then the oracle had a point to fall back on itself.
    assert [request["spare"] is None for request in asked.requests] == [*[False] * 13, True]


def test_promotion_has_the_values_and_more_epochs(space: SearchSpace) -> None:
    asked = Asked(POINT | {"tuner/bracket": 0, "tuner/round": 0, "tuner/epochs": 1})
    engine = engine_on(space, asked, sampler="hyperband")
    given, start = ask(engine), ask(engine)
    assert (given.epochs, given.memo) == (None, None)
    assert start.epochs == 1
    engine.tell(start.number, 0.9)
    promotion = {"tuner/trial_id": "1", "tuner/bracket": 0, "tuner/round": 1, "tuner/epochs": 3}
    asked.answer = POINT | {"dense_dropout": 2} | promotion
    promoted = ask(engine)
    assert (promoted.values, promoted.epochs) == (start.values, 3)
    # Given back, it keeps its place and stays in it.
    engine.release(promoted.number)
    again = ask(engine)
    assert again == promoted
    past = [
        PastTrial(number=0, values=given.values, state="complete", score=0.5),
        PastTrial(number=1, values=start.values, state="complete", score=0.9, memo=start.memo),
        PastTrial(number=2, values=promoted.values, state="waiting", memo=promoted.memo),
    ]
    resumed = engine_on(space, asked, sampler="hyperband", past=past)
    assert ask(resumed) == promoted
    ask(resumed)
    places = [change["place"] for change in asked.requests[-1]["trials"]]
    assert places == [None, start.memo, promoted.memo]


@pytest.fixture
def process() -> Iterator[OracleProcess]:
    made = OracleProcess()
    yield made
    made.close()


def test_death_of_the_process_is_one_sentence(process: OracleProcess) -> None:
    process.start()
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    with pytest.raises(MnistSearchError, match="Keras Tuner's oracle ended with code -9"):
        process.ask({})


def test_failure_of_the_oracle_is_one_sentence(process: OracleProcess) -> None:
    with pytest.raises(MnistSearchError, match="ended with code 1: TypeError"):
        process.ask({"kind": "random", "taste": "none"})


def test_process_dies_with_its_parent() -> None:
    code = (
        "import time\n"
        "from mnist_search.engines.keras_tuner import OracleProcess\n"
        "process = OracleProcess()\n"
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


@pytest.mark.slow
def test_nothing_in_the_working_folder_is_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, process: OracleProcess
) -> None:
    for name in ("socket", "json", "optuna", "keras_tuner", "mnist_search"):
        (tmp_path / f"{name}.py").write_text(f"raise SystemExit('{name} of the folder')")
    monkeypatch.chdir(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", "import keras_tuner"], capture_output=True, text=True, check=False
    )
    assert "keras_tuner of the folder" in done.stderr
    assert process.ask({"kind": "random", "parameters": [], "epochs": 1}) is None


@pytest.mark.slow
def test_engine_of_its_own_process_is_the_same(space: SearchSpace) -> None:
    own = create_engine(
        space, engine="keras-tuner", sampler="random", pruner="none", seed=4, epochs=8
    )
    shared = create(space, ("keras-tuner", "random"), seed=4)
    assert live(own, 3) == live(shared, 3)
    own.close()
    assert "keras_tuner" not in sys.modules


@pytest.mark.slow
def test_hyperband_trains_few_for_long(space: SearchSpace) -> None:
    trials = live(create(space, ("keras-tuner", "hyperband"), epochs=9), 22)
    epochs = [int((trial.memo or {})["tuner/epochs"]) for trial in trials]
    # A bracket starts 9 trials with 1 epoch, and the best of each round go on to the next.
    assert epochs[:13] == [1] * 9 + [3] * 3 + [9]
    by_number: list[Mapping[str, Value]] = [trial.values for trial in trials]
    for trial in trials:
        parent = (trial.memo or {}).get("tuner/trial_id")
        if parent is not None:
            assert trial.values == by_number[int(parent)]
    best = sorted(trials[:9], key=lambda trial: -float(str(trial.score)))[:3]
    assert {point(trial) for trial in trials[9:12]} == {point(trial) for trial in best}
