"""What the fake executor promises beyond the contract: always the same order, and no waiting."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from mnist_search.execution import Event, Finished, Reported, Started
from mnist_search.specs import Failure, Job, RunResult
from tests.support.fake import FakeExecutor
from tests.support.surrogate import surrogate_trainer

MakeJob = Callable[..., Job]


def test_each_poll_takes_each_job_one_event_further(make_job: MakeJob) -> None:
    executor = FakeExecutor(2, surrogate_trainer)
    executor.submit(make_job(0, epochs=1))
    executor.submit(make_job(1, epochs=2))
    polls = []
    while executor.free < 2:
        events = executor.poll(600.0)
        polls.append([(type(event), event.number, event.worker) for event in events])
        for event in events:
            if isinstance(event, Reported):
                executor.answer(event.number, stop=False)
    assert polls == [
        [(Started, 0, 0), (Started, 1, 1)],
        [(Reported, 0, 0), (Reported, 1, 1)],
        [(Finished, 0, 0), (Reported, 1, 1)],
        [(Finished, 1, 1)],
    ]
    assert executor.poll(600.0) == []


def test_the_first_free_slot_is_taken(make_job: MakeJob) -> None:
    executor = FakeExecutor(2, surrogate_trainer)
    for number in range(2):
        executor.submit(make_job(number))
    executor.kill(0, Failure(kind="timeout", message="late"))
    executor.poll(0.0)
    executor.submit(make_job(2))
    assert Started(number=2, worker=0) in executor.poll(0.0)


def test_a_failed_assertion_in_a_trainer_that_is_no_exception_reaches_the_test(
    make_job: MakeJob,
) -> None:
    def trainer(job: Job, report: Callable[[int, float], bool]) -> RunResult:
        pytest.fail("the trainer is not content")

    executor = FakeExecutor(1, trainer)
    executor.submit(make_job(0))
    executor.poll(0.0)
    with pytest.raises(pytest.fail.Exception, match="not content"):
        executor.poll(0.0)


def test_no_thread_is_left(make_job: MakeJob) -> None:
    before = threading.active_count()
    unwound = []

    def trainer(job: Job, report: Callable[[int, float], bool]) -> RunResult:
        try:
            report(1, 0.5)
        except Exception:
            unwound.append("caught")
        finally:
            unwound.append("finally")
        raise AssertionError("must not be reached")

    executor = FakeExecutor(3, trainer)
    for number in range(3):
        executor.submit(make_job(number))
    events: list[Event] = [*executor.poll(0.0), *executor.poll(0.0)]
    assert [type(event) for event in events] == [Started] * 3 + [Reported] * 3
    executor.kill(0, Failure(kind="timeout", message="late"))
    executor.poll(0.0)
    executor.close()
    assert unwound == ["finally"] * 3
    assert threading.active_count() == before
