"""What a chart holds, read from its specification."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mnist_search.reporting.charts.files import specification
from mnist_search.reporting.charts.style import AnyChart


def rows(chart: AnyChart | None, *keys: str) -> list[dict[str, Any]]:
    """Return the rows of all data of a chart that have all of the keys, in their order."""
    assert chart is not None
    chart.to_dict(validate=True)
    spec = specification(chart)
    return [row for row in _values(spec) if set(keys) <= row.keys()]


def titles(chart: AnyChart | None) -> set[str]:
    """Return the titles of all axes; those of several lines as one text."""
    assert chart is not None
    return {
        " ".join(found) if isinstance(found, list) else found
        for each in _dictionaries(specification(chart))
        for channel in ("x", "y")
        if (found := each.get("encoding", {}).get(channel, {}).get("title"))
    }


def scales(chart: AnyChart | None, channel: str) -> list[dict[str, Any]]:
    """Return the scales of one channel, of all layers."""
    assert chart is not None
    return [
        each["encoding"][channel]["scale"]
        for each in _dictionaries(specification(chart))
        if "scale" in each.get("encoding", {}).get(channel, {})
    ]


def _values(spec: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for found in spec.get("datasets", {}).values():
        yield from found
    for each in _dictionaries({key: value for key, value in spec.items() if key != "datasets"}):
        yield from each.get("data", {}).get("values", [])


def _dictionaries(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for each in value.values():
            yield from _dictionaries(each)
    elif isinstance(value, list):
        for each in value:
            yield from _dictionaries(each)
