"""Workers that stop, or fall silent in the middle of a message: the coordinator never waits."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import pytest

from mnist_search.execution import Event, Finished, Started
from mnist_search.execution.local import LocalExecutor
from mnist_search.specs import Failure
from tests.execution.driving import (
    CLOSED,
    GARBAGE,
    HALF,
    HANG,
    STOPPED,
    STOPPED_HALF,
    Build,
    MakeJob,
    failure_of,
    finish,
    next_events,
    wait_for,
)
from tests.processes import is_alive

# Far more than a poll should take, and far less than any patience.
LONG_SECONDS = 10.0


@pytest.fixture
def alarm() -> Iterator[None]:
    """Interrupt whoever waits inside of a call for much longer than it was told."""

    def ring(*_: object) -> None:
        raise AssertionError("the coordinator is held up")

    before = signal.signal(signal.SIGALRM, ring)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def poll_in_time(executor: LocalExecutor) -> list[Event]:
    signal.setitimer(signal.ITIMER_REAL, LONG_SECONDS)
    events = executor.poll(0.01)
    signal.setitimer(signal.ITIMER_REAL, 0)
    return events


def all_of_one_job(executor: LocalExecutor) -> list[Event]:
    events: list[Event] = []

    def over() -> bool:
        events.extend(poll_in_time(executor))
        return any(isinstance(event, Finished) for event in events)

    wait_for(over, "the end of the job")
    return events


@pytest.mark.usefixtures("alarm")
@pytest.mark.parametrize(
    ("seed", "killed", "message"),
    [
        (HALF, False, "worker exited with code 0"),
        (STOPPED, True, "worker was stopped, or closed its connection"),
        (STOPPED_HALF, True, "worker was stopped, or closed its connection"),
        (CLOSED, True, "worker was stopped, or closed its connection"),
        (GARBAGE, True, "worker was stopped, or closed its connection"),
    ],
    ids=["half and death", "stopped", "half and stopped", "closed", "garbage"],
)
def test_it_ends_in_one_finished(
    build: Build, make_job: MakeJob, seed: int, killed: bool, message: str
) -> None:
    executor = build(1, patience_seconds=0.1)
    executor.start()
    [pid] = executor.process_ids
    executor.submit(make_job(0, seed=seed))
    started, finished = all_of_one_job(executor)
    assert isinstance(started, Started)
    assert isinstance(finished, Finished)
    failure = failure_of(finished.result)
    assert (failure.kind, failure.message) == ("worker-died", message)
    assert finished.killed == ("process" if killed else None)
    assert executor.free == 1
    assert finish(executor, make_job(1)).status == "complete"
    wait_for(lambda: not is_alive(pid), "the end of the worker")


@pytest.mark.usefixtures("alarm")
@pytest.mark.parametrize("seed", [STOPPED, STOPPED_HALF, CLOSED, GARBAGE])
def test_with_endless_patience_nothing_ends_and_nothing_waits(
    build: Build, make_job: MakeJob, seed: int
) -> None:
    executor = build(2, patience_seconds=float("inf"))
    executor.submit(make_job(0, seed=seed))
    assert [type(event) for event in next_events(executor)] == [Started]
    for number in range(1, 4):
        assert finish(executor, make_job(number)).seed == 0
    executor.kill(0, Failure(kind="timeout", message="too slow"))
    [finished] = poll_in_time(executor)
    assert isinstance(finished, Finished)
    assert failure_of(finished.result).kind == "timeout"


def test_a_worker_that_is_stopped_for_a_moment_goes_on(build: Build, make_job: MakeJob) -> None:
    executor = build(1, patience_seconds=600.0)
    before = finish(executor, make_job(0)).flops
    [pid] = executor.process_ids
    os.kill(pid, signal.SIGSTOP)
    executor.submit(make_job(1))
    for _ in range(5):
        assert executor.poll(0.01) == []
    os.kill(pid, signal.SIGCONT)
    assert finish(executor).flops == before


def test_a_job_for_a_worker_that_was_stopped_idle_moves_on(build: Build, make_job: MakeJob) -> None:
    executor = build(1, patience_seconds=0.1)
    before = finish(executor, make_job(0)).flops
    [pid] = executor.process_ids
    os.kill(pid, signal.SIGSTOP)
    result = finish(executor, make_job(1))
    assert result.status == "complete"
    assert result.flops != before


def test_close_does_not_wait_for_workers_that_stand_still(build: Build, make_job: MakeJob) -> None:
    executor = build(2)
    executor.submit(make_job(0, seed=STOPPED))
    executor.submit(make_job(1, seed=HANG))
    started = 0
    while started < 2:
        started += len(next_events(executor))
    pids = executor.process_ids
    before = time.monotonic()
    executor.close()
    assert time.monotonic() - before < LONG_SECONDS
    assert not any(is_alive(pid) for pid in pids)
