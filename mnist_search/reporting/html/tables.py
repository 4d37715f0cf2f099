"""Tables of the page: leaderboards that sort by raw values, and rows of any kind as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mnist_search.analysis import Leaderboard, Row
from mnist_search.reporting.board_rows import board_table, explain_columns
from mnist_search.reporting.cells import Column, format_cell, is_left_aligned
from mnist_search.reporting.charts.style import run_key
from mnist_search.reporting.rows import Table

# Keys of a row that columns sort by, where what they show is a text made for reading.
_SORTED_BY = {
    "range": "rank_low",
    "basis": "score_basis",
    "published": "published_accuracy",
    "fit": "fit_seconds",
    "epoch": "comparable_seconds",
    "place": "comparable_seconds",
}
# The first click on these shows the largest.
_DESCENDING = {"score", "selection_accuracy", "published", "gap", "n"}
_SORTS = {"accuracy": "rank", "time": "fit", "inference": "inference_us", "name": "label"}
_WIDE = {"label": "name", "architecture": "wide extra"}


# What the template shows of something, by the names that it knows.
View = dict[str, object]


def leaderboard_table(board: Leaderboard) -> View:
    """Return a leaderboard, its rows in their order; cells hold the values that they sort by."""
    columns, rows, cells = board_table(board)
    sorted_by = "epoch" if columns[0].key == "place" else _SORTS.get(board.sort, board.sort)
    heads = [
        {
            "header": column.header,
            "css": _css(column),
            "numeric": column.style not in ("text", "word"),
            "descending": column.key in _DESCENDING,
            "sorted": column.key == sorted_by,
        }
        for column in columns
    ]
    return {
        "heads": [
            *heads,
            {"header": "hyperparameters", "css": "values", "numeric": True,
             "descending": False, "sorted": False},
        ],
        "lines": [_line(row, shown, columns) for row, shown in zip(rows, cells, strict=True)],
        "statuses": list(dict.fromkeys(row.status for row in rows)),
        "legend": explain_columns(rows, columns),
    }  # fmt: skip


def table_of(table: Table) -> View:
    """Return rows as they are read; columns of which nothing is known are left out."""
    known = [
        column for column in table.columns if any(row[column.key] is not None for row in table.rows)
    ]
    # One long text per line may wrap; what stands before it stays on its line.
    flowing = known[-1] if known[-1].style == "text" else None
    return {
        "title": table.title,
        "heads": [
            (column.header, "flowing" if column is flowing else _alignment(column))
            for column in known
        ],
        "lines": [
            [format_cell(row[column.key], column.style).strip() for column in known]
            for row in table.rows
        ],
    }


def _line(row: Row, shown: Mapping[str, object], columns: Sequence[Column]) -> View:
    css = "unfinished"
    if row.status == "published":
        css = "published"
    elif row.status == "complete":
        css = "best" if str(shown["rank"]).startswith("*") else ""
    values = row.values or {}
    return {
        # What the charts call a trial; other rows are not in them.
        "run": run_key(row.study or "", row.number) if row.kind == "trial" else None,
        "kind": row.kind,
        "status": row.status,
        "css": css,
        "cells": [
            {
                "key": column.key,
                "text": format_cell(shown[column.key], column.style).strip(),
                "value": _value(row, shown, column.key),
                "css": _css(column),
                "title": _title(row, column.key),
            }
            for column in columns
        ],
        "hyperparameters": format_cell(values, "text"),
        "count": len(values),
    }


def _value(row: Row, shown: Mapping[str, object], key: str) -> str | None:
    raw = shown[key] if key == "verdict" else getattr(row, _SORTED_BY.get(key, key))
    if raw is None:
        return None
    return repr(float(raw)) if isinstance(raw, int | float) else format_cell(raw, "text")


def _title(row: Row, key: str) -> str:
    if key == "verdict" and row.verdict_reason is not None:
        return row.verdict_reason
    if key == "score" and row.failure is not None:
        return row.failure
    if key == "score" and row.score_low is not None and row.score_high is not None:
        return f"95 % interval {100 * row.score_low:.3f} to {100 * row.score_high:.3f} %"
    return ""


def _css(column: Column) -> str:
    return _WIDE.get(column.key, _alignment(column))


def _alignment(column: Column) -> str:
    return "" if is_left_aligned(column.style) else "right"
