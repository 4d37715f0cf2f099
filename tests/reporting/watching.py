"""A terminal, a clock and runs to watch."""

from __future__ import annotations

import io
from dataclasses import replace

from rich.console import Console

from mnist_search.reporting.live import (
    ShownProgress,
)
from mnist_search.reporting.live_state import (
    Best,
    Running,
    State,
)
from mnist_search.reporting.live_view import render

LABEL = "C32 C64 D128 relu adam 1.2e-3"
SHOW_CURSOR, HIDE_CURSOR = "\x1b[?25h", "\x1b[?25l"


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


def make_state(**changes: object) -> State:
    base = State(headline="search cnn · tpe", noun="trial", total=50, earlier=0, workers=2, began=0)
    return replace(base, **changes)  # type: ignore[arg-type]


def busy_state() -> State:
    runs = (
        Running(
            number=13, worker=0, label=LABEL, epochs=5, started=350, reported=368, step=9,
            rung=3, accuracy=0.9871,
        ),
        Running(number=14, worker=1, label="D512 D256 relu sgd 3e-2", epochs=10, started=366),
    )  # fmt: skip
    best = Best(number=7, label=LABEL, accuracy=0.9921)
    return make_state(running=runs, complete=5, pruned=6, failed=1, busy_seconds=600.0, best=best)


def draw(state: State, now: float, *, width: int, height: int = 24) -> list[str]:
    console = Console(
        file=io.StringIO(), width=width, height=height, color_system=None, legacy_windows=False
    )
    with console.capture() as capture:
        console.print(render(state, now))
    return capture.get().splitlines()


def run_three(progress: ShownProgress, clock: Clock) -> None:
    progress.begin("search cnn", total=50, done=9, workers=2)
    progress.started(9, 0, LABEL, 5)
    clock.now = 40.0
    progress.reported(9, 0, 20, 0.9893)
    progress.finished(9, 0, LABEL, "complete", 0.9893, 41.2, None)
    progress.finished(10, 1, "D64", "pruned", 0.95, 3.04, None)
    progress.finished(11, None, "C64 C64", "failed", None, None, "unbuildable: kernel too large")
