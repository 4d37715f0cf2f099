"""Any rows in any of the formats of `--format`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

from mnist_search.choices import Format
from mnist_search.reporting.cells import Column
from mnist_search.reporting.csv import render_csv
from mnist_search.reporting.json import render_json
from mnist_search.reporting.markdown import render_markdown


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under their columns."""

    rows: Sequence[Mapping[str, object]]
    columns: Sequence[Column]
    title: str | None = None


def render_tables(
    tables: Sequence[Table], format: Format, *, notes: Sequence[str] = (), plain: bool = False
) -> str:
    """Return tables one below the other, the notes below the last; those without rows are left out.

    `json` and `csv` have no place for more than one: they are `render_rows` of all rows in one.
    """
    shown = [table for table in tables if table.rows]
    return "\n".join(
        render_rows(
            table.rows,
            table.columns,
            format,
            title=table.title,
            notes=notes if table is shown[-1] else (),
            plain=plain,
        )
        for table in shown
    )


def render_rows(
    rows: Sequence[Mapping[str, object]],
    columns: Sequence[Column],
    format: Format,
    *,
    title: str | None = None,
    notes: Sequence[str] = (),
    plain: bool = False,
) -> str:
    """Return rows as text that ends with a newline.

    `table` and `markdown` show the columns, rounded for reading, title and notes with them;
    `csv` has the columns under their keys, unrounded; `json` has every key of every row,
    unrounded, and the notes. `plain` is for a file: no colour, and no screen's width.
    """
    match format:
        case "table":
            from mnist_search.reporting.terminal import detect_terminal, render_table

            terminal = detect_terminal(plain=plain)
            return render_table(rows, columns, title=title, notes=notes, terminal=terminal)
        case "json":
            return render_json(rows, notes=list(notes) or None)
        case "csv":
            return render_csv(rows, columns)
        case "markdown":
            return render_markdown(rows, columns, title=title, notes=notes)
        case never:
            assert_never(never)
