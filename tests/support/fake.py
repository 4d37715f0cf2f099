"""Jobs as calls of a function in this process, one step per poll: no processes and no clock."""

from __future__ import annotations

import threading
from queue import SimpleQueue

from mnist_search.errors import UsageError
from mnist_search.execution.base import (
    Event,
    Finished,
    Reported,
    Started,
    Trainer,
    failed_result,
    run_guarded,
)
from mnist_search.specs import Failure, Job, RunResult
from tests.support import surrogate


class FakeExecutor:
    """Runs a function instead of worker processes, always in the same order.

    Each `poll` takes every job one event further, slot by slot, and never waits: `Started`, its
    reports, `Finished`. A job that waits for its answer stands still.
    """

    def __init__(self, slots: int, trainer: Trainer) -> None:
        """Plan `slots` slots that run `trainer(job, report)`.

        Raises:
            UsageError: fewer than one slot.
        """
        if slots < 1:
            raise UsageError(f"workers must be at least 1, got {slots}")
        self._runs: list[_Run | None] = [None] * slots
        self._trainer = trainer
        self._closed = False

    @property
    def slots(self) -> int:
        """Return how many jobs can run at once."""
        return len(self._runs)

    @property
    def free(self) -> int:
        """Return how many jobs can be submitted now."""
        return sum(run is None for run in self._runs)

    def submit(self, job: Job) -> None:
        """Put a job into the first free slot."""
        self._check_open()
        if self._find(job.number) is not None:
            raise ValueError(f"job {job.number} is already running")
        if self.free == 0:
            raise ValueError(f"job {job.number} needs a free slot, all {self.slots} are busy")
        self._runs[self._runs.index(None)] = _Run(job, self._trainer)

    def poll(self, timeout_seconds: float) -> list[Event]:
        """Take every job one event further; `timeout_seconds` has no meaning here."""
        self._check_open()
        events = []
        for slot, run in enumerate(self._runs):
            event = None if run is None else run.advance(slot)
            if event is not None:
                events.append(event)
            if isinstance(event, Finished):
                self._runs[slot] = None
        return events

    def answer(self, number: int, *, stop: bool) -> None:
        """Answer a `Reported`; nothing happens if that job is over by now."""
        run = self._find(number)
        if run is not None:
            run.answer(stop=stop)

    def kill(self, number: int, failure: Failure) -> None:
        """End a job at once; the next `poll` tells. Nothing happens if it is over by now."""
        run = self._find(number)
        if run is not None:
            run.kill(failure)

    def close(self) -> None:
        """Abandon all jobs without an event."""
        self._closed = True
        for slot, run in enumerate(self._runs):
            if run is not None:
                run.abandon()
            self._runs[slot] = None

    def _check_open(self) -> None:
        if self._closed:
            raise RuntimeError("the executor is closed")

    def _find(self, number: int) -> _Run | None:
        for run in self._runs:
            if run is not None and run.job.number == number:
                return run
        return None


def inline(workers: int) -> FakeExecutor:
    """Be what `MNIST_SEARCH_TRAINER=tests.support.fake:inline` names."""
    return FakeExecutor(workers, surrogate.surrogate_trainer)


class _Abandoned(BaseException):
    """Unwinds a trainer whose answer will never come; not for it to catch."""


class _Run:
    """One job, in a thread that runs only while `advance` waits for it: a coroutine.

    `report` is an ordinary call somewhere inside the trainer, so no generator could stop there.
    """

    def __init__(self, job: Job, trainer: Trainer) -> None:
        self.job = job
        self._trainer = trainer
        self._said: SimpleQueue[tuple[int, float] | RunResult | BaseException] = SimpleQueue()
        self._answers: SimpleQueue[bool | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._live, daemon=True)
        self._announced = False
        self._waiting = False
        self._verdict: Failure | None = None

    def advance(self, slot: int) -> Event | None:
        number = self.job.number
        if self._verdict is not None:
            self.abandon()
            result = failed_result(self.job, self._verdict, threads=None)
            return Finished(number=number, worker=slot, result=result)
        if not self._announced:
            self._announced = True
            return Started(number=number, worker=slot)
        if self._waiting:
            return None
        if self._thread.ident is None:
            self._thread.start()
        match self._said.get():
            case (step, accuracy):
                self._waiting = True
                return Reported(number=number, worker=slot, step=step, accuracy=accuracy)
            case RunResult() as result:
                self._thread.join()
                return Finished(number=number, worker=slot, result=result)
            case BaseException() as error:
                self._thread.join()
                raise error

    def answer(self, *, stop: bool) -> None:
        if self._waiting:
            self._waiting = False
            self._answers.put(stop)

    def kill(self, failure: Failure) -> None:
        if self._verdict is None:
            self._verdict = failure

    def abandon(self) -> None:
        if self._thread.is_alive():
            self._answers.put(None)
            self._thread.join()

    def _live(self) -> None:
        try:
            self._said.put(run_guarded(self._trainer, self.job, self._report, threads=None))
        except _Abandoned:
            return
        except BaseException as error:
            # For the caller of `poll`: a failed assertion of a test, for example.
            self._said.put(error)

    def _report(self, step: int, accuracy: float) -> bool:
        self._said.put((step, accuracy))
        answer = self._answers.get()
        if answer is None:
            raise _Abandoned
        return answer
