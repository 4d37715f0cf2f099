"""The ledger driven at random beside a model of it (rows 3, 21 to 25, 30), reopened at will."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from mnist_search.engines import Engine, Proposal, create_engine
from mnist_search.spaces import find_space
from mnist_search.specs import DatasetRef, RunResult, Score, derive_seed
from mnist_search.studies import Ledger, SearchSpec, StudySpec, create_ledger, open_ledger

SPACE = find_space("mlp")
OVER = ("complete", "pruned", "failed")


def study_spec() -> StudySpec:
    dataset = DatasetRef(name="digits", digest="0" * 16, train_images=1500, test_images=297)
    search = SearchSpec(space=SPACE, sampler="random", pruner="halving", epochs=2, seed=0)
    return StudySpec(name="machine", dataset=dataset, precision="float32", search=search)


class Machine(RuleBasedStateMachine):
    """The model: the state of every slot, and what a finished one must hold for ever."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        home = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.folder = home / "machine"
        self.spec = study_spec()
        self.clock = 0.0
        self.seconds = 0.0
        self.states: list[str] = ["waiting"] * 2
        self.params: dict[int, dict[str, Any]] = {}
        self.accuracies: dict[int, float | None] = {}
        self.running: dict[int, Proposal] = {}
        self.written: dict[int, RunResult] = {}
        self.ledger = create_ledger(self.folder, self.spec, slots=2)
        self.engine = self.new_engine()

    def new_engine(self) -> Engine:
        return create_engine(
            self.ledger.study, SPACE, sampler="random", pruner="halving", seed=0, epochs=2
        )

    def teardown(self) -> None:
        self.ledger.close()
        self.stack.close()

    @precondition(lambda self: len(self.states) < 8)
    @rule(more=st.integers(-1, 2))
    def extend(self, more: int) -> None:
        total = len(self.states) + more
        assert self.ledger.add_slots(total) == max(0, more)
        self.states += ["waiting"] * max(0, more)

    @rule()
    def claim(self) -> None:
        proposal = self.engine.ask()
        if proposal is None:
            assert "waiting" not in self.states
            return
        number = proposal.number
        assert number == self.states.index("waiting"), "slots are claimed in order"
        # An interrupted trial runs again with the same parameters and seed.
        assert self.params.setdefault(number, proposal.values) == proposal.values
        config = SPACE.config(proposal.values, epochs=2)
        self.ledger.begin(number, config, seed=derive_seed(0, "training", number))
        self.states[number] = "running"
        self.running[number] = proposal

    @precondition(lambda self: self.running)
    @rule(data=st.data(), accuracy=st.floats(0, 1))
    def report(self, data: st.DataObject, accuracy: float) -> None:
        number = data.draw(st.sampled_from(sorted(self.running)))
        if number in self.written:
            return
        step = len(self.ledger.study.trials[number].intermediate_values) + 1
        self.engine.report(self.running[number], step, accuracy)

    @precondition(lambda self: self.running)
    @rule(data=st.data(), status=st.sampled_from(("complete", "failed")))
    def write(self, data: st.DataObject, status: Any) -> None:
        """Write a result, without closing the slot yet."""
        number = data.draw(st.sampled_from(sorted(self.running)))
        config = SPACE.config(self.params[number], epochs=2)
        score = None if status == "failed" else Score(correct=number, total=10)
        result = RunResult(
            status=status,
            config_id=config.config_id,
            seed=derive_seed(0, "training", number),
            validation=score,
        )
        self.ledger.record(number, result, worker=0)
        self.written[number] = result

    @precondition(lambda self: set(self.running) & set(self.written))
    @rule()
    def close(self) -> None:
        number = min(set(self.running) & set(self.written))
        self.ledger.finish(number, self.written[number])
        self.engine.forget(self.running.pop(number))
        self.settle(number)

    @precondition(lambda self: self.running)
    @rule()
    def give_back(self) -> None:
        number = max(self.running)
        if number in self.written:
            return
        self.engine.forget(self.running.pop(number))
        self.ledger.release(number)
        self.states[number] = "waiting"

    @rule(seconds=st.floats(0, 3600))
    def time_passes(self, seconds: float) -> None:
        self.clock += seconds
        self.seconds = self.clock
        self.ledger.set_seconds_used(self.clock)

    @rule()
    def crash_and_reopen(self) -> None:
        """The owner dies; the next one finds the file as it is and recovers."""
        self.ledger.close()
        self.ledger = open_ledger(self.folder)
        self.engine = self.new_engine()
        with self.ledger.exclusive():
            given_back, closed = self.ledger.recover()
            # A second sweep finds nothing more.
            assert self.ledger.recover() == (0, 0)
        assert closed == len(set(self.running) & set(self.written))
        assert given_back == len(self.running) - closed
        for number in list(self.running):
            del self.running[number]
            if number in self.written:
                self.settle(number)
            else:
                self.states[number] = "waiting"

    def settle(self, number: int) -> None:
        result = self.written[number]
        self.states[number] = result.status
        self.accuracies[number] = None if result.validation is None else result.last_accuracy

    @invariant()
    def the_file_agrees(self) -> None:
        records = self.ledger.records()
        assert [record.number for record in records] == list(range(len(self.states)))
        assert [record.state for record in records] == self.states
        assert self.ledger.seconds_used() == self.seconds
        for record in records:
            if record.state in OVER:
                assert record.result == self.written[record.number]
                trial = self.ledger.study.trials[record.number]
                values = [] if trial.values is None else trial.values
                accuracy = self.accuracies[record.number]
                assert values == ([] if accuracy is None else [accuracy])
            if record.state == "waiting":
                assert not self.ledger.study.trials[record.number].intermediate_values


QUICK = settings(
    max_examples=5,
    stateful_step_count=20,
    phases=[Phase.generate],
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


def test_ledger_agrees_with_its_model() -> None:
    run_state_machine_as_test(Machine, settings=QUICK)


@pytest.mark.parametrize(
    ("name", "broken"),
    [("release", lambda self, number: None), ("recover", lambda self: (0, 0))],
    ids=["release", "recover"],
)
def test_control_of_the_machine(monkeypatch: pytest.MonkeyPatch, name: str, broken: Any) -> None:
    monkeypatch.setattr(Ledger, name, broken)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(Machine, settings=QUICK)
