"""Read TOML files that anybody may have written, without hanging, swapping or crashing."""

from __future__ import annotations

import re
import stat
import tomllib
from pathlib import Path
from typing import Any

from mnist_search.errors import SpaceError
from mnist_search.spaces.wording import printable

LARGEST_BYTES = 1_000_000
LONGEST_RULE = 300

_POSITION = re.compile(r"(?P<rule>.*) \(at line (?P<line>\d+), column (?P<column>\d+)\)", re.S)


def read_toml(path: Path) -> dict[str, Any]:
    """Return the content of a TOML file; raises SpaceError with the place of a syntax error."""
    shown = printable(str(path))
    text = _decode(_read_bytes(path, shown), shown)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = printable(str(error))
        if (match := _POSITION.fullmatch(message)) is not None:
            line, column = match["line"], match["column"]
            rule = _shorten(match["rule"])
            raise SpaceError((f"{shown}: line {line}, column {column}: {rule}",)) from None
        raise SpaceError((f"{shown}: {_shorten(message)}",)) from None
    except RecursionError:
        raise SpaceError((f"{shown}: arrays or tables must not be nested so deeply",)) from None
    except ValueError:
        # int() refuses more than 4,300 digits; a date like 2024-02-31 fails likewise.
        problem = "a number or date is not valid, as one with thousands of digits is"
        raise SpaceError((f"{shown}: {problem}",)) from None


def _shorten(rule: str) -> str:
    # It repeats the file's own names, which may be as long as the file.
    return rule if len(rule) <= LONGEST_RULE else f"{rule[: LONGEST_RULE - 3]}..."


def _read_bytes(path: Path, shown: str) -> bytes:
    try:
        # Asked before it is opened: opening a pipe waits for its writer.
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            kind = "a folder" if stat.S_ISDIR(mode) else "a pipe or device"
            raise SpaceError((f"{shown}: must be a regular file, got {kind}",))
        with path.open("rb") as file:
            data = file.read(LARGEST_BYTES + 1)
    except FileNotFoundError:
        hint = "see `mnist-search spaces list` for the spaces there are"
        raise SpaceError((f"{shown}: there is no such file",), hint=hint) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SpaceError((f"{shown}: cannot be read, {reason}",)) from None
    if len(data) > LARGEST_BYTES:
        raise SpaceError((f"{shown}: must not be larger than {LARGEST_BYTES:,} bytes",))
    return data


def _decode(data: bytes, shown: str) -> str:
    if not data.strip():
        raise SpaceError((f"{shown}: must not be empty",))
    if b"\0" in data:
        raise SpaceError((f"{shown}: must be a text file, got a binary one",))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        byte = data[error.start]
        raise SpaceError(
            (f"{shown}: line {line}: must be UTF-8 text, got the byte 0x{byte:02x}",)
        ) from None
