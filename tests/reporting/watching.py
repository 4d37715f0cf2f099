"""A terminal, a clock and runs to watch."""

from __future__ import annotations

import io

from rich.console import Console

from mnist_search.references import get_reference
from mnist_search.reporting.live import draw
from mnist_search.reporting.live_plain import Display
from mnist_search.reporting.live_state import State, begin_state
from mnist_search.specs import (
    Adam,
    DatasetRef,
    Dense,
    Failure,
    Flatten,
    Job,
    Network,
    RunConfig,
    RunResult,
    Score,
    Timings,
    Training,
)
from mnist_search.studies.progress import Assignment, Best, Opening

LABEL = "C32 C64 D128 relu adam 1.2e-3"
SHOW_CURSOR, HIDE_CURSOR = "\x1b[?25h", "\x1b[?25l"
DIGITS = DatasetRef(name="digits", digest="d", train_images=1500, test_images=297)


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class BrokenPipe(Terminal):
    """A stream that breaks at its n-th write."""

    def __init__(self, good_writes: int) -> None:
        super().__init__()
        self.left = good_writes

    def write(self, text: str) -> int:
        self.left -= 1
        if self.left < 0:
            raise BrokenPipeError(32, "Broken pipe")
        return super().write(text)


def trial(number: int, label: str = LABEL, epochs: int = 5) -> Assignment:
    config = RunConfig(
        model=Network(layers=(Flatten(), Dense(units=8))),
        training=Training(optimizer=Adam(), batch_size=8, epochs=epochs),
    )
    job = Job(number=number, config=config, seed=1, dataset=DIGITS)
    return Assignment(job=job, name=f"trial {number}", label=label)


def reference(number: int) -> Assignment:
    config = get_reference("cnn-plain").run_config("documented")
    job = Job(number=number, config=config, seed=2, dataset=DIGITS)
    return Assignment(job=job, name="cnn-plain, seed 2")


def result(
    assignment: Assignment,
    status: str,
    accuracy: float | None = None,
    seconds: float | None = None,
    failure: str | None = None,
) -> RunResult:
    """Return a result as the loop gets it; nothing of it is checked, as an accuracy may be NaN."""
    score = Score(correct=0, total=10_000)
    if accuracy is not None:
        correct = accuracy if accuracy != accuracy else round(10_000 * accuracy)
        score = score.model_copy(update={"correct": correct})
    tested = assignment.job.config.protocol != "held-out"
    known = None if accuracy is None else score
    return RunResult.model_construct(
        status=status,
        config_id=assignment.job.config.config_id,
        seed=1,
        validation=None if tested else known,
        test=known if tested else None,
        reports=(),
        timings=Timings.model_construct(fit_seconds=seconds),
        failure=None if failure is None else Failure(kind="unbuildable", message=failure),
    )


def make_state(total: int = 50, workers: int = 2, **changes: object) -> State:
    opening = Opening(headline="search cnn · tpe", total=total, workers=workers)
    state = begin_state(opening, 0.0)
    for name, value in changes.items():
        setattr(state, name, value)
    return state


def busy_state() -> State:
    best = Best(name="trial 7", label=LABEL, accuracy=0.9921)
    state = make_state(complete=5, pruned=6, failed=1, busy_seconds=600.0, best=best)
    state.start(trial(13), 0, 350.0)
    state.step(13, 9, 368.0, 0.9871)
    state.start(trial(14, "D512 D256 relu sgd 3e-2", epochs=10), 1, 366.0)
    return state


def shown(state: State, now: float, *, width: int, height: int = 24) -> list[str]:
    console = Console(
        file=io.StringIO(), width=width, height=height, color_system=None, legacy_windows=False
    )
    with console.capture() as capture:
        console.print(draw(state, now, width))
    return [line.rstrip() for line in capture.get().splitlines()]


def run_three(progress: Display, clock: Clock) -> None:
    progress.begin(Opening(headline="search cnn", total=50, done=9, workers=2))
    first, second, third = trial(9), trial(10, "D64"), trial(11, "C64 C64")
    progress.started(first, 0)
    progress.stepped(first, 1.5)
    clock.now = 40.0
    progress.reported(first, 20, 0.9893)
    progress.finished(first, result(first, "complete", 0.9893, 41.2), 0)
    progress.finished(second, result(second, "pruned", 0.95, 3.04), 1)
    progress.finished(third, result(third, "failed", failure="kernel too large"), None)
