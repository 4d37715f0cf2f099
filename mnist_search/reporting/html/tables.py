"""Tables of the page: leaderboards that sort by raw values, and rows of any kind as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mnist_search.analysis import Leaderboard, Row
from mnist_search.reporting.board_rows import board_table, explain_columns
from mnist_search.reporting.cells import Column, format_cell, is_left_aligned
from mnist_search.reporting.charts.style import run_key

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
_DESCENDING = {"score", "published", "gap", "n"}
_SORTS = {"accuracy": "rank", "time": "fit", "inference": "inference_us", "name": "label"}
_WIDE = {"label": "name", "architecture": "wide extra"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A column's header, and how it sorts."""

    header: str
    css: str
    numeric: bool
    descending: bool
    sorted: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What a cell shows, and the value it sorts by; None: unknown.

    `note` is what stands for a long text until it is opened.
    """

    key: str
    text: str
    value: str | None
    css: str = ""
    title: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A row of the table; `run` is what the charts call its trial, None for other rows."""

    run: str | None
    kind: str
    status: str
    css: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardTable:
    """A leaderboard as the template shows it."""

    heads: list[Head]
    lines: list[Line]
    statuses: list[str]
    legend: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What the template shows: a heading and a style class per column, and lines of texts."""

    title: str
    heads: tuple[tuple[str, str], ...]
    lines: tuple[tuple[str, ...], ...]


def leaderboard_table(board: Leaderboard) -> BoardTable:
    """Return a leaderboard, its rows in their order."""
    columns, rows, cells = board_table(board)
    sorted_by = "epoch" if columns[0].key == "place" else _SORTS.get(board.sort, board.sort)
    heads = [
        Head(
            header=column.header,
            css=_css(column),
            numeric=column.style not in ("text", "word"),
            descending=column.key in _DESCENDING,
            sorted="ascending" if column.key == sorted_by else None,
        )
        for column in columns
    ]
    values = Head(
        header="hyperparameters", css="values", numeric=True, descending=False, sorted=None
    )
    return BoardTable(
        heads=[*heads, values],
        lines=[_line(row, shown, columns) for row, shown in zip(rows, cells, strict=True)],
        statuses=list(dict.fromkeys(row.status for row in rows)),
        legend=explain_columns(rows, columns),
    )


def table_of(
    rows: Sequence[Mapping[str, object]], columns: Sequence[Column], *, title: str
) -> Table:
    """Return rows as they are read; columns of which nothing is known are left out."""
    known = [column for column in columns if any(row[column.key] is not None for row in rows)]
    # One long text per line may wrap; what stands before it stays on its line.
    flowing = known[-1] if known[-1].style == "text" else None
    return Table(
        title=title,
        heads=tuple(
            (column.header, "flowing" if column is flowing else _alignment(column))
            for column in known
        ),
        lines=tuple(
            tuple(format_cell(row[column.key], column.style).strip() for column in known)
            for row in rows
        ),
    )


def _line(row: Row, shown: Mapping[str, object], columns: Sequence[Column]) -> Line:
    cells = [
        Cell(
            key=column.key,
            text=format_cell(shown[column.key], column.style).strip(),
            value=_value(row, shown, column.key),
            css=_css(column),
            title=_title(row, column.key),
        )
        for column in columns
    ]
    values = {} if row.values is None else row.values
    last = Cell(
        key="values",
        text=format_cell(values, "text") if values else "",
        value=str(len(values)) if values else None,
        css="values",
        note=f"{len(values)} values",
    )
    css = "unfinished"
    if row.status == "published":
        css = "published"
    elif row.status == "complete":
        css = "best" if str(shown["rank"]).startswith("*") else ""
    return Line(
        run=run_key(row.study or "", row.number) if row.kind == "trial" else None,
        kind=row.kind,
        status=row.status,
        css=css,
        cells=(*cells, last),
    )


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
