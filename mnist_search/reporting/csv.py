"""Rows as CSV: keys as the header, unrounded numbers, unknown empty."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence

from mnist_search.reporting.cells import Column, clean
from mnist_search.reporting.json import to_plain

# What makes a spreadsheet run a cell as a formula.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def render_csv(rows: Sequence[Mapping[str, object]], columns: Sequence[Column]) -> str:
    """Return the columns as CSV; lists and mappings are JSON within their cell."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([_guard(column.key) for column in columns])
    for row in rows:
        writer.writerow([_cell(row.get(column.key)) for column in columns])
    return out.getvalue()


def _cell(value: object) -> str:
    plain = to_plain(value)
    if plain is None:
        return ""
    if isinstance(plain, bool):
        return "true" if plain else "false"
    if isinstance(plain, int | float):
        return repr(plain)
    if isinstance(plain, str):
        return _guard(plain)
    return _guard(json.dumps(plain))


def _guard(text: str) -> str:
    """Return text that a spreadsheet takes as text: an apostrophe disarms a formula."""
    risky = text.startswith(_FORMULA_STARTS) or text.lstrip().startswith(_FORMULA_STARTS)
    return f"'{clean(text)}" if risky and not _is_number(text) else clean(text)


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
