"""Standard output and error: whatever they can hold, are closed to, or lose while we write."""

from __future__ import annotations

import codecs
import contextlib
import io
import os
import sys
import unicodedata
from typing import TextIO

# What stands in the place of a character that an encoding lacks and that does not come apart; of
# the ellipsis a single one, as tables of a given width are made with it.
_PLAIN = str.maketrans(
    {
        "\N{HORIZONTAL ELLIPSIS}": ".", "\N{EN DASH}": "-", "\N{EM DASH}": "-",
        "\N{MIDDLE DOT}": "-", "\N{MULTIPLICATION SIGN}": "x", "\N{MICRO SIGN}": "u",
        "\N{PLUS-MINUS SIGN}": "+-", "\N{GREATER-THAN OR EQUAL TO}": ">=",
        "\N{LESS-THAN OR EQUAL TO}": "<=", "\N{RIGHTWARDS ARROW}": "->", "\N{BULLET}": "*",
        "\N{RIGHT SINGLE QUOTATION MARK}": "'", "\N{FULL BLOCK}": "#",
        "\N{BOX DRAWINGS LIGHT VERTICAL}": "|", "\N{BOX DRAWINGS LIGHT HORIZONTAL}": "-",
    }
)  # fmt: skip


def prepare_streams() -> None:
    """Make standard output and error such that writing text to them raises no encoding error.

    Closed ones (`>&-`) get the null device in their place, before a file takes their number.
    """
    codecs.register_error("mnist-search", _plainly)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        stream = getattr(sys, name)
        if stream is None:
            mode = "r" if number == 0 else "w"
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115
        elif number > 0 and isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="mnist-search")


def say(text: object, *, err: bool = False, nl: bool = True) -> None:
    """Print on standard output or error; Typer's own `echo` overrules an encoding of ASCII."""
    stream = sys.stderr if err else sys.stdout
    stream.write(f"{text}\n" if nl else str(text))
    stream.flush()


def drop(stream: TextIO) -> None:
    """Let what a stream still holds go nowhere: Python would fail over it when it ends."""
    with contextlib.suppress(OSError, ValueError):
        descriptor = os.open(os.devnull, os.O_WRONLY)
        os.dup2(descriptor, stream.fileno())
        os.close(descriptor)


def _plainly(error: UnicodeError) -> tuple[str | bytes, int]:
    """Write a character that the encoding lacks with those that it has; bytes of names stay."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    character = error.object[error.start]
    if "\udc80" <= character <= "\udcff":
        return bytes([ord(character) - 0xDC00]), error.start + 1
    apart = unicodedata.normalize("NFKD", character.translate(_PLAIN))
    apart = apart.encode("ascii", "ignore").decode()
    return apart or "?", error.start + 1
