"""What a progress display knows of a session, and the lines of text made of it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from mnist_search.reporting.cells import clean, format_seconds
from mnist_search.specs import QUARTERS, RunResult
from mnist_search.studies.progress import Assignment, Best, Opening, tell_ending


@dataclass(slots=True, kw_only=True)
class Running:
    """A run in work; `step` counts quarters of an epoch, times are the clock's seconds."""

    assignment: Assignment
    worker: int
    started: float
    stepped: float | None = None
    step: float = 0.0
    accuracy: float | None = None

    @property
    def epochs(self) -> int:
        """Return how many epochs the run is to train."""
        return self.assignment.job.config.training.epochs

    @property
    def share(self) -> float:
        """Return the share of its epochs that is done, 0 to 1."""
        return min(1.0, self.step / (QUARTERS * max(1, self.epochs)))

    def projected_seconds(self, now: float) -> float | None:
        """Return how long the run will take in all, None before its first step."""
        if self.stepped is None or self.share == 0:
            return None
        return max(now - self.started, (self.stepped - self.started) / self.share)


@dataclass(slots=True, kw_only=True)
class State:
    """Everything that a display shows; `running` holds runs by their number."""

    opening: Opening
    began: float
    running: dict[int, Running] = field(default_factory=dict)
    complete: int = 0
    pruned: int = 0
    failed: int = 0
    busy_seconds: float = 0.0
    best: Best | None = None

    @property
    def finished(self) -> int:
        """Return how many runs ended in this session."""
        return self.complete + self.pruned + self.failed

    @property
    def done(self) -> int:
        """Return how many runs are over in all."""
        return self.opening.done + self.finished

    def start(self, assignment: Assignment, worker: int, now: float) -> None:
        """Note that a worker took up a run."""
        self.running[assignment.number] = Running(assignment=assignment, worker=worker, started=now)

    def step(self, number: int, step: float, now: float, accuracy: float | None = None) -> None:
        """Note how far a run is, and how accurate if it has validated."""
        run = self.running.get(number)
        if run is None:
            return
        run.step, run.stepped = step, now
        if accuracy is not None:
            run.accuracy = accuracy

    def finish(self, assignment: Assignment, result: RunResult, now: float) -> bool:
        """Note that a run ended; return whether it is the best trial from here on.

        The time on the worker is taken from the clock, since that of the result may leave out its
        start.
        """
        run = self.running.pop(assignment.number, None)
        self.busy_seconds += 0.0 if run is None else now - run.started
        match result.status:
            case "complete":
                self.complete += 1
            case "pruned":
                self.pruned += 1
            case _:
                self.failed += 1
        accuracy = result.last_accuracy
        if self.opening.noun != "trial" or result.status != "complete" or accuracy is None:
            return False
        if not math.isfinite(accuracy):
            return False
        if self.best is not None and accuracy <= self.best.accuracy:
            return False
        self.best = Best(name=assignment.name, label=assignment.label, accuracy=accuracy)
        return True

    def remaining_seconds(self, now: float) -> float | None:
        """Estimate the seconds to the end of the last run; None while nothing is known.

        The mean is taken over the finished runs, pruned ones included, and over the running ones
        as far as their own steps project them. Without the latter the first estimates would be
        far too low, because runs that are pruned early are also the first to finish.
        """
        runs = list(self.running.values())
        durations = [run.projected_seconds(now) for run in runs]
        known = [duration for duration in durations if duration is not None]
        samples = self.finished + len(known)
        if samples == 0:
            return None if runs or self.done < self.opening.total else 0.0
        mean = (self.busy_seconds + sum(known)) / samples
        residuals = [
            max(0.0, (mean if duration is None else duration) - (now - run.started))
            for run, duration in zip(runs, durations, strict=True)
        ]
        waiting = max(0, self.opening.total - self.done - len(runs))
        spread = (waiting * mean + sum(residuals)) / max(1, self.opening.workers)
        return max([spread, *residuals])

    def left_text(self, now: float) -> str:
        """Say roughly how long it will take, and whether the time budget ends it; or nothing."""
        if self.done >= self.opening.total:
            return ""
        needed, budget = self.remaining_seconds(now), self.opening.budget_seconds
        left = None if budget is None else max(0.0, budget - (now - self.began))
        if left is not None and (needed is None or left < needed):
            return f"~{_roughly(left)} left of the time budget"
        return "" if needed is None else f"~{_roughly(needed)} left"

    def finished_line(self, assignment: Assignment, result: RunResult, best_mark: str = "") -> str:
        """Return the line of a run that has just ended; `best_mark` goes to its accuracy."""
        opening, accuracy = self.opening, result.last_accuracy
        seconds = result.timings.fit_seconds
        count, name = f"{self.done}/{opening.total}", clean(assignment.name)
        told = "-" if accuracy is None else f"{accuracy:.4f}{best_mark}"
        fields = [
            f"[{count}] {name}" if opening.noun == "trial" else f"run {count}: {name}",
            f"{result.status:<8}",
            f"{basis_of(assignment)} {told:<7}",
            f"{'-' if seconds is None else format_seconds(seconds):>7}",
            clean(assignment.label),
            clean(tell_ending(result) or ""),
        ]
        return "  ".join(part for part in fields if part)

    def summary_line(self, now: float) -> str:
        """Return the closing line: how many, how long, how they ended, and the best."""
        took = format_seconds(now - self.began)
        opening = self.opening
        line = f"{self.done} of {opening.total} {opening.noun}s done, {took}: {self.counts_text()}"
        return line if self.best is None else f"{line}; {best_text(self.best)}"

    def counts_text(self) -> str:
        """Return how the runs of this session ended, such as `5 complete · 6 pruned · 1 failed`."""
        parts = [f"{self.complete} complete", f"{self.pruned} pruned", f"{self.failed} failed"]
        if self.opening.done:
            parts.append(f"{self.opening.done} earlier")
        return " · ".join(parts)


def begin_state(opening: Opening, now: float) -> State:
    """Return the state of a session that begins."""
    return State(
        opening=replace(opening, headline=clean(opening.headline)),
        began=now,
        best=opening.best,
    )


def basis_of(assignment: Assignment) -> str:
    """Return which images the accuracies of a run are about: `val` or `test`."""
    return "val" if assignment.job.config.protocol == "held-out" else "test"


def best_text(best: Best) -> str:
    """Return the accuracy of the best trial and its name."""
    return f"best {best.accuracy:.4f}, {clean(best.name)}"


def _roughly(seconds: float) -> str:
    # An estimate that shows more digits than it has changes at every refresh.
    if seconds < 90:
        return f"{max(5, 5 * round(seconds / 5))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"
