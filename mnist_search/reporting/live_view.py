"""The live area: a function from a state and a time to something that rich can draw."""

from __future__ import annotations

from rich.console import Group
from rich.table import Table
from rich.text import Text

from mnist_search.reporting.cells import clean
from mnist_search.reporting.live_state import Running, State, basis_of, best_text
from mnist_search.specs import QUARTERS

# Where a terminal has that many columns, each run has a bar; where it has fewer, words are short.
WIDE_COLUMNS, NARROW_COLUMNS = 100, 64
_BAR_COLUMNS = 40
_RUN_BAR_COLUMNS = 10


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
