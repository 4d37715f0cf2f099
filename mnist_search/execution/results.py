"""Results of jobs that ended outside the trainer's hands."""

from __future__ import annotations

import math
import traceback
from collections.abc import Callable
from typing import Any

from mnist_search.specs import Failure, Job, RunResult, describe_environment
from mnist_search.specs.result import FailureKind

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


def describe_exception(error: BaseException) -> Failure:
    """Turn an exception that escaped a trainer into a failure with a one-line message."""
    lines = str(error).strip().splitlines()
    message = f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
    told = "".join(traceback.format_exception(error))
    kind: FailureKind = "error"
    if isinstance(error, MemoryError):
        kind = "out-of-memory"
    elif isinstance(error, FloatingPointError):
        kind = "diverged"
    return Failure(
        kind=kind,
        message=message[:MESSAGE_CHARACTERS],
        # The end of a traceback names the place.
        traceback=told[-TRACEBACK_CHARACTERS:],
    )


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
