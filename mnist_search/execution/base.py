"""What an executor is to the rest of the project: slots that run jobs and talk back.

Also the results of jobs that ended outside the trainer's hands.
"""

from __future__ import annotations

import math
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from mnist_search.specs import Failure, Job, RunResult, describe_environment
from mnist_search.specs.result import FailureKind


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

    `killed` says that neither the job nor the executor ended it, so that it may well succeed if
    it runs again: its process was killed, by the kernel short of memory or by a user, or its
    machine was lost.
    """

    number: int
    worker: int
    result: RunResult
    killed: Literal["process", "machine"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something about the workers that the user should know, in a sentence."""

    text: str


Event = Started | Stepped | Reported | Finished | Notice


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


# Steps are quarters of an epoch; without an accuracy they say how far the job is, no more.
Report = Callable[[float, float | None], bool]
Trainer = Callable[[Job, Report], RunResult]

MESSAGE_CHARACTERS = 300
TRACEBACK_CHARACTERS = 8_000


def failed_result(job: Job, failure: Failure, *, threads: int | None) -> RunResult:
    """Return the result of a job that ended without one."""
    return RunResult(
        status="failed",
        config_id=job.config.config_id,
        seed=job.seed,
        failure=failure,
        precision=job.precision,
        threads=threads,
        environment=describe_environment(),
    )


def describe_exception(
    error: BaseException, *, kind: FailureKind | None = None, message: str | None = None
) -> Failure:
    """Turn an exception into a failure, of a kind and with one line as it says itself."""
    if message is None:
        lines = str(error).strip().splitlines()
        message = f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
    if kind is None:
        match error:
            case MemoryError():
                kind = "out-of-memory"
            case FloatingPointError():
                kind = "diverged"
            case _:
                kind = "error"
    # The end of a traceback names the place.
    told = "".join(traceback.format_exception(error))[-TRACEBACK_CHARACTERS:]
    return Failure(kind=kind, message=message[:MESSAGE_CHARACTERS], traceback=told)


def run_guarded(trainer: Trainer, job: Job, report: Report, *, threads: int | None) -> RunResult:
    """Run a job; whatever escapes the trainer, or is no result, becomes a failed result."""

    def checked(step: float, accuracy: float | None) -> bool:
        if accuracy is not None and not math.isfinite(accuracy):
            raise FloatingPointError(f"the accuracy at step {step} is {accuracy}")
        return report(step, accuracy)

    try:
        result: Any = trainer(job, checked)
        if isinstance(result, RunResult):
            # A copy can be given what validation refuses, and would poison the whole ledger.
            result = RunResult.model_validate(result.model_dump())
    except (Exception, SystemExit) as error:
        return failed_result(job, describe_exception(error), threads=threads)
    if isinstance(result, RunResult):
        return result
    message = f"the trainer must return a RunResult, got {type(result).__name__}"
    return failed_result(job, Failure(kind="error", message=message), threads=threads)
