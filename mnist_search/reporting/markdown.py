"""Rows as a Markdown table (GitHub's dialect)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from mnist_search.reporting.cells import Column, clean, format_cell, is_left_aligned


def render_markdown(
    rows: Sequence[Mapping[str, object]],
    columns: Sequence[Column],
    *,
    title: str | None = None,
    notes: Sequence[str] = (),
) -> str:
    """Return a heading, the table, and the notes as a list."""
    lines = []
    if title is not None:
        lines += [f"### {escape(title)}", ""]
    lines.append(_line([escape(column.header) for column in columns]))
    lines.append(_line(["---" if is_left_aligned(column.style) else "---:" for column in columns]))
    for row in rows:
        lines.append(
            _line([escape(format_cell(row.get(column.key), column.style)) for column in columns])
        )
    table = "\n".join(lines) + "\n"
    return f"{table}\n{bullets(notes)}" if notes else table


def bullets(lines: Iterable[str]) -> str:
    """Return a list of sentences."""
    return "".join(f"* {escape(line)}\n" for line in lines)


def escape(text: str) -> str:
    """Return text that Markdown shows as it is: no cell, code, link, emphasis or HTML begins."""
    escaped = re.sub(r"([\\`|*\[\]~])", r"\\\1", clean(text))
    # An underscore within a word is no emphasis.
    escaped = re.sub(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])", r"\\_", escaped)
    return escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
