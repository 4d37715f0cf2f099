"""The trainer that trains nothing must still behave like one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_search.references import REFERENCES
from mnist_search.specs import (
    SGD,
    Activate,
    Adadelta,
    Adam,
    Conv,
    Dense,
    Dropout,
    Flatten,
    Job,
    LinearClassifier,
    Network,
    RunResult,
    describe_environment,
)
from tests.support.surrogate import (
    FAULTS,
    FAULTS_VARIABLE,
    NOISE,
    SECONDS_VARIABLE,
    read_faults,
    run_job,
)

MakeJob = Callable[..., Job]


def go_on(step: int, accuracy: float) -> bool:
    return False


def accuracy_of(job: Job) -> float:
    result = run_job(job, go_on)
    assert result.score is not None
    return result.score.accuracy


def test_it_is_a_function_of_the_job(make_job: MakeJob) -> None:
    job = make_job(3, seed=5, rungs=(1, 2))
    assert run_job(job, go_on) == run_job(job, go_on)
    other = run_job(make_job(3, seed=6, rungs=(1, 2)), go_on)
    assert other.reports != run_job(job, go_on).reports


def test_its_machine_is_no_real_one(make_job: MakeJob) -> None:
    environment = run_job(make_job(0), go_on).environment
    assert environment is not None
    assert environment.machine_id != describe_environment().machine_id


def test_results_survive_the_ledger(make_job: MakeJob) -> None:
    result = run_job(make_job(0, rungs=(1,)), go_on)
    assert RunResult.model_validate_json(result.model_dump_json()) == result


def test_there_is_something_to_find(make_job: MakeJob) -> None:
    plain = Network(layers=(Flatten(),))
    deep = Network(layers=(Conv(filters=8, kernel=3), Conv(filters=8, kernel=3), Flatten()))
    dense = Network(layers=(Flatten(), Dense(units=256)))
    dropout = Network(layers=(Flatten(), Dense(units=256), Dropout(rate=0.3)))
    ranking = [
        accuracy_of(make_job(0, model=model, epochs=8)) for model in (plain, dense, dropout, deep)
    ]
    assert ranking == sorted(ranking)
    assert ranking[0] < ranking[-1]


@given(decades=st.floats(min_value=-3, max_value=1.5))
def test_the_best_learning_rate_is_in_the_middle(make_job: MakeJob, decades: float) -> None:
    best, other = (
        accuracy_of(make_job(0, epochs=20, optimizer=Adam(learning_rate=rate)))
        for rate in (1e-3, 1e-3 * 10**decades)
    )
    assert other <= best + 2 * NOISE


def test_more_epochs_learn_more(make_job: MakeJob) -> None:
    result = run_job(make_job(0, epochs=4, rungs=(1, 2)), go_on)
    values = [accuracy for _, accuracy in result.reports]
    assert values[:4] == sorted(values[:4])
    assert [epoch.val_accuracy for epoch in result.epochs] == values[2:]
    assert result.selection is not None
    assert result.selection.accuracy == values[-1]
    assert result.validation is not None
    assert result.test is None


def test_rungs_outside_the_run_and_at_its_epochs_are_not_reported_twice(make_job: MakeJob) -> None:
    result = run_job(make_job(0, epochs=1, rungs=(2, 4, 9)), go_on)
    assert [step for step, _ in result.reports] == [2, 4]


def test_a_stop_in_the_middle_of_an_epoch_keeps_the_epochs_before(make_job: MakeJob) -> None:
    result = run_job(make_job(0, epochs=3, rungs=(6,)), lambda step, accuracy: step == 6)
    assert result.status == "pruned"
    assert len(result.epochs) == 1
    assert result.selection is not None
    assert result.selection.accuracy == result.reports[-1][1]
    assert result.validation is None


def test_protocols_meet_the_images_they_may(make_job: MakeJob) -> None:
    for protocol in ("documented", "corrected"):
        result = run_job(make_job(0, protocol=protocol), go_on)
        assert result.validation is None
        assert result.test is not None
        assert result.test.total == 10_000
        assert len(result.reports) == 2
    confirm = run_job(make_job(0, protocol="confirm"), go_on)
    assert (confirm.reports, confirm.validation) == ((), None)
    assert confirm.test is not None
    assert all(epoch.val_accuracy is None for epoch in confirm.epochs)


def test_a_classifier_fitted_at_once_never_reports(make_job: MakeJob) -> None:
    at_once = run_job(make_job(0, model=LinearClassifier(tolerance=1e-3), epochs=20_000), go_on)
    assert (at_once.reports, len(at_once.epochs)) == ((), 30)
    assert len(run_job(make_job(0, model=LinearClassifier()), go_on).reports) == 2


def test_every_reference_runs(make_job: MakeJob) -> None:
    collapsed = []
    for reference in REFERENCES:
        config = reference.run_config("documented")
        result = run_job(make_job(0).model_copy(update={"config": config}), go_on)
        assert result.status == "complete", reference.name
        if result.collapsed:
            collapsed.append(reference.name)
    assert collapsed == ["cnn-mnist-3"]


@pytest.mark.parametrize(
    "optimizer", [Adam(learning_rate=0.5), SGD(learning_rate=20.0), Adadelta(learning_rate=500.0)]
)
def test_a_wild_learning_rate_diverges(make_job: MakeJob, optimizer: object) -> None:
    result = run_job(make_job(0, epochs=4, optimizer=optimizer), go_on)
    assert result.failure is not None
    assert result.failure.kind == "diverged"
    assert [step for step, _ in result.reports] == [4]
    assert (result.validation, result.collapsed) == (None, None)


def test_a_network_that_cannot_be_built_is_named(make_job: MakeJob) -> None:
    model = Network(layers=(Flatten(), Conv(filters=1, kernel=3), Activate(activation="relu")))
    failure = run_job(make_job(0, model=model), go_on).failure
    assert failure is not None
    assert failure.kind == "unbuildable"
    assert "needs an image" in failure.message


@pytest.mark.parametrize("kind", ["diverged", "error", "out-of-memory"])
def test_faults_are_by_number(
    make_job: MakeJob, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setenv(FAULTS_VARIABLE, f"7={kind}")
    failure = run_job(make_job(7), go_on).failure
    assert failure is not None
    assert failure.kind == kind
    assert run_job(make_job(8), go_on).status == "complete"


@pytest.mark.parametrize("fault", ["raise", "exit", "crash"])
def test_faults_that_end_a_process_raise_in_this_one(
    make_job: MakeJob, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.setenv(FAULTS_VARIABLE, f"*={fault}")
    with pytest.raises(RuntimeError, match=f"a fault was asked for: {fault}"):
        run_job(make_job(0), go_on)


def test_faults_are_read_strictly() -> None:
    faults = read_faults({FAULTS_VARIABLE: "1=error, 20=crash,*=exit,"})
    assert faults == {1: "error", 20: "crash", None: "exit"}
    assert read_faults({}) == {}
    for wrong in ("1", "1=flood", "x=error", "-1=error"):
        with pytest.raises(ValueError, match=f"got {wrong}"):
            read_faults({FAULTS_VARIABLE: wrong})
    assert len(FAULTS) == 6


def test_it_sleeps_before_each_report_if_told(
    make_job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    monkeypatch.setenv(SECONDS_VARIABLE, "0.25")
    run_job(make_job(0, epochs=2, rungs=(1,)), go_on)
    assert slept == [0.25] * 3
