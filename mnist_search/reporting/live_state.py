"""What a progress display knows, as an immutable value, and the plain text made of it."""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass, replace

from mnist_search.reporting.cells import format_seconds

STEPS_PER_EPOCH = 4
_ESCAPE_SEQUENCE = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^_])"
)
# Cc controls, Cf invisible formatting (it can reverse the text after it), Cs lone surrogates
# (they cannot be encoded), Zl and Zp line breaks.
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A run in work; `rung` counts its reports, times are the clock's seconds."""

    number: int
    worker: int
    label: str
    epochs: int
    started: float
    reported: float | None = None
    step: int = 0
    rung: int = 0
    accuracy: float | None = None

    @property
    def share(self) -> float:
        """Return the share of its epochs that is done, 0 to 1."""
        return min(1.0, self.step / (STEPS_PER_EPOCH * max(1, self.epochs)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Best:
    """The complete run of the study with the highest accuracy, of an earlier session too."""

    number: int
    label: str
    accuracy: float


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Everything a display shows; `earlier` runs were over before this session began."""

    headline: str
    noun: str
    total: int
    earlier: int
    workers: int
    began: float
    running: tuple[Running, ...] = ()
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
        return self.earlier + self.finished


def start_run(
    state: State, *, number: int, worker: int, label: str, epochs: int, now: float
) -> State:
    """Return the state after a worker took up a run."""
    run = Running(number=number, worker=worker, label=printable(label), epochs=epochs, started=now)
    others = tuple(other for other in state.running if other.number != number)
    order = sorted((*others, run), key=lambda each: (each.worker, each.number))
    return replace(state, running=tuple(order))


def report_run(state: State, *, number: int, step: int, accuracy: float, now: float) -> State:
    """Return the state after a run validated; a number that is not running changes nothing."""
    running = tuple(
        replace(run, step=step, rung=run.rung + 1, accuracy=accuracy, reported=now)
        if run.number == number
        else run
        for run in state.running
    )
    return replace(state, running=running)


def finish_run(
    state: State,
    *,
    number: int,
    label: str,
    status: str,
    accuracy: float | None,
    seconds: float | None,
    now: float,
) -> State:
    """Return the state after a run ended; only complete runs can be the best one.

    The time on the worker is taken from the clock, since `seconds` may leave out its start;
    a run that never reached a worker counts with `seconds`.
    """
    run = next((each for each in state.running if each.number == number), None)
    busy = now - run.started if run is not None else (0.0 if seconds is None else seconds)
    best = state.best
    if status == "complete" and accuracy is not None and math.isfinite(accuracy):
        candidate = Best(number=number, label=printable(label), accuracy=accuracy)
        best = candidate if best is None or accuracy > best.accuracy else best
    return replace(
        state,
        running=tuple(each for each in state.running if each.number != number),
        complete=state.complete + (status == "complete"),
        pruned=state.pruned + (status == "pruned"),
        failed=state.failed + (status not in ("complete", "pruned")),
        busy_seconds=state.busy_seconds + busy,
        best=best,
    )


def remaining_seconds(state: State, now: float) -> float | None:
    """Estimate the seconds to the end of the last run; None while nothing is known.

    The mean is taken over the finished runs, pruned ones included, and over the running ones as
    far as their own reports project them. Without the latter the first estimates would be far
    too low, because runs that are pruned early are also the first to finish.
    """
    durations = [_projected_seconds(run, now) for run in state.running]
    known = [duration for duration in durations if duration is not None]
    samples = state.finished + len(known)
    if samples == 0:
        return None if state.running or state.done < state.total else 0.0
    mean = (state.busy_seconds + sum(known)) / samples
    residuals = [
        max(0.0, (mean if duration is None else duration) - (now - run.started))
        for run, duration in zip(state.running, durations, strict=True)
    ]
    waiting = max(0, state.total - state.done - len(state.running))
    spread = (waiting * mean + sum(residuals)) / max(1, state.workers)
    return max([spread, *residuals])


def _projected_seconds(run: Running, now: float) -> float | None:
    if run.reported is None or run.share == 0:
        return None
    return max(now - run.started, (run.reported - run.started) / run.share)


def finished_line(
    state: State,
    *,
    number: int,
    label: str,
    status: str,
    accuracy: float | None,
    seconds: float | None,
    message: str | None,
    best_mark: str = "",
) -> str:
    """Return the line of a run that has just ended; `best_mark` goes to a new best's score."""
    digits = len(str(state.total))
    is_best = state.best is not None and state.best.number == number
    score = "-" if accuracy is None else f"{accuracy:.4f}{best_mark if is_best else ''}"
    duration = "-" if seconds is None else format_seconds(seconds)
    fields = [
        f"[{state.done:>{digits}}/{state.total}] {state.noun} {number:<{digits}}",
        f"{printable(status):<8}",
        f"val {score:<{6 + len(best_mark)}}",
        f"{duration:>7}",
        printable(label),
    ]
    if message is not None:
        fields.append(printable(message))
    return "  ".join(field for field in fields if field).rstrip()


def summary_line(state: State, now: float) -> str:
    """Return the closing line: how many, how long, how they ended, and the best."""
    line = (
        f"{state.done} of {state.total} {state.noun}s done, "
        f"{format_seconds(now - state.began)}: {counts_text(state)}"
    )
    if state.best is None:
        return line
    return f"{line}; best {state.best.accuracy:.4f}, {state.noun} {state.best.number}"


def counts_text(state: State) -> str:
    """Return how the runs of this session ended, e.g. `5 complete · 6 pruned · 1 failed`."""
    parts = [
        f"{state.complete} complete",
        f"{state.pruned} pruned",
        f"{state.failed} failed",
    ]
    if state.earlier:
        parts.append(f"{state.earlier} earlier")
    return " · ".join(parts)


def printable(text: str) -> str:
    """Return the text on one line, without escape sequences and control characters."""
    spaced = re.sub(r"\s+", " ", _ESCAPE_SEQUENCE.sub("", text))
    return "".join(
        character for character in spaced if unicodedata.category(character) not in _UNPRINTABLE
    ).strip()
