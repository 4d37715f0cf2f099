"""Jobs in warm worker processes of this machine.

Own code rather than pebble or loky: neither lets a running job ask whether to go on, kills one
worker without disturbing the others and brings up a worn worker's successor beforehand.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import time
import weakref
from functools import partial
from multiprocessing.connection import wait
from pathlib import Path
from types import TracebackType
from typing import Self

from mnist_search.errors import UsageError
from mnist_search.execution._launcher import Launcher
from mnist_search.execution._messages import Quit
from mnist_search.execution._process import WorkerProcess
from mnist_search.execution._slot import EXIT_SECONDS, Slot, Wear
from mnist_search.execution.base import Event
from mnist_search.specs import Failure, Job, available_cores

TRAINER = "mnist_search.training"
RECYCLE_GROWTH_BYTES = 600_000_000
RECYCLE_JOBS = 200
MEMORY_CHECK_SECONDS = 0.1
QUIT_SECONDS = 1.0


class LocalExecutor:
    """Runs one job per worker process; the workers import the trainer once and stay.

    Workers start with `start`, `submit`, `poll` or on entering the context. Events name a slot,
    0..slots-1, as `worker`; its process may change. A job that was killed before its worker took
    it up has no `Started`. Not for use by several threads at once.
    """

    def __init__(
        self,
        workers: int,
        *,
        threads: int | None = None,
        trainer: str = TRAINER,
        log_folder: Path | None = None,
        memory_limit_bytes: int | None = None,
        recycle_growth_bytes: int = RECYCLE_GROWTH_BYTES,
        recycle_jobs: int = RECYCLE_JOBS,
    ) -> None:
        """Plan `workers` processes of `threads` threads each, by default all cores together.

        `trainer` names a module with `prepare() -> float`, seconds, and `run_job(job, report)`.
        What slot n prints goes to `worker-n.log` in `log_folder`, up to a bound; None: nowhere.
        A worker is replaced after `recycle_jobs` jobs, or when it holds `recycle_growth_bytes`
        more than after its first job. A job whose worker holds more than `memory_limit_bytes`
        is ended as out of memory; None: never.

        Raises:
            UsageError: fewer than one worker or thread.
        """
        if workers < 1:
            raise UsageError(f"workers must be at least 1, got {workers}")
        if threads is not None and threads < 1:
            raise UsageError(f"threads must be at least 1, got {threads}")
        share = max(1, available_cores() // workers) if threads is None else threads
        self._launcher = Launcher(trainer=trainer, threads=share, log_folder=log_folder)
        self._wear = Wear(jobs=recycle_jobs, growth_bytes=recycle_growth_bytes)
        self._memory_limit_bytes = memory_limit_bytes
        self._count = workers
        self._slots: list[Slot] = []
        self._leaving: list[WorkerProcess] = []
        self._events: list[Event] = []
        self._owner_pid: int | None = None
        self._closed = False
        self._exit_hook = partial(_close_at_exit, weakref.ref(self))

    @property
    def slots(self) -> int:
        """Return how many jobs can run at once."""
        return self._count

    @property
    def free(self) -> int:
        """Return how many jobs can be submitted now; a worker that is starting counts."""
        return self._count - sum(slot.job is not None for slot in self._slots)

    @property
    def threads(self) -> int:
        """Return how many threads each worker computes with."""
        return self._launcher.threads

    @property
    def process_ids(self) -> tuple[int, ...]:
        """Return the ids of the slots' processes, without successors that are warming up."""
        return tuple(slot.process_id for slot in self._slots)

    def start(self) -> None:
        """Start the workers, unless they have been; does not wait until they are ready.

        Raises:
            MnistSearchError: several workers in a row died before they were ready.
        """
        if self._closed:
            raise RuntimeError("the executor is closed")
        if self._launcher.error is not None:
            raise self._launcher.error
        if self._owner_pid is not None:
            return
        self._launcher.prepare()
        self._owner_pid = os.getpid()
        # Later than multiprocessing's own hook and so called before it, which would wait for ever
        # for workers that ignore SIGTERM.
        atexit.register(self._exit_hook)
        for number in range(self._count):
            slot = Slot(
                number, self._launcher, self._wear, events=self._events, leaving=self._leaving
            )
            self._slots.append(slot)

    def submit(self, job: Job) -> None:
        """Start a job in a free slot, in one whose worker is ready if there is one.

        Raises:
            ValueError: no slot is free, or a job of that number is running.
        """
        self.start()
        if self._find(job.number) is not None:
            raise ValueError(f"job {job.number} is already running")
        free = [slot for slot in self._slots if slot.job is None]
        if not free:
            raise ValueError(f"job {job.number} needs a free slot, all {self._count} are busy")
        min(free, key=lambda slot: not slot.ready).give(job)

    def poll(self, timeout_seconds: float) -> list[Event]:
        """Return what has happened, waiting at most that long for something to happen.

        Raises:
            MnistSearchError: several workers in a row died before they were ready.
        """
        self.start()
        deadline = time.monotonic() + timeout_seconds
        while True:
            self._reap()
            urgent = bool(self._events) or any(slot.urgent for slot in self._slots)
            remaining = 0.0 if urgent else max(0.0, deadline - time.monotonic())
            limit = self._memory_limit_bytes
            if limit is not None:
                remaining = min(remaining, MEMORY_CHECK_SECONDS)
                for slot in self._slots:
                    slot.limit_memory(limit)
            wait([item for worker in self._workers() for item in worker.waitables], remaining)
            for slot in self._slots:
                slot.attend()
            if self._events or time.monotonic() >= deadline:
                events = self._events.copy()
                self._events.clear()
                return events

    def answer(self, number: int, *, stop: bool) -> None:
        """Answer a `Reported`; nothing happens if that job is over by now."""
        slot = self._find(number)
        if slot is not None:
            slot.answer(stop=stop)

    def kill(self, number: int, failure: Failure) -> None:
        """End a job at once; the next `poll` tells. Nothing happens if it is over by now."""
        slot = self._find(number)
        if slot is not None:
            slot.kill(failure)

    def close(self) -> None:
        """End all workers within about two seconds; running jobs are abandoned without event."""
        self._closed = True
        if self._owner_pid != os.getpid():
            # Never started, or the copy of it in a forked child, whose workers these are not.
            return
        atexit.unregister(self._exit_hook)
        workers = [*self._workers(), *self._leaving]
        try:
            for worker in workers:
                # No SIGTERM: workers ignore it, and there is nothing that they should tidy up.
                if worker.ready and worker.job is None:
                    worker.send(Quit())
                else:
                    worker.kill()
            deadline = time.monotonic() + QUIT_SECONDS
            for worker in workers:
                worker.join(max(0.0, deadline - time.monotonic()))
        finally:
            for worker in workers:
                worker.kill()
            for worker in workers:
                if worker.join(EXIT_SECONDS):
                    worker.bury()
            self._slots.clear()
            self._leaving.clear()
            self._events.clear()

    def __enter__(self) -> Self:
        """Start the workers."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the workers."""
        self.close()

    def __del__(self) -> None:
        """End the workers of an executor that nobody can use any more."""
        # An interpreter on its way out has closed it, and perhaps cleared the modules here.
        if not getattr(self, "_closed", True):
            with contextlib.suppress(Exception):
                self.close()

    def _workers(self) -> list[WorkerProcess]:
        return [worker for slot in self._slots for worker in slot.workers]

    def _find(self, number: int) -> Slot | None:
        for slot in self._slots:
            if slot.job is not None and slot.job.number == number:
                return slot
        return None

    def _reap(self) -> None:
        for worker in [worker for worker in self._leaving if not worker.alive]:
            self._leaving.remove(worker)
            worker.bury()


def _close_at_exit(reference: weakref.ref[LocalExecutor]) -> None:
    executor = reference()
    if executor is not None:
        executor.close()
