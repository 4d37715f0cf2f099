"""Progress of a search or benchmark while it runs: live on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO, cast

from mnist_search.reporting.cells import clean
from mnist_search.reporting.live_state import State, begin_state, best_text
from mnist_search.reporting.live_stream import GuardedStream, WorkerLogs, can_be_live
from mnist_search.specs import RunResult
from mnist_search.studies.progress import Assignment, Opening, Progress

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

REFRESH_SECONDS = 0.25


def create_progress(
    stream: TextIO,
    *,
    environ: Mapping[str, str],
    quiet: bool = False,
    verbose: bool = False,
    clock: Callable[[], float] = time.monotonic,
) -> Display:
    """Choose the display that a stream can show.

    Live needs a UTF-8 terminal that can move its cursor, and no CI. `quiet` leaves the notes
    alone; `verbose` adds what the workers print, and says where their logs are.
    """
    guarded = cast("TextIO", GuardedStream(stream))
    if not quiet and can_be_live(stream, environ):
        own = stream is sys.stderr
        return LiveProgress(
            guarded, environ=environ, clock=clock, verbose=verbose, proxy_stderr=own
        )
    return PlainProgress(guarded, clock=clock, quiet=quiet, verbose=verbose)


class Display(Progress, ABC):
    """Shows what the loop tells; used as a context manager it always puts the cursor back."""

    def __init__(self, *, clock: Callable[[], float], verbose: bool) -> None:
        self._clock = clock
        self._verbose = verbose
        self._logs: WorkerLogs | None = None
        self._state: State | None = None

    @abstractmethod
    def _open(self, state: State) -> None: ...

    @abstractmethod
    def _close(self, state: State) -> None: ...

    @abstractmethod
    def _finished(self, state: State, line: str, result: RunResult, is_best: bool) -> None: ...

    @abstractmethod
    def _line(self, text: str, style: str = "") -> None: ...

    def note(self, text: str) -> None:
        """Show a sentence, even if quiet."""
        self._line(clean(text), "yellow")

    def begin(self, opening: Opening) -> None:
        """Open the display."""
        self.end()
        self._state = begin_state(opening, self._clock())
        self._open(self._state)
        folder = opening.log_folder
        if self._verbose and folder is not None:
            self.note(f"the workers' logs are in {folder}")
            self._logs = WorkerLogs(folder)

    def started(self, assignment: Assignment, worker: int) -> None:
        """Show that a worker took up a run."""
        if self._state is not None:
            self._state.start(assignment, worker, self._clock())

    def stepped(self, assignment: Assignment, step: float) -> None:
        """Show how far a run has trained."""
        if self._state is not None:
            self._state.step(assignment.number, step, self._clock())
        self._tell_logs()

    def reported(self, assignment: Assignment, step: int, accuracy: float) -> None:
        """Show how accurate a run is so far."""
        if self._state is not None:
            self._state.step(assignment.number, step, self._clock(), accuracy)
        self._tell_logs()

    def finished(self, assignment: Assignment, result: RunResult, worker: int | None) -> None:
        """Show that a run is over."""
        self._tell_logs()
        if self._state is not None:
            is_best = self._state.finish(assignment, result, self._clock())
            line = self._state.finished_line(assignment, result, "*" if is_best else "")
            self._finished(self._state, line, result, is_best)

    def end(self) -> None:
        """Close the display and sum it up; further calls change nothing."""
        self._tell_logs()
        self._logs = None
        state, self._state = self._state, None
        if state is not None:
            self._close(state)

    def _tell_logs(self) -> None:
        for line in [] if self._logs is None else self._logs.lines():
            self._line(clean(line), "dim")

    def __enter__(self) -> Self:
        """Return the display itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the display, whatever happened."""
        self.end()


class PlainProgress(Display):
    """One line for each run that ended, for pipes, logs and CI; if quiet, notes alone."""

    def __init__(
        self,
        stream: TextIO,
        *,
        clock: Callable[[], float],
        quiet: bool = False,
        verbose: bool = False,
    ) -> None:
        super().__init__(clock=clock, verbose=verbose)
        self._stream = stream
        self._quiet = quiet

    def _open(self, state: State) -> None:
        opening = state.opening
        earlier = f", {opening.done} of them done earlier" if opening.done else ""
        self._say(f"{opening.headline}: {opening.total} {opening.noun}s{earlier}")

    def _close(self, state: State) -> None:
        self._say(state.summary_line(self._clock()))

    def _finished(self, state: State, line: str, result: RunResult, is_best: bool) -> None:
        tail = "" if state.best is None else f"  ({best_text(state.best)})"
        self._say(line + tail)

    def _say(self, line: str) -> None:
        if not self._quiet:
            self._line(line)

    def _line(self, text: str, style: str = "") -> None:
        self._stream.write(text + "\n")
        self._stream.flush()


class LiveProgress(Display):
    """An area at the foot of the terminal that is redrawn four times a second.

    `proxy_stderr` lets lines that others write to `sys.stderr` appear above the area.
    """

    def __init__(
        self,
        stream: TextIO,
        *,
        environ: Mapping[str, str],
        clock: Callable[[], float],
        verbose: bool = False,
        proxy_stderr: bool = False,
    ) -> None:
        from rich.console import Console
        from rich.live import Live

        super().__init__(clock=clock, verbose=verbose)
        self._console = Console(
            file=stream,
            force_terminal=True,
            force_interactive=True,
            no_color=bool(environ.get("NO_COLOR")),
            markup=False,
            emoji=False,
            highlight=False,
            _environ=environ,
        )
        self._live = Live(
            console=self._console,
            get_renderable=self._draw,
            auto_refresh=False,
            transient=True,
            # stdout is for results, whatever the display does meanwhile
            redirect_stdout=False,
            redirect_stderr=proxy_stderr,
        )
        # With rich's own refresh thread a redraw can come between the layout and the writing of
        # a line printed here, which leaves the cursor on the wrong line: one lock for both.
        self._lock = threading.RLock()
        self._drawn: tuple[RenderableType, int] | None = None
        self._stop = threading.Event()
        self._ticker: threading.Thread | None = None

    def _open(self, state: State) -> None:
        with self._lock:
            self._live.start(refresh=True)
        self._stop.clear()
        self._ticker = threading.Thread(target=self._tick, name="progress", daemon=True)
        self._ticker.start()

    def _close(self, state: State) -> None:
        self._stop.set()
        if self._ticker is not None:
            self._ticker.join()
        with self._lock:
            self._live.stop()
        self._line(state.opening.headline, "bold")
        self._line(state.summary_line(self._clock()))

    def _finished(self, state: State, line: str, result: RunResult, is_best: bool) -> None:
        from rich.text import Text

        text = Text(line)
        style = {"complete": "green", "pruned": "dim"}.get(result.status, "red")
        text.highlight_words([f" {result.status} "], style=style)
        if is_best and state.best is not None:
            text.highlight_words([f"{state.best.accuracy:.4f}"], style="bold green")
        self._print(text)

    def _line(self, text: str, style: str = "") -> None:
        from rich.text import Text

        self._print(Text(text, style=style))

    def _draw(self) -> RenderableType:
        from mnist_search.reporting.live_view import draw

        state, columns = self._state, self._console.width
        view = "" if state is None else draw(state, self._clock(), columns)
        self._drawn = (view, columns)
        return view

    def _tick(self) -> None:
        while not self._stop.wait(REFRESH_SECONDS):
            with self._lock:
                self._forget_wrapped_rows()
                self._live.refresh()

    def _forget_wrapped_rows(self) -> None:
        """Erase what a terminal made narrower has wrapped; rich clears one row per line."""
        from rich.control import Control
        from rich.segment import ControlType, Segment

        width = self._console.width
        if self._drawn is None or width >= self._drawn[1]:
            return
        view, drawn_width = self._drawn
        options = self._console.options.update(width=drawn_width)
        lines = self._console.render_lines(view, options, pad=False)
        extra = sum(max(0, Segment.get_line_length(line) - 1) // width for line in lines)
        row_up = ((ControlType.ERASE_IN_LINE, 2), (ControlType.CURSOR_UP, 1))
        self._console.control(Control(*row_up * extra))

    def _print(self, text: Text) -> None:
        with self._lock:
            self._forget_wrapped_rows()
            self._console.print(text)
