"""What the parent and a worker process say to each other, pickled over a pipe of their own."""

from __future__ import annotations

from dataclasses import dataclass

from mnist_search.specs import RunResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a worker must know before it starts.

    `trainer` is the dotted name of a module with `prepare() -> float`, which imports what is
    heavy and returns the seconds it took, and `run_job(job, report) -> RunResult`.
    `die_with_thread` lets Linux kill the worker when the thread that started it ends.
    """

    trainer: str
    threads: int
    parent_pid: int
    die_with_thread: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """The worker has imported its trainer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """The worker has read its job."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The job has validated; the worker waits for an `Answer`."""

    step: int
    accuracy: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The job is over; `memory_bytes` is resident memory after it, None where not known."""

    result: RunResult
    memory_bytes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Whether the job that reported must stop."""

    stop: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Quit:
    """No more jobs: the worker ends."""


FromWorker = Ready | Taken | Report | Done
