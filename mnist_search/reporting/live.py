"""Progress of a search or benchmark while it runs: live on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Protocol, Self, TextIO, cast

from mnist_search.reporting.live_displays import LiveProgress, PlainProgress
from mnist_search.reporting.live_state import Best
from mnist_search.reporting.live_stream import GuardedStream, can_be_live
from mnist_search.studies import loop

__all__ = ["Best", "LiveProgress", "PlainProgress", "ShownProgress", "create_progress"]


class ShownProgress(loop.Progress, Protocol):
    """Shows what the loop tells; used as a context manager it always puts the cursor back."""

    def begin(
        self, headline: str, *, total: int, done: int, workers: int, best: Best | None = None
    ) -> None:
        """Open the display for `total` runs, `done` of which were over before, `best` the best."""

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
) -> ShownProgress:
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
