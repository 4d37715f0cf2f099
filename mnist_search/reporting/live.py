"""Progress of a search or benchmark while it runs: live on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Protocol, Self, TextIO, cast

from mnist_search.reporting.live_displays import LiveProgress, PlainProgress
from mnist_search.reporting.live_stream import GuardedStream, can_be_live

__all__ = ["LiveProgress", "PlainProgress", "Progress", "create_progress"]


class Progress(Protocol):
    """Shows events as they happen; used as a context manager it always puts the cursor back."""

    def begin(self, headline: str, *, total: int, done: int, workers: int) -> None:
        """Open the display for `total` runs, `done` of which were over before."""

    def started(self, number: int, worker: int, label: str, epochs: int) -> None:
        """Show that a worker took up a run of so many epochs."""

    def reported(self, number: int, worker: int, step: int, accuracy: float) -> None:
        """Show an intermediate accuracy; `step` counts quarters of an epoch."""

    def finished(
        self,
        number: int,
        worker: int | None,
        label: str,
        status: str,
        accuracy: float | None,
        seconds: float | None,
        message: str | None,
    ) -> None:
        """Show how a run ended; `status` is complete, pruned or failed."""

    def note(self, text: str) -> None:
        """Show a line beside the runs, such as a warning."""

    def end(self) -> None:
        """Close the display and sum it up; further calls change nothing."""

    def __enter__(self) -> Self:
        """Return the display itself."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the display, whatever happened."""


def create_progress(
    stream: TextIO,
    *,
    environ: Mapping[str, str],
    quiet: bool = False,
    clock: Callable[[], float] = time.monotonic,
    noun: str = "trial",
) -> Progress:
    """Choose the display that a stream can show.

    Live needs a UTF-8 terminal that can move its cursor, and no CI. `quiet` leaves the notes
    alone. `noun` names one run: `trial` in a search, `run` in a benchmark.
    """
    guarded = cast("TextIO", GuardedStream(stream))
    if not quiet and can_be_live(stream, environ):
        return LiveProgress(
            guarded, environ=environ, clock=clock, noun=noun, proxy_stderr=stream is sys.stderr
        )
    return PlainProgress(guarded, clock=clock, noun=noun, quiet=quiet)
