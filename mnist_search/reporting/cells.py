"""What a cell looks like: columns, their styles, and cleaning of text from outside."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, assert_never

if TYPE_CHECKING:
    from mnist_search.analysis.comparison import Difference

UNKNOWN = "-"
# What stands in ASCII for the other characters of tables and pictures.
_ASCII = str.maketrans("±µ…─▁▂▃▄▅▆▇█▀→·", "~u~-__..--::'>.")

Style = Literal[
    "text",
    "word",
    "figure",
    "percent",
    "points",
    "count",
    "number",
    "seconds",
    "microseconds",
    "bytes",
]


@dataclass(frozen=True, slots=True)
class Column:
    """A key of the rows to show, its header and how its values read.

    Styles take: percent a fraction, points a difference of fractions, seconds, microseconds
    and bytes those units, count a whole number, number any; figure is text aligned right, word
    is text that is never shortened; text is, on a narrow terminal. Columns of the highest
    `priority` number are the first that a narrow terminal leaves out; 0 stays.
    """

    key: str
    header: str
    style: Style = "text"
    priority: int = 0


def format_cell(value: object, style: Style) -> str:
    """Return a value as a reader wants to see it; unknown (None, NaN) is a dash."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return UNKNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, int | float):
        return _format_text(value)
    match style:
        case "text" | "word" | "figure" | "number":
            return str(value) if isinstance(value, int) else f"{value:.4g}"
        case "percent":
            return f"{100 * value:.2f} %"
        case "points":
            return f"{100 * value:+.2f}"
        case "count":
            return f"{value:,.0f}"
        case "seconds":
            return format_seconds(value)
        case "microseconds":
            return f"{value:,.0f} µs" if value >= 100 else f"{value:.3g} µs"
        case "bytes":
            return _format_bytes(value)
        case _:
            assert_never(style)


def format_seconds(seconds: float) -> str:
    """Return a duration with some three significant digits, such as `840 ms` or `3m 12s`."""
    if not math.isfinite(seconds):
        return UNKNOWN
    if seconds < 0:
        return f"-{format_seconds(-seconds)}"
    if seconds < 0.9995:
        return f"{1000 * seconds:.3g} ms"
    if seconds < 99.95:
        return f"{seconds:.2f} s" if seconds < 9.995 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}m {rest:02d}s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h {minutes:02d}m"


def spoken(name: str) -> str:
    """Return the name of a hyperparameter or a key in words."""
    return name.replace("_", " ")


def hundredths(share: float | None) -> str | None:
    """Return a fraction as a bare percentage, such as `98.10`."""
    return None if share is None else f"{100 * share:.2f}"


def plus_minus(low: float, high: float) -> str:
    """Return half of an interval of fractions in percentage points, such as `±0.12`."""
    return f"±{50 * (high - low):.2f}"


def tell_difference(gap: Difference) -> str:
    """Return a difference in percentage points with half of its 95 % interval."""
    return f"{100 * gap.difference:+.2f} {plus_minus(gap.interval.low, gap.interval.high)}"


def format_p(value: float) -> str:
    """Return a p-value as it stands in a column."""
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def clean(text: str) -> str:
    """Return one harmless line: white space becomes a blank, control characters go.

    That takes escape sequences and direction overrides out of names that came from a file.
    """
    spaced = "".join(" " if character.isspace() else character for character in text)
    return "".join(
        character for character in spaced if not unicodedata.category(character).startswith("C")
    )


def to_ascii(text: str) -> str:
    """Return text for an output that shows nothing else."""
    return text.translate(_ASCII).encode("ascii", "replace").decode()


def _format_text(value: object) -> str:
    if isinstance(value, Mapping):
        pairs = (f"{key}={format_cell(item, 'number')}" for key, item in value.items())
        return ", ".join(pairs)
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return ", ".join(format_cell(item, "number") for item in value)
    return clean(str(value))


def _format_bytes(count: float) -> str:
    if not math.isfinite(count):
        return UNKNOWN
    for unit in ("B", "KiB", "MiB"):
        if abs(count) < 1024:
            whole = unit == "B" or count >= 100  # .3g turns 1,010 into 1.01e+03.
            return f"{count:.0f} {unit}" if whole else f"{count:.3g} {unit}"
        count /= 1024
    return f"{count:.3g} GiB"


def is_left_aligned(style: Style) -> bool:
    """Say whether a column reads from the left."""
    return style in ("text", "word")
