"""The leaderboard as a table that sorts by raw values and reads like that of the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mnist_search.analysis import Row
from mnist_search.reporting.cells import format_cell
from mnist_search.reporting.charts.style import run_key
from mnist_search.reporting.leaderboard import COLUMNS, display_rows

# Keys of a row that columns sort by, where what they show is a text made for reading.
_SORTED_BY = {
    "range": "rank_low",
    "basis": "score_basis",
    "published": "published_accuracy",
    "fit": "fit_seconds",
}
_NUMERIC = {
    "rank", "range", "score", "n", "published", "gap", "parameters", "epochs", "fit",
    "time_ratio", "inference_us",
}  # fmt: skip
# The first click on these shows the largest.
_DESCENDING = {"score", "published", "gap", "n"}
# What a phone shows first: how good it is, then how sure that is.
_FIRST = ("rank", "label", "score", "basis")
_COLUMNS = tuple(
    sorted(COLUMNS, key=lambda each: _FIRST.index(each.key) if each.key in _FIRST else len(_FIRST))
)
_WIDE = {"label": "name", "architecture": "wide extra"}
_TEXTS = {"basis", "tie_group", "verdict"}


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


def table_heads(*, sort: str) -> list[Head]:
    """Return the headers; `sort` is the board's order."""
    shown = {"accuracy": "rank", "time": "fit", "inference": "inference_us", "name": "label"}
    column_of_sort = shown.get(sort, sort)
    heads = [
        Head(
            header=column.header,
            css=_css(column.key),
            numeric=column.key in _NUMERIC,
            descending=column.key in _DESCENDING,
            sorted="ascending" if column.key == column_of_sort else None,
        )
        for column in _COLUMNS
    ]
    settings = Head(header="settings", css="values", numeric=True, descending=False, sorted=None)
    return [*heads, settings]


def table_lines(rows: Sequence[Row]) -> list[Line]:
    """Return the rows as they are shown, in their order."""
    return [
        Line(
            run=run_key(row.study or "", row.number) if row.kind == "trial" else None,
            kind=row.kind,
            status=row.status,
            css=_line_css(row, shown),
            cells=_cells(row, shown),
        )
        for row, shown in zip(rows, display_rows(rows), strict=True)
    ]


def _cells(row: Row, shown: Mapping[str, object]) -> tuple[Cell, ...]:
    cells = [
        Cell(
            key=column.key,
            text=format_cell(shown[column.key], column.style).strip(),
            value=_value(row, shown, column.key),
            css=_css(column.key),
            title=_title(row, column.key),
        )
        for column in _COLUMNS
    ]
    values = {} if row.values is None else row.values
    settings = Cell(
        key="values",
        text=format_cell(values, "text") if values else "",
        value=str(len(values)) if values else None,
        css="values",
        note=f"{len(values)} settings",
    )
    return (*cells, settings)


def _value(row: Row, shown: Mapping[str, object], key: str) -> str | None:
    raw = getattr(row, _SORTED_BY.get(key, key), None) if key != "verdict" else shown[key]
    if key == "n":
        raw = row.n
    if raw is None:
        return None
    return repr(float(raw)) if isinstance(raw, int | float) else format_cell(raw, "text")


def _title(row: Row, key: str) -> str:
    if key == "verdict":
        reason = row.failure if row.failure is not None else row.verdict_reason
        return "" if reason is None else format_cell(reason, "text")
    if key == "score" and row.score_low is not None and row.score_high is not None:
        return f"95 % interval {100 * row.score_low:.3f} to {100 * row.score_high:.3f} %"
    return ""


def _css(key: str) -> str:
    if key in _WIDE:
        return _WIDE[key]
    return "" if key in _TEXTS else "right"


def _line_css(row: Row, shown: Mapping[str, object]) -> str:
    if row.status == "published":
        return "published"
    if row.status != "complete":
        return "unfinished"
    return "best" if str(shown["rank"]).startswith("*") else ""
