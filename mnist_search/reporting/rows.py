"""Any rows in any of the formats of `--format`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import assert_never, get_args

from mnist_search.choices import Format
from mnist_search.errors import UsageError
from mnist_search.reporting.cells import Column


def check_format(name: str) -> Format:
    """Return a known format, or raise a UsageError."""
    for known in get_args(Format):
        if known == name:
            found: Format = known
            return found
    raise UsageError(f"format must be one of {', '.join(get_args(Format))}, got {name!r}")


def render_rows(
    rows: Sequence[Mapping[str, object]],
    columns: Sequence[Column],
    format: str,
    *,
    title: str | None = None,
    notes: Sequence[str] = (),
    width: int | None = None,
    plain: bool = False,
) -> str:
    """Return rows as text that ends with a newline.

    `table` and `markdown` show the columns, rounded for reading, title and notes with them;
    `csv` has the columns under their keys, unrounded; `json` has every key of every row,
    unrounded, and the notes. `width` is the terminal's, None: as standard output has it;
    `plain` is for a file: no colour, and no screen's width.

    Raises:
        UsageError: unknown format.
    """
    match check_format(format):
        case "table":
            from mnist_search.reporting.terminal import detect_terminal, render_table

            terminal = detect_terminal(width, plain=plain)
            return render_table(rows, columns, title=title, notes=notes, terminal=terminal)
        case "json":
            from mnist_search.reporting.json import render_json

            return render_json(rows, notes=list(notes) or None)
        case "csv":
            from mnist_search.reporting.csv import render_csv

            return render_csv(rows, columns)
        case "markdown":
            from mnist_search.reporting.markdown import render_markdown

            return render_markdown(rows, columns, title=title, notes=notes)
        case never:
            assert_never(never)
