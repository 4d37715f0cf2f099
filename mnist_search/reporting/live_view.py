"""The live display: a pure function from a state and a time to something rich can draw."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.text import Text

from mnist_search.reporting.live_state import (
    STEPS_PER_EPOCH,
    Running,
    State,
    counts_text,
    remaining_seconds,
)

WIDE_COLUMNS = 100
NARROW_COLUMNS = 64
_BAR_COLUMNS = 40
_WORKER_BAR_COLUMNS = 10
_LINES_BESIDE_WORKERS = (
    7  # blank, headline, bar, best, counts, the hidden workers, the cursor's line
)


def render(state: State, now: float) -> RenderableType:
    """Return the live area at a time; its lines fit whatever console draws it."""
    return _View(state=state, now=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class _View:
    state: State
    now: float

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        columns, state = options.max_width, self.state
        shown = max(1, options.size.height - _LINES_BESIDE_WORKERS)
        workers = _worker_lines(state, self.now, columns)
        yield Text()
        yield _line(Text(state.headline, style="bold"), columns)
        yield _line(_overall(state, self.now, columns), columns)
        for worker in workers[:shown]:
            yield _line(worker, columns)
        if len(workers) > shown:
            yield _line(Text(f"  and {len(workers) - shown} more workers", style="dim"), columns)
        yield _line(_best(state), columns)
        yield _line(_counts(state), columns)


def _line(text: Text, columns: int) -> Text:
    text.no_wrap = True
    text.truncate(columns, overflow="ellipsis")
    return text


def _overall(state: State, now: float, columns: int) -> Text:
    share = state.done / state.total if state.total > 0 else 1.0
    left = remaining_seconds(state, now)
    facts = [f"{state.done}/{state.total}", f"{int(100 * share)}%", _clock(now - state.began)]
    if state.done < state.total:
        facts.append("" if left is None else f"~{_roughly(left)} left")
    words = "  ".join(fact for fact in facts if fact)
    size = min(_BAR_COLUMNS, columns - len(words) - 2)
    # a bar of a few cells says less than the share beside it
    bar = _bar(share, size).append("  ") if size >= 6 else Text()
    return bar.append(words)


def _worker_lines(state: State, now: float, columns: int) -> list[Text]:
    digits = len(str(state.total))
    epochs = [_epochs(run) for run in state.running]
    widest = max((len(text) for text in epochs), default=0)
    lines = [
        _worker_line(run, now, columns, f"{state.noun} {run.number:<{digits}}", f"{text:<{widest}}")
        for run, text in zip(state.running, epochs, strict=True)
    ]
    idle = "starting" if state.finished == 0 else "idle"
    missing = max(0, state.workers - len(lines))
    return [*lines, *(Text(f"  {idle}", style="dim") for _ in range(missing))]


def _worker_line(run: Running, now: float, columns: int, name: str, epochs: str) -> Text:
    narrow, wide = columns < NARROW_COLUMNS, columns >= WIDE_COLUMNS
    line = Text("" if narrow else "  ")
    line.append(name.split(" ", 1)[1] if narrow else name, style="cyan")
    if wide:
        line.append("  ").append_text(_bar(run.share, _WORKER_BAR_COLUMNS))
    line.append("  " if narrow else "  epoch ").append(epochs)
    if not narrow:
        line.append(f"  rung {run.rung:<2}", style="dim")
    score = "-" if run.accuracy is None else f"{run.accuracy:.4f}"
    line.append(f"  {score:<6}", style="" if run.accuracy is None else "bold")
    line.append(f"  {_clock(now - run.started):>5}", style="dim")
    return line.append("  ").append(run.label)


def _best(state: State) -> Text:
    if state.best is None:
        return Text("best  none yet", style="dim")
    line = Text("best  ").append(f"{state.best.accuracy:.4f}", style="bold green")
    line.append(f"  {state.noun} {state.best.number}", style="cyan")
    return line.append("  ").append(state.best.label)


def _counts(state: State) -> Text:
    text = Text(counts_text(state), style="dim")
    if state.failed:
        text.highlight_words([f"{state.failed} failed"], style="not dim red")
    return text


def _epochs(run: Running) -> str:
    return f"{run.step / STEPS_PER_EPOCH:.2f}/{run.epochs}"


def _bar(share: float, columns: int) -> Text:
    filled = int(share * columns)
    return Text("━" * filled, style="green").append("─" * (columns - filled), style="dim")


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(max(0.0, seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def _roughly(seconds: float) -> str:
    # An estimate that shows more digits than it has changes at every refresh.
    if seconds < 90:
        return f"{max(5, 5 * round(seconds / 5))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"
