"""Rows as a table for the terminal, fitted to its width; plain where it goes into a pipe."""

from __future__ import annotations

import io
import os
import re
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from rich import box
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mnist_search.reporting.cells import Column, clean, format_cell, is_left_aligned, to_ascii

# A pipe has no width; this one holds the leaderboard without leaving anything out.
PIPE_WIDTH = 160
MINIMUM_WIDTH = 20
_GAP = 2
# Shortened text keeps this much before whole columns have to go.
_TEXT_FLOOR = 20
_TEXT_MINIMUM = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """How wide the output is, whether it takes colour, and whether it shows only ASCII."""

    width: int
    color: bool = False
    ascii_only: bool = False


def detect_terminal(*, plain: bool = False) -> Terminal:
    """Describe standard output; NO_COLOR, a dumb terminal and a pipe get plain text.

    `plain` is for text that goes into a file: as a pipe has it, whatever the screen is.
    """
    if plain:
        return Terminal(width=PIPE_WIDTH)
    on_screen = sys.stdout.isatty()
    dumb = os.environ.get("TERM") == "dumb" or bool(os.environ.get("NO_COLOR"))
    encoding = getattr(sys.stdout, "encoding", None)
    unicode = encoding is None or encoding.lower().replace("-", "").startswith("utf")
    return Terminal(
        width=shutil.get_terminal_size((PIPE_WIDTH, 24)).columns,
        color=on_screen and not dumb,
        ascii_only=not unicode,
    )


def draw_terminal(text: str, width: int, *, title: str) -> str:
    """Return text with its colours as an SVG picture of a terminal."""
    console = Console(record=True, width=width, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi(text), soft_wrap=True)
    # Rich names fonts in the web, from where a picture of ours loads nothing.
    return re.sub(r"@font-face \{.*?\}\s*", "", console.export_svg(title=title), flags=re.DOTALL)


def render_table(
    rows: Sequence[Mapping[str, object]],
    columns: Sequence[Column],
    *,
    title: str | None = None,
    explain: Callable[[Sequence[Column]], str] | None = None,
    notes: Sequence[str] = (),
    terminal: Terminal,
    row_styles: Sequence[str] = (),
) -> str:
    """Return the table as text, no line wider than the terminal.

    `row_styles` are rich styles, one per row, seen in colour only. Columns that do not fit are
    left out and named below the table; `explain` says what is to be known of those that do.
    """
    cells = [[format_cell(row.get(column.key), column.style) for column in columns] for row in rows]
    width = max(MINIMUM_WIDTH, terminal.width)
    widths = _fit(columns, cells, width)
    kept = [place for place in range(len(columns)) if place in widths]
    table = Table(
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        header_style="bold",
    )
    for place in kept:
        column = columns[place]
        header = Text(_shorten(clean(column.header), widths[place]))
        table.add_column(
            header,
            justify="left" if is_left_aligned(column.style) else "right",
            width=widths[place],
            no_wrap=True,
        )
    for number, line in enumerate(cells):
        style = row_styles[number] if number < len(row_styles) else ""
        shown = [Text(_shorten(line[place], widths[place])) for place in kept]
        table.add_row(*shown, style=style)
    out, console = _console(terminal)
    if title is not None:
        console.print(Text(clean(title), style="bold"))
        console.print()
    if rows:
        console.print(table)
    else:
        console.print(Text("no rows", style="dim"))
    hidden = [column.header for place, column in enumerate(columns) if place not in widths]
    legend = "" if explain is None else explain([columns[place] for place in kept])
    notes = [legend, *notes] if legend else list(notes)
    if rows and hidden:
        notes.append(f"Hidden at this width: {', '.join(hidden)} (widen the terminal, or -f json).")
    if notes:
        console.print()
    for note in notes:
        console.print(Text(clean(note), style="dim"))
    return _text(out, terminal)


def render_lines(title: str, lines: Sequence[str], terminal: Terminal) -> str:
    """Return sentences under a title, wrapped to the terminal, each after a dash."""
    out, console = _console(terminal)
    console.print(Text(clean(title), style="bold"))
    console.print()
    for line in lines:
        console.print(Text(f"- {clean(line)}"))
    return _text(out, terminal)


def render_facts(title: str, facts: Sequence[tuple[str, str]], terminal: Terminal) -> str:
    """Return names with their values under a title, wrapped to the terminal."""
    out, console = _console(terminal)
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column()
    for name, value in facts:
        grid.add_row(Text(clean(name), style="dim"), Text(clean(value)))
    console.print(Text(clean(title), style="bold"))
    console.print()
    console.print(grid)
    return _text(out, terminal)


def _console(terminal: Terminal) -> tuple[io.StringIO, Console]:
    out = io.StringIO()
    console = Console(
        file=out,
        width=max(MINIMUM_WIDTH, terminal.width),
        force_terminal=terminal.color,
        color_system="standard" if terminal.color else None,
        no_color=not terminal.color,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    return out, console


def _text(out: io.StringIO, terminal: Terminal) -> str:
    text = "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"
    return to_ascii(text) if terminal.ascii_only else text


def _fit(columns: Sequence[Column], cells: Sequence[Sequence[str]], width: int) -> dict[int, int]:
    """Return the widths of the columns that stay, by place."""
    natural = {
        place: max([cell_len(clean(column.header)), *(cell_len(line[place]) for line in cells)])
        for place, column in enumerate(columns)
    }
    texts = {place for place, column in enumerate(columns) if column.style == "text"}

    def least(place: int, floor: int) -> int:
        return min(natural[place], floor) if place in texts else natural[place]

    kept = list(range(len(columns)))

    def too_wide(floor: int) -> bool:
        return sum(least(place, floor) for place in kept) + _GAP * (len(kept) - 1) > width

    while too_wide(_TEXT_FLOOR) and any(columns[place].priority > 0 for place in kept):
        # Of equals the rightmost goes first.
        kept.remove(max(kept, key=lambda place: (columns[place].priority, place)))
    while too_wide(_TEXT_MINIMUM) and len(kept) > 1:
        kept.pop()
    floor = _TEXT_MINIMUM if too_wide(_TEXT_FLOOR) else _TEXT_FLOOR
    widths = {place: least(place, floor) for place in kept}
    spare = width - sum(widths.values()) - _GAP * (len(kept) - 1)
    for place in kept:
        more = min(max(spare, 0), natural[place] - widths[place])
        widths[place] += more
        spare -= more
    if spare < 0:
        widths[kept[0]] = max(1, widths[kept[0]] + spare)
    return widths


def _shorten(text: str, width: int) -> str:
    return text if cell_len(text) <= width else set_cell_size(text, width - 1) + "…"
