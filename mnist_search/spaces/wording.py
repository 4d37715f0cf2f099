"""How values and names of a space file appear in messages: short, quoted, without control codes."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

LONGEST = 60
_MOST_ITEMS = 8


def printable(text: str) -> str:
    """Return the text with everything escaped that a terminal could obey or hide."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def show(value: object) -> str:
    """Return a value of a TOML file as its author wrote it, cut after 60 characters."""
    match value:
        case None:
            text = "none"
        case bool():
            text = "true" if value else "false"
        case str():
            text = f'"{printable(value)}"'
        case int() if abs(value) >= 10**LONGEST:
            # Hexadecimal integers may have any length, and repr() refuses 4,300 digits.
            text = f"an integer of {value.bit_length()} bits"
        case int() | float():
            text = repr(value)
        case dict():
            text = "a table" if value else "an empty table"
        case list() | tuple():
            return _show_list(value)
        case _:
            text = f"the {type(value).__name__} {value}"
    return shorten(text, LONGEST)


def shorten(text: str, most: int) -> str:
    """Return the text, cut after so many characters."""
    return text if len(text) <= most else f"{text[: most - 3]}..."


def _show_list(values: Sequence[object]) -> str:
    shown = ["a list" if isinstance(item, list) else show(item) for item in values[:_MOST_ITEMS]]
    more = len(values) - _MOST_ITEMS
    text = f"[{shorten(', '.join(shown), LONGEST)}"
    return f"{text}, and {more} more]" if more > 0 else f"{text}]"


def list_words(values: Iterable[object], between: str = ", ") -> str:
    """Return values in a row, texts without quotes."""
    return between.join(show(value).strip('"') for value in values)


def must_be_one_of(names: Sequence[str], got: object) -> str:
    """Return the rule for a choice, what it got, and the name that may have been meant."""
    hint = did_you_mean(got, names) if isinstance(got, str) else ""
    return f"must be one of {', '.join(names)}, got {show(got)}{hint}"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return `; did you mean "…"?`, or nothing where no known name is near."""
    near = difflib.get_close_matches(name[:200], list(known), n=1, cutoff=0.6)
    return f'; did you mean "{near[0]}"?' if near else ""
