"""What the loop tells to whoever watches; `mnist_search.reporting` shows it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mnist_search.specs import Job, RunResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """A claimed run; `name` is what it is called, `label` what it is made of."""

    job: Job
    name: str
    label: str = ""

    @property
    def number(self) -> int:
        """Return the trial's number."""
        return self.job.number


@dataclass(frozen=True, slots=True, kw_only=True)
class Best:
    """The complete trial of a search with the highest accuracy so far."""

    name: str
    label: str
    accuracy: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What is about to run: `total` runs, `done` of which were over before.

    `noun` says what one of them is: trials of a search compete, and have a `best` from earlier
    sessions; other runs do not. `budget_seconds` is the time left, `log_folder` where the workers'
    logs are.
    """

    headline: str
    total: int
    done: int = 0
    workers: int = 1
    noun: Literal["trial", "run"] = "trial"
    best: Best | None = None
    budget_seconds: float | None = None
    log_folder: Path | None = None


class Progress:
    """Whoever watches a session, here without a word; calls come from one thread."""

    def begin(self, opening: Opening) -> None:
        """Say what is about to run."""

    def started(self, assignment: Assignment, worker: int) -> None:
        """Say that a worker took up a run."""

    def stepped(self, assignment: Assignment, step: float) -> None:
        """Say how far a run has trained, in quarters of an epoch; about once a second."""

    def reported(self, assignment: Assignment, step: int, accuracy: float) -> None:
        """Say that a run has validated; `step` counts quarters of an epoch."""

    def finished(self, assignment: Assignment, result: RunResult, worker: int | None) -> None:
        """Say that a run is closed; without a worker, it was not trained at all."""

    def note(self, text: str) -> None:
        """Say something in a sentence."""

    def end(self) -> None:
        """Say that the session is over."""


def tell_ending(result: RunResult) -> str | None:
    """Say why a run failed or was not trained, None where it simply ended."""
    if result.failure is not None:
        return f"{result.failure.kind}: {result.failure.message}"
    if result.duplicate_of is not None:
        return f"as trial {result.duplicate_of}, not trained again"
    return None
