"""Axes: from values to places between 0 and 1, with the ticks to write beside them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, assert_never

from mnist_search.reporting.cells import clean, format_seconds

Kind = Literal["linear", "log", "accuracy"]
Unit = Literal["number", "count", "seconds", "microseconds"]

# Above this accuracy nothing is told apart: ten errors in a million images.
_FEWEST_ERRORS = 1e-5


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on an axis and what to write there."""

    place: float
    label: str


@dataclass(frozen=True, slots=True)
class Scale:
    """An axis of numbers; `low` and `high` are the ends, as the axis counts."""

    kind: Kind
    low: float
    high: float
    ticks: tuple[Tick, ...]

    def place(self, value: float) -> float:
        """Return where a value lies; what is beyond an end lies at the end."""
        span = self.high - self.low
        return min(1.0, max(0.0, (_counted(self.kind, value) - self.low) / span))


@dataclass(frozen=True, slots=True)
class Categories:
    """An axis of things side by side, each in the middle of its part."""

    names: tuple[object, ...]

    @property
    def ticks(self) -> tuple[Tick, ...]:
        """Return one tick per thing."""
        return tuple(Tick(self.place(name), clean(_told(name))) for name in self.names)

    def place(self, value: object) -> float:
        """Return the middle of the part of a thing."""
        return (self._index(value) + 0.5) / len(self.names)

    def _index(self, value: object) -> int:
        # True == 1, so that the type has to be the same as well.
        for number, name in enumerate(self.names):
            if name == value and type(name) is type(value):
                return number
        raise ValueError(f"value must be one of {self.names!r}, got {value!r}")


def linear(
    values: Sequence[float], *, zero: bool = False, whole: bool = False, unit: Unit = "number"
) -> Scale:
    """Return an axis on which equal steps are equally far apart, from 0 on with `zero`.

    `whole` has ticks at whole numbers only.
    """
    low, high = _bounds(values)
    if zero:
        low = min(low, 0.0)
    if high - low < 1e-12 * max(1.0, abs(high)):
        low, high = (0.0, 1.0) if high == 0 else (low - abs(low) / 2, high + abs(high) / 2)
    step = _round_step((high - low) / 4, base_60=unit == "seconds")
    step = max(1.0, round(step)) if whole else step
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    margin = 0.0 if zero else 0.04 * (high - low)
    low, high = low - margin, high + 0.02 * (high - low)
    marks = [number * step for number in range(first, last + 1)]
    return _scale("linear", low, high, marks, unit)


def logarithmic(values: Sequence[float], *, unit: Unit = "number") -> Scale:
    """Return an axis on which equal ratios are equally far apart; values must be positive."""
    low, high = _bounds([value for value in values if value > 0] or [1.0])
    if high / low < 1.5:
        low, high = low / 1.5, high * 1.5
    bottom, top = math.log10(low), math.log10(high)
    for factors in ((1.0,), (1.0, 3.0), (1.0, 2.0, 5.0), (1.0, 1.5, 2.0, 3.0, 5.0, 7.0)):
        marks = [
            factor * 10.0**power
            for power in range(math.floor(bottom), math.ceil(top) + 1)
            for factor in factors
            if low * 0.999 <= factor * 10.0**power <= high * 1.001
        ]
        if len(marks) >= 3:
            break
    margin = 0.04 * (top - bottom)
    return _scale("log", bottom - margin, top + margin, marks[:: 1 + len(marks) // 8], unit)


def accuracy(values: Sequence[float], *, most_errors: float = 1.0) -> Scale:
    """Return an axis of accuracies on which halving the errors is always equally far.

    Between 98 and 99.5 % lies all that matters here, and a linear axis that also holds a
    stopped trial of 60 % shows nothing of it. Accuracies of more than `most_errors` errors lie
    at the lower end.
    """
    errors = [min(max(1.0 - value, _FEWEST_ERRORS), most_errors) for value in values] or [0.1]
    worst, best = max(errors), min(errors)
    if worst / best < 1.3:
        worst, best = min(1.0, worst * 1.3), best / 1.3
    bottom, top = -math.log10(worst), -math.log10(best)
    margin = 0.05 * (top - bottom)
    bottom, top = bottom - margin, top + margin
    for factors in ((1.0,), (1.0, 5.0), (1.0, 2.0, 5.0), (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0)):
        marks = [
            1.0 - factor * 10.0**power
            for power in range(0, -6, -1)
            for factor in sorted(factors, reverse=True)
            if factor * 10.0**power <= 1.0
        ]
        marks = [mark for mark in marks if bottom <= _counted("accuracy", mark) <= top]
        if len(marks) >= 4:
            break
    if len(marks) < 4:
        # Within one power of ten of errors the axis is nearly straight, and so are its ticks.
        low, high = 1.0 - 10.0**-bottom, 1.0 - 10.0**-top
        step = _round_step((high - low) / 5, base_60=False)
        first, last = math.ceil(low / step), math.floor(high / step)
        marks = [number * step for number in range(first, last + 1)]
    # Trailing zeros go: 99.5, not 99.500. Beyond the fewest errors marks would fall together.
    labels = {
        (_counted("accuracy", mark) - bottom) / (top - bottom): f"{100 * mark:.5g} %"
        for mark in marks
    }
    ticks = [Tick(place, label) for place, label in labels.items() if 0 <= place <= 1]
    return Scale("accuracy", bottom, top, tuple(ticks))


def tell(value: float, unit: Unit) -> str:
    """Return a tick's value in few characters."""
    match unit:
        case "seconds":
            return _tell_seconds(value)
        case "microseconds":
            return f"{value:g} µs" if value < 1000 else f"{value / 1000:g} ms"
        case "count":
            return _tell_count(value)
        case "number":
            return f"{value:.4g}"
        case _:
            assert_never(unit)


def _scale(kind: Kind, low: float, high: float, marks: Sequence[float], unit: Unit) -> Scale:
    ticks = [
        Tick((_counted(kind, mark) - low) / (high - low), tell(mark, unit))
        for mark in marks
        if low <= _counted(kind, mark) <= high
    ]
    return Scale(kind, low, high, tuple(ticks))


def _counted(kind: Kind, value: float) -> float:
    match kind:
        case "linear":
            return value
        case "log":
            return math.log10(max(value, 1e-300))
        case "accuracy":
            return -math.log10(max(1.0 - value, _FEWEST_ERRORS))
        case _:
            assert_never(kind)


def _bounds(values: Sequence[float]) -> tuple[float, float]:
    finite = [value for value in values if math.isfinite(value)] or [0.0]
    return float(min(finite)), float(max(finite))


def _round_step(step: float, *, base_60: bool) -> float:
    if base_60 and step > 10:
        for rounded in (15, 20, 30, 60, 120, 180, 300, 600, 900, 1200, 1800, 3600, 7200, 14400):
            if step <= rounded * 1.2:
                return float(rounded)
    power = 10.0 ** math.floor(math.log10(step))
    for factor in (1.0, 2.0, 2.5, 5.0, 10.0):
        if step <= factor * power * 1.2:
            return factor * power
    return 10.0 * power


def _tell_seconds(seconds: float) -> str:
    if seconds == 0:
        return "0"
    if seconds < 1:
        return format_seconds(seconds)
    if seconds < 60:
        return f"{seconds:g} s"
    if seconds < 3600:
        minutes, rest = divmod(round(seconds), 60)
        return f"{minutes} min" if rest == 0 else f"{minutes}:{rest:02d} min"
    hours, rest = divmod(round(seconds / 60), 60)
    return f"{hours} h" if rest == 0 else f"{hours}:{rest:02d} h"


def _tell_count(count: float) -> str:
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if count >= size:
            return f"{count / size:g}{letter}"
    return f"{count:g}"


def _told(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
