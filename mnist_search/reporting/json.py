"""Rows as JSON: everything a row holds, unrounded."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence

SCHEMA_VERSION = 1


def render_json(rows: Sequence[Mapping[str, object]], **more: object) -> str:
    """Return strict JSON with all keys of the rows; what is not a finite number is null.

    `more` adds keys beside `rows`; those that are None are left out. The text is ASCII, so that
    it survives every terminal and pipe.
    """
    document: dict[str, object] = {"schema_version": SCHEMA_VERSION, "rows": list(rows)}
    document |= {key: value for key, value in more.items() if value is not None}
    return json.dumps(to_plain(document), indent=2, allow_nan=False) + "\n"


def to_plain(value: object) -> object:
    """Return a value in the types of JSON."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, bytes):
        return [to_plain(item) for item in value]
    return str(value)
