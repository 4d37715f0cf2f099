"""What every executor must do; new ones join the fixture."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any, assert_never

import pytest

from mnist_search.errors import UsageError
from mnist_search.execution import (
    Event,
    Executor,
    Finished,
    Reported,
    Started,
)
from mnist_search.execution.local import LocalExecutor
from mnist_search.specs import Conv, Dense, Failure, Flatten, Job, Network, RunResult
from tests.support.clusters import ray_cluster
from tests.support.fake import FakeExecutor
from tests.support.surrogate import FAULTS_VARIABLE, run_job

MakeJob = Callable[..., Job]
Build = Callable[[int], Executor]
POLLS = 2_000


def build_fake(slots: int) -> Executor:
    return FakeExecutor(slots, run_job)


def build_local(slots: int) -> Executor:
    return LocalExecutor(slots, trainer="tests.support.surrogate")


@pytest.fixture(scope="module")
def cluster_address() -> Iterator[str]:
    with ray_cluster(nodes=2) as cluster:
        yield cluster.address


def build_cluster(slots: int, address: str) -> Executor:
    """Return an executor whose actors are all there: until then no slot is free."""
    from mnist_search.execution.cluster import ClusterExecutor
    from mnist_search.execution.connection import Connection

    executor = ClusterExecutor(
        slots,
        connection=Connection(address),
        trainer="tests.support.surrogate",
        variables=os.environ,
    )
    while executor.free < slots:
        assert executor.poll(1.0) == []
    return executor


@pytest.fixture(params=["fake", "local", pytest.param("cluster", marks=pytest.mark.cluster)])
def build(request: pytest.FixtureRequest) -> Iterator[Build]:
    built: list[Executor] = []

    def remember(slots: int) -> Executor:
        match request.param:
            case "fake":
                executor = build_fake(slots)
            case "local":
                executor = build_local(slots)
            case _:
                executor = build_cluster(slots, request.getfixturevalue("cluster_address"))
        built.append(executor)
        return executor

    yield remember
    for executor in built:
        executor.close()


def poll_until(executor: Executor, kind: type[Any], *, log: list[Event] | None = None) -> Any:
    """Answer reports with `go on` until an event of `kind` comes; a Reported of that kind waits."""
    for _ in range(POLLS):
        for event in executor.poll(0.05):
            if log is not None:
                log.append(event)
            if isinstance(event, kind):
                return event
            if isinstance(event, Reported):
                executor.answer(event.number, stop=False)
    raise AssertionError(f"no {kind.__name__} came")


def drive(
    executor: Executor, jobs: list[Job], stop_at: dict[int, int] | None = None
) -> tuple[dict[int, RunResult], list[Event]]:
    """Run all jobs as a coordinator does; `stop_at` is the step at which a job is stopped."""
    stops = {} if stop_at is None else stop_at
    waiting, results, log = list(jobs), {}, []
    for _ in range(POLLS):
        while waiting and executor.free > 0:
            executor.submit(waiting.pop(0))
        for event in executor.poll(0.05):
            log.append(event)
            match event:
                case Started():
                    pass
                case Reported(number=number, step=step):
                    executor.answer(number, stop=stops.get(number) == step)
                case Finished(number=number, result=result):
                    assert number not in results, f"job {number} finished twice"
                    results[number] = result
                case _:
                    assert_never(event)
        if not waiting and len(results) == len(jobs):
            assert executor.free == executor.slots
            return results, log
    raise AssertionError(f"only {sorted(results)} of {len(jobs)} jobs finished")


def test_every_job_of_many_over_few_slots_finishes_once(build: Build, make_job: MakeJob) -> None:
    jobs = [make_job(number, seed=number) for number in range(12)]
    results, log = drive(build(2), jobs)
    assert {number: result.status for number, result in results.items()} == dict.fromkeys(
        range(12), "complete"
    )
    assert [results[job.number].seed for job in jobs] == [job.seed for job in jobs]
    assert {event.worker for event in log} == {0, 1}


def test_events_of_a_job_come_in_order(build: Build, make_job: MakeJob) -> None:
    results, log = drive(build(1), [make_job(5, epochs=2, rungs=(1, 2, 6))])
    assert isinstance(log[0], Started)
    assert isinstance(log[-1], Finished)
    reported = [(event.step, event.accuracy) for event in log if isinstance(event, Reported)]
    assert [step for step, _ in reported] == [1, 2, 4, 6, 8]
    assert tuple(reported) == results[5].reports
    assert {event.number for event in log} == {5}


def test_both_kinds_of_executor_get_the_same_result(build: Build, make_job: MakeJob) -> None:
    job = make_job(0, seed=7, rungs=(1,))
    expected = run_job(job, lambda step, accuracy: False)
    results, _ = drive(build(1), [job])
    untimed = {"timings": expected.timings}
    assert results[0].model_copy(update=untimed) == expected


def test_a_stop_prunes_there_and_leaves_the_others_alone(build: Build, make_job: MakeJob) -> None:
    jobs = [make_job(number, epochs=3) for number in range(3)]
    results, log = drive(build(2), jobs, stop_at={1: 4})
    assert [results[number].status for number in range(3)] == ["complete", "pruned", "complete"]
    steps = [event.step for event in log if isinstance(event, Reported) and event.number == 1]
    assert steps == [4]
    assert len(results[1].epochs) == 1


def test_a_report_waits_for_its_answer(build: Build, make_job: MakeJob) -> None:
    executor = build(2)
    executor.submit(make_job(0))
    first = poll_until(executor, Reported)
    executor.submit(make_job(1))
    second = poll_until(executor, Reported)
    assert (first.number, second.number) == (0, 1)
    # Nobody has answered, so nobody moves.
    assert executor.poll(0.02) == []
    assert executor.free == 0
    executor.answer(0, stop=True)
    assert poll_until(executor, Finished).number == 0


def test_an_escaping_exception_becomes_a_failure(
    build: Build, make_job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FAULTS_VARIABLE, "1=raise,2=out-of-memory")
    results, _ = drive(build(2), [make_job(number) for number in range(4)])
    assert [results[number].status for number in range(4)] == [
        "complete",
        "failed",
        "failed",
        "complete",
    ]
    failure, job = results[1].failure, make_job(1)
    assert failure is not None
    assert (failure.kind, failure.message) == (
        "error",
        "RuntimeError: a fault was asked for: raise",
    )
    assert failure.traceback is not None
    assert "surrogate.py" in failure.traceback
    assert (results[1].config_id, results[1].environment is None) == (job.config.config_id, False)
    assert results[2].failure is not None
    assert results[2].failure.kind == "out-of-memory"


def test_a_failed_result_of_the_trainer_passes_through(build: Build, make_job: MakeJob) -> None:
    no_flatten = Network(layers=(Conv(filters=8, kernel=3), Dense(units=10), Flatten()))
    results, _ = drive(build(1), [make_job(0, model=no_flatten)])
    failure = results[0].failure
    assert failure is not None
    assert failure.kind == "unbuildable"


def test_kill_ends_one_job_with_the_given_failure(build: Build, make_job: MakeJob) -> None:
    executor, log = build(2), list[Event]()
    failure = Failure(kind="timeout", message="took longer than 1 s")
    executor.submit(make_job(0))
    assert poll_until(executor, Reported, log=log).number == 0
    executor.submit(make_job(1))
    assert poll_until(executor, Reported, log=log).number == 1
    executor.kill(0, failure)
    assert executor.free == 0, "the slot is free once Finished has been told, not before"
    [finished] = executor.poll(0.0)
    assert isinstance(finished, Finished)
    assert (finished.number, finished.result.status) == (0, "failed")
    assert finished.result.failure == failure
    assert finished.result.config_id == make_job(0).config.config_id
    assert executor.free == 1
    # Too late for these; the other job and the slot's next one are unharmed.
    executor.answer(0, stop=True)
    executor.kill(0, failure)
    executor.submit(make_job(2))
    executor.answer(1, stop=False)
    results: dict[int, str] = {}
    while len(results) < 2:
        event = poll_until(executor, Finished)
        results[event.number] = event.result.status
    assert results == {1: "complete", 2: "complete"}


def test_kill_before_the_start_still_finishes_once(build: Build, make_job: MakeJob) -> None:
    executor = build(1)
    executor.submit(make_job(0))
    executor.kill(0, Failure(kind="timeout", message="first"))
    executor.kill(0, Failure(kind="timeout", message="second"))
    events = executor.poll(0.0)
    assert [type(event) for event in events] == [Finished]
    assert isinstance(events[0], Finished)
    assert events[0].result.failure == Failure(kind="timeout", message="first")
    results, _ = drive(executor, [make_job(1)])
    assert results[1].status == "complete"


def test_only_free_slots_take_jobs_and_numbers_are_unique(build: Build, make_job: MakeJob) -> None:
    executor = build(2)
    executor.submit(make_job(0))
    with pytest.raises(ValueError, match="job 0 is already running"):
        executor.submit(make_job(0))
    executor.submit(make_job(1))
    assert executor.free == 0
    with pytest.raises(ValueError, match="all 2 are busy"):
        executor.submit(make_job(2))


def test_close_abandons_silently_and_for_good(build: Build, make_job: MakeJob) -> None:
    executor = build(2)
    executor.submit(make_job(0))
    poll_until(executor, Reported)
    executor.submit(make_job(1))
    executor.close()
    executor.close()
    with pytest.raises(RuntimeError, match="closed"):
        executor.poll(0.0)
    with pytest.raises(RuntimeError, match="closed"):
        executor.submit(make_job(2))


def test_no_slot_at_all_is_refused(build: Build) -> None:
    with pytest.raises(UsageError, match="at least 1, got 0"):
        build(0)
