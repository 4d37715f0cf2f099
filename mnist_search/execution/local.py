"""Jobs in warm worker processes of this machine.

Own code rather than pebble or loky: neither lets a running job ask whether to go on, nor kills one
worker without disturbing the others.
"""

from __future__ import annotations

import os
import time
import weakref
from collections.abc import Mapping, Sequence
from multiprocessing import connection
from pathlib import Path
from typing import Literal

from mnist_search.errors import MnistSearchError, ResourceError, UsageError
from mnist_search.execution._process import WorkerProcess
from mnist_search.execution.base import Event, Finished, Reported, Started, failed_result
from mnist_search.execution.devices import HIDDEN
from mnist_search.specs import Failure, Job, available_cores

TRAINER = "mnist_search.training"
RECYCLE_GROWTH_BYTES = 600_000_000
RECYCLE_JOBS = 200
PATIENCE_SECONDS = 30.0
START_FAILURES = 3
# How often processes are looked at that say nothing.
LOOK_SECONDS, MEMORY_LOOK_SECONDS = 1.0, 0.1
# Between the end of a connection and the end of its process.
EXIT_LOOK_SECONDS = 0.01
# A killed process may have much memory to give back.
EXIT_SECONDS = 2.0


class LocalExecutor:
    """Runs one job per worker process; the workers import the trainer once and stay.

    Workers start with `start`, `submit` or `poll`, and end with `close` or this process. Events
    name a slot, 0..slots-1, as `worker`; its process may change. A job that was killed before its
    worker took it up has no `Started`. Not for use by several threads at once.
    """

    def __init__(
        self,
        workers: int,
        *,
        threads: int | None = None,
        devices: Sequence[Mapping[str, str]] = (HIDDEN,),
        trainer: str = TRAINER,
        log_folder: Path | None = None,
        memory_limit_bytes: int | None = None,
        recycle_growth_bytes: int = RECYCLE_GROWTH_BYTES,
        recycle_jobs: int = RECYCLE_JOBS,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        """Plan `workers` processes of `threads` threads each, by default all cores together.

        `devices` says what each has in its environment, in turns, so that it sees its GPU or none.
        `trainer` names a module with `prepare() -> float`, seconds, and `run_job(job, report)`.
        What slot n prints goes to `worker-n.log` in `log_folder`, up to a bound; None: nowhere.
        A worker is replaced after `recycle_jobs` jobs, or when it holds `recycle_growth_bytes`
        more than after its first job. A job whose worker holds more than `memory_limit_bytes`
        is ended as out of memory; None: never. A worker that stays stopped, in the middle of a
        message or without a connection for `patience_seconds` is given up.

        Raises:
            UsageError: fewer than one worker or thread.
        """
        if workers < 1:
            raise UsageError(f"workers must be at least 1, got {workers}")
        if threads is not None and threads < 1:
            raise UsageError(f"threads must be at least 1, got {threads}")
        self._threads = max(1, available_cores() // workers) if threads is None else threads
        self._devices = devices
        self._trainer = trainer
        self._log_folder = log_folder
        self._memory_limit_bytes = memory_limit_bytes
        self._recycle_growth_bytes = recycle_growth_bytes
        self._recycle_jobs = recycle_jobs
        self._patience_seconds = patience_seconds
        self._count = workers
        # One for each slot, in their order.
        self._workers: list[WorkerProcess] = []
        self._leaving: list[WorkerProcess] = []
        self._events: list[Event] = []
        self._start_failures = 0
        self._error: MnistSearchError | None = None
        self._next_look = 0.0
        self._end: weakref.finalize[..., LocalExecutor] | None = None
        self._closed = False

    @property
    def slots(self) -> int:
        """Return how many jobs can run at once."""
        return self._count

    @property
    def free(self) -> int:
        """Return how many jobs can be submitted now; a worker that is starting counts."""
        return self._count - sum(worker.job is not None for worker in self._workers)

    @property
    def threads(self) -> int:
        """Return how many threads each worker computes with."""
        return self._threads

    @property
    def process_ids(self) -> tuple[int, ...]:
        """Return the ids of the slots' processes."""
        return tuple(worker.pid for worker in self._workers)

    def start(self) -> None:
        """Start the workers, unless they have been; does not wait until they are ready.

        Raises:
            DataError: where a log should be is something else than a file.
            ResourceError: the system has no room for them.
            MnistSearchError: several workers in a row died before they were ready.
        """
        if self._closed:
            raise RuntimeError("the executor is closed")
        if self._error is not None:
            raise self._error
        if self._end is not None:
            return
        # Also when nobody can use it any more, and when the interpreter ends.
        self._end = weakref.finalize(self, _end, os.getpid(), self._workers, self._leaving)
        for slot in range(self._count):
            self._workers.append(self._launch(slot))

    def submit(self, job: Job) -> None:
        """Start a job in a free slot, in one whose worker is ready if there is one.

        Raises:
            ValueError: no slot is free, or a job of that number is running.
        """
        self.start()
        if self._find(job.number) is not None:
            raise ValueError(f"job {job.number} is already running")
        free = [worker for worker in self._workers if worker.job is None]
        if not free:
            raise ValueError(f"job {job.number} needs a free slot, all {self._count} are busy")
        # A worker that is still starting finds it later.
        min(free, key=lambda worker: not worker.ready).give(job)

    def poll(self, timeout_seconds: float) -> list[Event]:
        """Return what has happened, waiting at most that long for something to happen.

        Raises:
            MnistSearchError: several workers in a row died before they were ready.
        """
        self.start()
        deadline = time.monotonic() + timeout_seconds
        while True:
            self._reap()
            if time.monotonic() >= self._next_look:
                self._look()
            self._wait(deadline)
            for worker in self._workers.copy():
                self._attend(worker)
            if self._events or time.monotonic() >= deadline:
                events = self._events.copy()
                self._events.clear()
                return events

    def answer(self, number: int, *, stop: bool) -> None:
        """Answer a `Reported`; nothing happens if that job is over by now."""
        worker = self._find(number)
        if worker is not None and worker.reporting:
            worker.reporting = False
            worker.send(stop)

    def kill(self, number: int, failure: Failure) -> None:
        """End a job at once; the next `poll` tells. Nothing happens if it is over by now."""
        worker = self._find(number)
        if worker is not None and worker.failure is None:
            worker.failure = failure
            worker.kill()

    def close(self) -> None:
        """End all workers within about two seconds; running jobs are abandoned without event."""
        self._closed = True
        self._events.clear()
        if self._end is not None:
            self._end()

    def _launch(self, slot: int) -> WorkerProcess:
        folder = self._log_folder
        return WorkerProcess(
            slot,
            trainer=self._trainer,
            threads=self._threads,
            device=self._devices[slot % len(self._devices)],
            log_path=None if folder is None else folder / f"worker-{slot}.log",
        )

    def _find(self, number: int) -> WorkerProcess | None:
        for worker in self._workers:
            if worker.job is not None and worker.job.number == number:
                return worker
        return None

    def _wait(self, deadline: float) -> None:
        """Wait until a worker says something, but not beyond what must be looked at by then."""
        now = time.monotonic()
        until = min(deadline, self._next_look)
        if any(worker.channel.closed for worker in self._workers):
            until = min(until, now + EXIT_LOOK_SECONDS)
        if self._events or any(worker.failure is not None for worker in self._workers):
            until = now
        open_ends = [one.channel.fileno() for one in self._workers if not one.channel.closed]
        connection.wait(open_ends, max(0.0, until - now))

    def _look(self) -> None:
        """See to workers that say nothing: too much memory, stopped, or cut off."""
        limit = self._memory_limit_bytes
        for worker in self._workers.copy():
            if worker.stuck_seconds > self._patience_seconds:
                self._on_exit(worker)
            elif limit is not None and worker.job is not None and worker.taken:
                held = worker.resident_bytes
                if held is not None and held > limit:
                    message = f"the worker held {held:,} bytes of memory, the limit is {limit:,}"
                    self.kill(worker.job.number, Failure(kind="out-of-memory", message=message))
        pause = LOOK_SECONDS if limit is None else MEMORY_LOOK_SECONDS
        self._next_look = time.monotonic() + pause

    def _attend(self, worker: WorkerProcess) -> None:
        """See to what a worker has said, and to its end."""
        if worker.failure is not None:
            self._replace(worker, worker.failure)
            return
        # Asked before the messages are read: what it said before it died still counts.
        dead = worker.exit_code is not None
        for message in worker.channel.arrived():
            self._hear(worker, message)
        # It may have been replaced after its last result.
        if dead and worker in self._workers:
            self._on_exit(worker)

    def _hear(self, worker: WorkerProcess, message: Literal["ready"] | Event) -> None:
        if isinstance(message, str):
            worker.ready = True
            self._start_failures = 0
            return
        self._events.append(message)
        match message:
            case Started():
                worker.taken = True
            case Reported():
                worker.reporting = True
            case Finished():
                worker.job = None
                worker.jobs_done += 1
                grown = worker.growth_bytes > self._recycle_growth_bytes
                if grown or worker.jobs_done >= self._recycle_jobs:
                    self._replace(worker, None)

    def _on_exit(self, worker: WorkerProcess) -> None:
        """Replace a worker that died; its job fails, unless it was not taken up yet."""
        message, killed = worker.death
        if not worker.ready:
            self._count_start_failure(worker, message, killed)
        failure = Failure(kind="worker-died", message=message, traceback=worker.printed or None)
        self._replace(worker, failure if worker.taken else None, killed=killed)

    def _count_start_failure(self, worker: WorkerProcess, death: str, killed: bool) -> None:
        self._start_failures += 1
        if self._start_failures < START_FAILURES:
            return
        message = f"no worker could be started, {START_FAILURES} in a row died: {death}"
        lines = worker.printed.splitlines()
        if lines:
            message = f"{message}; its last line was: {lines[-1].strip()}"
        path = worker.log_path
        hint = None if path is None else f"all that it printed is in {path}"
        self._error = (ResourceError if killed else MnistSearchError)(message, hint=hint)
        raise self._error

    def _replace(
        self, worker: WorkerProcess, failure: Failure | None, *, killed: bool = False
    ) -> None:
        """Put a new worker in the place of another; its job fails, or moves on if None."""
        slot, job = worker.slot, worker.job
        worker.kill()
        self._leaving.append(worker)
        self._workers[slot] = successor = self._launch(slot)
        if job is None:
            return
        if failure is None:
            # The worker died before it read the job, which cannot be the job's fault.
            successor.give(job)
            return
        result = failed_result(job, failure, threads=self._threads)
        how: Literal["process"] | None = "process" if killed else None
        self._events.append(Finished(number=job.number, worker=slot, result=result, killed=how))

    def _reap(self) -> None:
        for worker in self._leaving.copy():
            if worker.exit_code is not None:
                self._leaving.remove(worker)
                worker.release()


def _end(owner_pid: int, *lists: list[WorkerProcess]) -> None:
    """Kill workers and empty the lists of them."""
    if os.getpid() != owner_pid:
        # In a copy of the executor in a forked child, whose workers these are not.
        return
    workers = [worker for each in lists for worker in each]
    for worker in workers:
        # No SIGTERM: workers ignore it, and there is nothing that they should tidy up.
        worker.kill()
    deadline = time.monotonic() + EXIT_SECONDS
    for worker in workers:
        worker.join(max(0.0, deadline - time.monotonic()))
        worker.release()
    for each in lists:
        each.clear()
