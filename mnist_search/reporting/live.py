"""Progress of a search or benchmark while it runs: live on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import TextIO, cast

from rich.console import Console, Group, RenderableType
from rich.control import Control
from rich.live import Live
from rich.segment import ControlType, Segment
from rich.table import Table
from rich.text import Text

from mnist_search.reporting.cells import clean
from mnist_search.reporting.live_plain import Display, GuardedStream, PlainProgress, can_be_live
from mnist_search.reporting.live_state import Running, State, basis_of, best_text
from mnist_search.specs import QUARTERS, RunResult

REFRESH_SECONDS = 0.25
# Where a terminal has that many columns, each run has a bar; where it has fewer, words are short.
WIDE_COLUMNS, NARROW_COLUMNS = 100, 64
_BAR_COLUMNS = 40
_RUN_BAR_COLUMNS = 10


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
        text = Text(line)
        style = {"complete": "green", "pruned": "dim"}.get(result.status, "red")
        text.highlight_words([f" {result.status} "], style=style)
        if is_best and state.best is not None:
            text.highlight_words([f"{state.best.accuracy:.4f}"], style="bold green")
        self._print(text)

    def _line(self, text: str, style: str = "") -> None:
        self._print(Text(text, style=style))

    def _draw(self) -> RenderableType:
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


def draw(state: State, now: float, columns: int) -> Group:
    """Return the live area at a time; what does not fit is cut at the right, or below."""
    opening = state.opening
    lines = [Text(), Text(opening.headline, style="bold"), _overall(state, now, columns)]
    if state.best is not None:
        best = Text(best_text(state.best), style="green").append(f"  {clean(state.best.label)}")
        lines.append(best)
    counts = Text(state.counts_text(), style="dim")
    counts.highlight_words([f"{state.failed} failed"] if state.failed else [], style="red")
    for line in (*lines, counts):
        line.no_wrap, line.overflow = True, "ellipsis"
    return Group(*lines, counts, _runs(state, now, columns))


def _overall(state: State, now: float, columns: int) -> Text:
    total = state.opening.total
    share = state.done / total if total > 0 else 1.0
    facts = [f"{state.done}/{total}", f"{int(100 * share)}%", _clock(now - state.began)]
    words = "  ".join(fact for fact in (*facts, state.left_text(now)) if fact)
    size = min(_BAR_COLUMNS, columns - len(words) - 2)
    # A bar of a few cells says less than the share beside it.
    bar = _bar(share, size).append("  ") if size >= 6 else _bar(0, 0)
    return bar.append(words)


def _runs(state: State, now: float, columns: int) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0), expand=True)
    runs = sorted(state.running.values(), key=lambda run: (run.worker, run.assignment.number))
    for run in runs:
        table.add_row(*_run_cells(run, now, columns))
    idle = Text("starting" if state.finished == 0 else "idle", style="dim")
    for _ in range(state.opening.workers - len(runs)):
        table.add_row(idle)
    for column in table.columns:
        column.no_wrap = True
    if runs:
        # What it is made of has the rest of the line.
        table.columns[-1].ratio, table.columns[-1].overflow = 1, "ellipsis"
    return table


def _run_cells(run: Running, now: float, columns: int) -> list[Text]:
    narrow, basis = columns < NARROW_COLUMNS, basis_of(run.assignment)
    told = "-" if run.accuracy is None else f"{run.accuracy:.4f}"
    cells = [
        Text(clean(run.assignment.name), style="cyan"),
        _bar(run.share, _RUN_BAR_COLUMNS),
        Text(f"{'' if narrow else 'epoch '}{run.step / QUARTERS:.2f}/{run.epochs}"),
        Text(told if narrow else f"{basis} {told}", style="" if run.accuracy is None else "bold"),
        Text(_clock(now - run.started), style="dim"),
        Text(clean(run.assignment.label)),
    ]
    return cells if columns >= WIDE_COLUMNS else [cells[0], *cells[2:]]


def _bar(share: float, columns: int) -> Text:
    filled = int(share * columns)
    return Text("━" * filled, style="green").append("─" * (columns - filled), style="dim")


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(max(0.0, seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
