"""The ledger driven at random beside a model of it, reopened at will."""

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

from mnist_search.engines.samplers import distribution_of
from mnist_search.spaces import find_space
from mnist_search.specs import DatasetRef, RunResult, Score, derive_seed
from mnist_search.studies import Ledger, SearchSpec, StudySpec, create_ledger, open_ledger
from mnist_search.studies.folder import JOURNAL
from tests.support.journals import Study

SPACE = find_space("mlp")
RANGES = {each.name: distribution_of(each) for each in SPACE.parameters}
OVER = ("complete", "pruned", "failed")


def study_spec() -> StudySpec:
    dataset = DatasetRef(name="digits", digest="0" * 16, train_images=1500, test_images=297)
    search = SearchSpec(space=SPACE, sampler="random", pruner="halving", epochs=2, seed=0)
    return StudySpec(name="machine", dataset=dataset, precision="float32", search=search)


class Machine(RuleBasedStateMachine):
    """The model: the state of every trial, and what a finished one must hold for ever."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        home = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.folder = home / "machine"
        self.spec = study_spec()
        self.seconds = 0.0
        self.states: list[str] = []
        self.params: dict[int, dict[str, Any]] = {}
        self.written: dict[int, RunResult] = {}
        # Results that a process has left which died before it wrote the state.
        self.left: dict[int, RunResult] = {}
        self.ledger = create_ledger(self.folder, self.spec)
        self.held = ExitStack()
        self.held.enter_context(self.ledger.exclusive())

    def teardown(self) -> None:
        self.held.close()
        self.ledger.close()
        self.stack.close()

    def numbers(self, state: str) -> list[int]:
        return [number for number, found in enumerate(self.states) if found == state]

    def result(self, number: int, status: Any) -> RunResult:
        config = SPACE.config(self.params[number], epochs=2)
        score = Score(correct=number, total=10) if status == "complete" else None
        seed = derive_seed(0, "training", number)
        return RunResult(status=status, config_id=config.config_id, seed=seed, validation=score)

    @precondition(lambda self: len(self.states) < 8)
    @rule(units=st.sampled_from([16, 32, 64]), reference=st.sampled_from([None, "mlp-784"]))
    def open_new(self, units: int, reference: str | None) -> None:
        number = len(self.states)
        values = SPACE.defaults()
        self.params[number] = values
        opened = self.ledger.open_trial(
            number,
            config=SPACE.config(values, epochs=2),
            seed=derive_seed(0, "training", number),
            values=values,
            distributions=RANGES,
            reference=reference,
            memo={"units": units},
        )
        assert opened == number
        self.states.append("running")

    @precondition(lambda self: self.numbers("waiting"))
    @rule()
    def open_again(self) -> None:
        """An interrupted trial runs again with the same parameters and seed."""
        number = min(self.numbers("waiting"))
        record = self.ledger.records()[number]
        assert record.values == self.params[number]
        assert record.config is not None
        assert record.seed is not None
        self.ledger.open_trial(number, config=record.config, seed=record.seed)
        self.states[number] = "running"

    @precondition(lambda self: self.numbers("running"))
    @rule(data=st.data(), step=st.integers(1, 8), accuracy=st.floats(0, 1))
    def report(self, data: st.DataObject, step: int, accuracy: float) -> None:
        number = data.draw(st.sampled_from(self.numbers("running")))
        self.ledger.report(number, step, accuracy)

    @precondition(lambda self: set(self.numbers("running")) - set(self.left))
    @rule(data=st.data(), status=st.sampled_from(("complete", "pruned", "failed")))
    def close(self, data: st.DataObject, status: Any) -> None:
        choices = sorted(set(self.numbers("running")) - set(self.left))
        number = data.draw(st.sampled_from(choices))
        self.written[number] = self.result(number, status)
        self.ledger.close_trial(number, self.written[number], worker=0)
        self.states[number] = status

    @precondition(lambda self: set(self.numbers("running")) - set(self.left))
    @rule()
    def give_back(self) -> None:
        number = max(set(self.numbers("running")) - set(self.left))
        self.ledger.give_back(number)
        self.states[number] = "waiting"

    @rule(seconds=st.floats(0, 3600))
    def time_passes(self, seconds: float) -> None:
        self.seconds += seconds
        self.ledger.set_seconds_used(self.seconds)

    @precondition(lambda self: self.numbers("running"))
    @rule(data=st.data(), status=st.sampled_from(("complete", "failed")))
    def leave_a_result(self, data: st.DataObject, status: Any) -> None:
        """Its owner is about to die, between the result and the state."""
        number = data.draw(st.sampled_from(self.numbers("running")))
        self.left[number] = self.result(number, status)
        content = self.left[number].model_dump(mode="json")
        Study(path=self.folder / JOURNAL).change(number, result=content)

    @rule(torn=st.sampled_from([b"", b"{", b'{"op_code":6,"worker_id":"x","trial_']))
    def crash_and_reopen(self, torn: bytes) -> None:
        """The owner dies, perhaps amid a line; the next one finds the file and recovers."""
        self.held.close()
        self.ledger.close()
        with (self.folder / JOURNAL).open("ab") as file:
            file.write(torn)
        self.ledger = open_ledger(self.folder)
        self.held.enter_context(self.ledger.exclusive())
        given_back, closed = self.ledger.recover()
        # A second sweep finds nothing more.
        assert self.ledger.recover() == (0, 0)
        assert closed == len(self.left)
        assert given_back == len(self.numbers("running")) - closed
        for number in self.numbers("running"):
            found = self.left.pop(number, None)
            self.states[number] = "waiting" if found is None else found.status
            if found is not None:
                self.written[number] = found

    @invariant()
    def the_file_agrees(self) -> None:
        records = self.ledger.records()
        assert [record.number for record in records] == list(range(len(self.states)))
        assert [record.state for record in records] == self.states
        assert self.ledger.seconds_used() == self.seconds
        stored = Study(path=self.folder / JOURNAL).trials()
        for record in records:
            assert record.values == self.params[record.number]
            if record.state in OVER:
                result = self.written[record.number]
                assert record.result == result
                score = result.validation
                expected = None if score is None else [score.accuracy]
                assert stored[record.number].values == expected


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
    [("give_back", lambda self, number: None), ("recover", lambda self: (0, 0))],
    ids=["give back", "recover"],
)
def test_control_the_machine(monkeypatch: pytest.MonkeyPatch, name: str, broken: Any) -> None:
    monkeypatch.setattr(Ledger, name, broken)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(Machine, settings=QUICK)
