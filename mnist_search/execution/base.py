"""What an executor is to the rest of the project: slots that run jobs and talk back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from mnist_search.specs import Failure, Job, RunResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A worker has taken up a job."""

    number: int
    worker: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stepped:
    """A job has trained up to here, in quarters of an epoch; told about once a second."""

    number: int
    worker: int
    step: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """A job has validated and waits for `answer`; `step` counts quarters of an epoch."""

    number: int
    worker: int
    step: int
    accuracy: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A job is over, one way or another; its slot is free again.

    `killed` says that its process was killed by neither itself nor the executor, but by the
    kernel short of memory or by a user: it may well succeed if it runs again.
    """

    number: int
    worker: int
    result: RunResult
    killed: bool = False


Event = Started | Stepped | Reported | Finished


class Executor(Protocol):
    """Runs jobs, one per slot; every submitted job ends in exactly one `Finished`."""

    @property
    def slots(self) -> int:
        """Return how many jobs can run at once."""

    @property
    def free(self) -> int:
        """Return how many jobs can be submitted now."""

    def submit(self, job: Job) -> None:
        """Start a job in a free slot."""

    def poll(self, timeout_seconds: float) -> list[Event]:
        """Return what has happened, waiting at most that long for something to happen."""

    def answer(self, number: int, *, stop: bool) -> None:
        """Answer a `Reported`: go on, or stop there (the result is then `pruned`)."""

    def kill(self, number: int, failure: Failure) -> None:
        """End a job at once; its `Finished` carries that failure."""

    def close(self) -> None:
        """End all workers; jobs still running are abandoned without an event."""
