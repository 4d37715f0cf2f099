"""Rows of any kind as a table of the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mnist_search.reporting.cells import Column, format_cell, is_left_aligned


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What the template shows: a heading and a style class per column, and lines of texts."""

    title: str
    heads: tuple[tuple[str, str], ...]
    lines: tuple[tuple[str, ...], ...]


def table_of(
    rows: Sequence[Mapping[str, object]], columns: Sequence[Column], *, title: str
) -> Table:
    """Return rows as they are read; columns of which nothing is known are left out."""
    known = [column for column in columns if any(row[column.key] is not None for row in rows)]
    return Table(
        title=title,
        heads=tuple((column.header, _css(column, known[-1])) for column in known),
        lines=tuple(
            tuple(format_cell(row[column.key], column.style).strip() for column in known)
            for row in rows
        ),
    )


def _css(column: Column, last: Column) -> str:
    # One long text per line may wrap; what stands before it stays on its line.
    if column is last and column.style == "text":
        return "flowing"
    return "" if is_left_aligned(column.style) else "right"
