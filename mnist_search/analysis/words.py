"""Figures in words: percentages, differences in points, p-values, counts and lists."""

from __future__ import annotations

from collections.abc import Sequence


def percent(share: float | None) -> str:
    """Return a fraction as `98.10 %`, an unknown one as `-`."""
    return "-" if share is None else f"{100 * share:.2f} %"


def points(share: float) -> str:
    """Return a difference of fractions in percentage points, such as `+0.20`."""
    # Not -0.00.
    return f"{round(100 * share, 2) + 0.0:+.2f}"


def p_value(value: float) -> str:
    """Return a p-value as `p = 0.034`, with no more digits than it bears."""
    if value < 0.001:
        return "p < 0.001"
    return f"p = {value:.3f}" if value < 0.1 else f"p = {value:.2f}"


def plural(count: int, noun: str) -> str:
    """Return `1 run`, `3 runs`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def listed(names: Sequence[str], most: int | None = None) -> str:
    """Return `a, b and c`; of many names `most`, and how many more there are."""
    shown = list(names)
    if most is not None and len(shown) > most:
        shown = [*shown[:most], f"{len(names) - most} more"]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
