"""What the sections of the page of figures are made of."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from typing import Any


def spread(found: dict[str, Any] | None, form: str) -> str:
    """Return the median with the extremes, as `harness.spread` gives them."""
    if found is None:
        return "-"
    middle, low, high = (form.format(found[key]) for key in ("median", "low", "high"))
    return middle if len(found["samples"]) == 1 else f"{middle} ({low} to {high})"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def median_seconds(samples: Iterable[float | None]) -> float:
    """Return the median over seeds; one that never got there (None) took infinitely long."""
    return statistics.median(math.inf if each is None else each for each in samples)


def on_machine(document: dict[str, Any]) -> str:
    """Return what tells the headings of one benchmark on several machines apart."""
    return "".join(f", {feature}" for feature in document["environment"]["features"][-1:])
