"""Executors driven by hand, whose trainer is `tests.support.hostile`."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from mnist_search.execution import Event, Finished, Reported
from mnist_search.execution.local import LocalExecutor
from mnist_search.specs import Failure, Job, RunResult

MakeJob = Callable[..., Job]
Build = Callable[..., LocalExecutor]

ROOT = Path(__file__).parents[2]
# What `tests.support.hostile` does for a seed.
FINE, SEGFAULT, EXIT, SIGKILL, RAISE, MEMORY, SYS_EXIT, HANG = range(8)
REPORT, FLOOD, GROW, VARIABLES, NO_RESULT, SPEAK, GRANDCHILD, SIGNALS = range(8, 16)
HALF, STOPPED, STOPPED_HALF, CLOSED, GARBAGE, ENDLESS, LAST = range(16, 23)
PATIENCE_SECONDS = 60.0


def wait_for(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.005)


def next_events(executor: LocalExecutor) -> list[Event]:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if events := executor.poll(1.0):
            return events
    raise AssertionError("nothing happened")


def finish(executor: LocalExecutor, job: Job | None = None) -> RunResult:
    """Run a job, or wait for the one that runs, going on at every report."""
    if job is not None:
        executor.submit(job)
    while True:
        for event in next_events(executor):
            if isinstance(event, Finished):
                return event.result
            if isinstance(event, Reported):
                executor.answer(event.number, stop=False)


def failure_of(result: RunResult) -> Failure:
    assert result.status == "failed"
    assert result.failure is not None
    return result.failure
