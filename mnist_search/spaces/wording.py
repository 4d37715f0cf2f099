"""How values and names of a space file appear in messages: short, quoted, without control codes."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

LONGEST = 60


def printable(text: str) -> str:
    """Return the text with everything escaped that a terminal could obey or hide."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def show(value: object) -> str:
    """Return a value of a TOML file as its author wrote it, cut after 60 characters."""
    match value:
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
            text = "a table"
        case list() | tuple():
            text = _show_list(value)
        case _:
            text = f"the {type(value).__name__} {value}"
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def _show_list(values: list[object] | tuple[object, ...]) -> str:
    shown = ["a list" if isinstance(item, list) else show(item) for item in values[:8]]
    return f"[{', '.join([*shown, '...'] if len(values) > 8 else shown)}]"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return `; did you mean "…"?`, or nothing where no known name is near."""
    near = difflib.get_close_matches(name[:200], list(known), n=1, cutoff=0.6)
    return f'; did you mean "{near[0]}"?' if near else ""
