"""The two displays of progress: plain lines, and a live area at the foot of a terminal."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

from mnist_search.reporting.live_state import (
    Best,
    State,
    finish_run,
    finished_line,
    printable,
    report_run,
    start_run,
    summary_line,
)

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

REFRESH_SECONDS = 0.25


class _Display(ABC):
    """What both displays share: the state, moved on by events."""

    _best_mark = ""

    def __init__(self, *, clock: Callable[[], float], noun: str) -> None:
        self._clock = clock
        self._noun = noun
        self._state: State | None = None
        self._open = False

    @abstractmethod
    def _show_begin(self, state: State) -> None: ...

    @abstractmethod
    def _show_finished(self, before: State, after: State, line: str, status: str) -> None: ...

    @abstractmethod
    def _show_end(self, state: State, summary: str) -> None: ...

    @abstractmethod
    def note(self, text: str) -> None: ...

    def begin(
        self, headline: str, *, total: int, done: int, workers: int, best: Best | None = None
    ) -> None:
        self.end()
        self._state = State(
            headline=printable(headline),
            noun=self._noun,
            total=total,
            earlier=done,
            workers=workers,
            began=self._clock(),
            best=None if best is None else replace(best, label=printable(best.label)),
        )
        self._open = True
        self._show_begin(self._state)

    def started(self, number: int, worker: int, label: str, epochs: int) -> None:
        if self._state is not None:
            now = self._clock()
            self._state = start_run(
                self._state, number=number, worker=worker, label=label, epochs=epochs, now=now
            )

    def reported(self, number: int, worker: int, step: int, accuracy: float) -> None:
        if self._state is not None:
            now = self._clock()
            self._state = report_run(
                self._state, number=number, step=step, accuracy=accuracy, now=now
            )

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
        if self._state is None:
            return
        before = self._state
        self._state = finish_run(
            before,
            number=number,
            label=label,
            status=status,
            accuracy=accuracy,
            seconds=seconds,
            now=self._clock(),
        )
        line = finished_line(
            self._state,
            number=number,
            label=label,
            status=status,
            accuracy=accuracy,
            seconds=seconds,
            message=message,
            best_mark=self._best_mark,
        )
        self._show_finished(before, self._state, line, status)

    def end(self) -> None:
        if self._open and self._state is not None:
            self._open = False
            self._show_end(self._state, summary_line(self._state, self._clock()))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()


class PlainProgress(_Display):
    """One line for each run that ended, for pipes, logs and CI; if quiet, notes alone."""

    def __init__(
        self,
        stream: TextIO,
        *,
        clock: Callable[[], float],
        noun: str = "trial",
        quiet: bool = False,
    ) -> None:
        super().__init__(clock=clock, noun=noun)
        self._stream = stream
        self._quiet = quiet

    def note(self, text: str) -> None:
        """Show a line, even if quiet."""
        self._write(printable(text))

    def _show_begin(self, state: State) -> None:
        earlier = f", {state.earlier} of them done earlier" if state.earlier else ""
        self._say(f"{state.headline}: {state.total} {state.noun}s{earlier}")

    def _show_finished(self, before: State, after: State, line: str, status: str) -> None:
        best = after.best
        tail = "" if best is None else f"  (best {best.accuracy:.4f}, {after.noun} {best.number})"
        self._say(line + tail)

    def _show_end(self, state: State, summary: str) -> None:
        self._say(summary)

    def _say(self, line: str) -> None:
        if not self._quiet:
            self._write(line)

    def _write(self, line: str) -> None:
        self._stream.write(line + "\n")
        self._stream.flush()


class LiveProgress(_Display):
    """An area at the foot of the terminal that is redrawn four times a second.

    `proxy_stderr` lets lines that others write to `sys.stderr` appear above the area.
    """

    _best_mark = "*"

    def __init__(
        self,
        stream: TextIO,
        *,
        environ: Mapping[str, str],
        clock: Callable[[], float],
        noun: str = "trial",
        proxy_stderr: bool = False,
    ) -> None:
        from rich.console import Console
        from rich.live import Live

        super().__init__(clock=clock, noun=noun)
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

    def note(self, text: str) -> None:
        """Show a line above the live area."""
        from rich.text import Text

        self._print(Text(printable(text), style="yellow"))

    def _show_begin(self, state: State) -> None:
        with self._lock:
            self._live.start(refresh=True)
        self._stop.clear()
        self._ticker = threading.Thread(target=self._tick, name="progress", daemon=True)
        self._ticker.start()

    def _show_finished(self, before: State, after: State, line: str, status: str) -> None:
        from rich.text import Text

        text = Text(line)
        style = {"complete": "green", "pruned": "dim"}.get(status, "red")
        text.highlight_words([f" {status} "], style=style)
        if after.best is not None and after.best is not before.best:
            text.highlight_words([f"{after.best.accuracy:.4f}"], style="bold green")
        self._print(text)

    def _show_end(self, state: State, summary: str) -> None:
        from rich.text import Text

        self._stop.set()
        if self._ticker is not None:
            self._ticker.join()
            self._ticker = None
        with self._lock:
            self._live.stop()
        self._print(Text(state.headline, style="bold"))
        self._print(Text(summary))

    def _draw(self) -> RenderableType:
        from mnist_search.reporting.live_view import render

        view = "" if self._state is None else render(self._state, self._clock())
        self._drawn = (view, self._console.width)
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
