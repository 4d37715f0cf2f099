"""One slot of an executor: its worker, the worker's successor, and what becomes of its job."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from mnist_search.execution._launcher import Launcher
from mnist_search.execution._messages import Answer, Done, FromWorker, Quit, Ready, Report, Taken
from mnist_search.execution._process import WorkerProcess
from mnist_search.execution.base import Event, Finished, Reported, Started
from mnist_search.execution.results import failed_result
from mnist_search.specs import Failure, Job, RunResult

EXIT_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wear:
    """When a worker is replaced: after so many jobs, or so much growth since its first one."""

    jobs: int
    growth_bytes: int


class Slot:
    """A place for one job at a time, whatever happens to the processes that serve it.

    Events are appended to `events` the moment they are known, workers that are on their way out
    to `leaving`.
    """

    def __init__(
        self,
        number: int,
        launcher: Launcher,
        wear: Wear,
        *,
        events: list[Event],
        leaving: list[WorkerProcess],
    ) -> None:
        """Start the slot's worker."""
        self._launcher = launcher
        self._wear = wear
        self._number = number
        self._events = events
        self._leaving = leaving
        self._successor: WorkerProcess | None = None
        self._worker = launcher.launch(number)

    @property
    def job(self) -> Job | None:
        """Return the job, None if the slot is free."""
        return self._worker.job

    @property
    def ready(self) -> bool:
        """Return whether a job would start now."""
        return self._worker.ready

    @property
    def urgent(self) -> bool:
        """Return whether there is something to do that no process will announce."""
        return self._worker.verdict is not None

    @property
    def process_id(self) -> int:
        """Return the number of the process that serves the slot."""
        return self._worker.pid

    @property
    def workers(self) -> list[WorkerProcess]:
        """Return the worker and, once it is worn, the successor that is warming up."""
        return [self._worker] if self._successor is None else [self._worker, self._successor]

    def give(self, job: Job) -> None:
        """Start a job; one that is given to a starting worker waits for it."""
        self._worker.give(job)

    def answer(self, *, stop: bool) -> None:
        """Answer the job's report, if it waits for an answer."""
        if self._worker.reporting:
            self._worker.reporting = False
            self._worker.send(Answer(stop=stop))

    def kill(self, failure: Failure) -> None:
        """End the job at once; `attend` does the rest."""
        if self._worker.verdict is None:
            self._worker.verdict = failure
            self._worker.kill()

    def limit_memory(self, limit_bytes: int) -> None:
        """End the job if its worker holds more than that; `attend` does the rest."""
        held = self._worker.resident_bytes if self._worker.taken else None
        if self.job is not None and held is not None and held > limit_bytes:
            message = f"the worker held {held:,} bytes of memory, the limit is {limit_bytes:,}"
            self.kill(Failure(kind="out-of-memory", message=message))

    def attend(self) -> None:
        """See to whatever has happened.

        Raises:
            MnistSearchError: several workers in a row died before they were ready.
        """
        for worker in self.workers:
            if worker.verdict is not None:
                self._replace(worker, worker.verdict)
                continue
            # Asked before the messages are read: what it said before it died still counts.
            dead = not worker.alive
            worker.read_output()
            for message in worker.messages():
                self._hear(worker, message)
            if dead or worker.lost:
                self._mourn(worker)
        if self._successor is not None and self._successor.ready and self.job is None:
            self._worker.send(Quit())
            self._leaving.append(self._worker)
            self._worker, self._successor = self._successor, None

    def _hear(self, worker: WorkerProcess, message: FromWorker) -> None:
        match message:
            case Ready():
                worker.ready = True
                self._launcher.note_ready()
            case Taken():
                worker.taken = True
                self._events.append(Started(number=_job_of(worker).number, worker=self._number))
            case Report(step=step, accuracy=accuracy):
                number = _job_of(worker).number
                worker.reporting = True
                self._events.append(
                    Reported(number=number, worker=self._number, step=step, accuracy=accuracy)
                )
            case Done(result=result, memory_bytes=memory_bytes):
                # All of it is in the pipe by now; later it would count as the next job's.
                worker.read_output()
                worker.note_wear(memory_bytes)
                self._finish(worker, result)
                if self._successor is None and self._is_worn(worker):
                    self._successor = self._launcher.launch(self._number)
            case _:
                assert_never(message)

    def _finish(self, worker: WorkerProcess, result: RunResult, *, killed: bool = False) -> None:
        number = _job_of(worker).number
        worker.job = None
        self._events.append(
            Finished(number=number, worker=self._number, result=result, killed=killed)
        )

    def _is_worn(self, worker: WorkerProcess) -> bool:
        grown = worker.memory_growth_bytes > self._wear.growth_bytes
        return grown or worker.jobs_done >= self._wear.jobs

    def _mourn(self, worker: WorkerProcess) -> None:
        """Find out why a worker died, and replace it."""
        if not worker.join(EXIT_SECONDS):
            worker.kill()
        worker.read_output()
        if not worker.ready:
            self._launcher.note_failure(worker)
        failure = Failure(
            kind="worker-died",
            message=worker.cause_of_death,
            traceback=worker.log.tail if worker.log.tail else None,
        )
        self._replace(worker, failure if worker.taken else None, killed=worker.killed)

    def _replace(
        self, worker: WorkerProcess, failure: Failure | None, *, killed: bool = False
    ) -> None:
        """Put another worker in the place of a dead one; its job fails, or moves on if None."""
        self._leaving.append(worker)
        if worker is self._successor:
            self._successor = self._launcher.launch(self._number)
            return
        job = worker.job
        if self._successor is None:
            self._worker = self._launcher.launch(self._number)
        else:
            self._worker, self._successor = self._successor, None
        if job is None:
            return
        if failure is None:
            # The worker died before it read the job, which cannot be the job's fault.
            self._worker.give(job)
        else:
            result = failed_result(job, failure, threads=self._launcher.threads)
            self._finish(worker, result, killed=killed)


def _job_of(worker: WorkerProcess) -> Job:
    assert worker.job is not None, "the worker spoke of a job that it does not have"
    return worker.job
