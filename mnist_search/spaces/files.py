"""Space files: where they are, and reading TOML that anybody may have written within bounds."""

from __future__ import annotations

import re
import stat
import tomllib
from pathlib import Path
from typing import Any

import mnist_search
from mnist_search.errors import SpaceError
from mnist_search.spaces.wording import printable, shorten

# A folder of the user's own; the others are shipped.
LOCAL = Path("search_spaces")
# tomllib takes time with the square of a dotted key's length, Python's parser of arrays its stack.
LARGEST_BYTES = 100_000
DEEPEST = 16
_LONGEST_RULE = 300

# Brackets and dots in texts and comments do not count. A text without an end takes the rest of its
# line or file: looking for the end from each quote again would take quadratic time.
_MARKS = re.compile(
    r'"""(?:\\.|[^\\])*?(?:"""|\Z)'
    r"|'''.*?(?:'''|\Z)"
    r'|"(?:\\.|[^"\\\n])*"?'
    r"|'[^'\n]*'?"
    r"|\#[^\n]*"
    r"|(?P<mark>[\[\]{}.=,\n])",
    re.DOTALL,
)
_POSITION = re.compile(r"(?P<rule>.*) \(at line (?P<line>\d+), column (?P<column>\d+)\)", re.S)


def packaged_folder() -> Path:
    """Return the folder of the shipped spaces: inside a wheel, or beside the package's sources."""
    package = Path(mnist_search.__file__).parent
    inside = package / "search_spaces"
    return inside if inside.is_dir() else package.parent / "search_spaces"


def list_spaces() -> dict[str, Path]:
    """Return the files of all spaces by name; a file in ./search_spaces hides a shipped one."""
    found: dict[str, Path] = {}
    for folder in (LOCAL, packaged_folder()):
        for path in sorted(folder.glob("*.toml")):
            found.setdefault(path.stem, path)
    return dict(sorted(found.items()))


class _RefusedError(Exception):
    """What is wrong with the whole file."""


def read_toml(path: Path) -> dict[str, Any]:
    """Return the content of a TOML file; raises SpaceError with the place of a syntax error."""
    hint = None
    try:
        text = _decode(_read_bytes(path))
        _check_depth(text)
        return tomllib.loads(text)
    except FileNotFoundError:
        problem = "there is no such file"
        hint = "see `mnist-search spaces list` for the spaces there are"
    except OSError as error:
        problem = f"cannot be read, {error.strerror or error}"
    except _RefusedError as error:
        problem = str(error)
    except tomllib.TOMLDecodeError as error:
        problem = str(error)
        if (match := _POSITION.fullmatch(problem)) is not None:
            problem = f"line {match['line']}, column {match['column']}: {match['rule']}"
    except ValueError:
        # int() refuses more than 4,300 digits; a date like 2024-02-31 fails likewise.
        problem = "a number or date is not valid, as one with thousands of digits is"
    # A syntax error repeats the file's own names, which may be as long as the file.
    shown = shorten(printable(problem), _LONGEST_RULE)
    raise SpaceError((f"{printable(str(path))}: {shown}",), hint=hint)


def _read_bytes(path: Path) -> bytes:
    try:
        # Asked before it is opened: opening a pipe waits for its writer.
        mode = path.stat().st_mode
    except ValueError as error:
        raise _RefusedError(f"cannot be read, {error}") from None
    if not stat.S_ISREG(mode):
        kind = "a folder" if stat.S_ISDIR(mode) else "a pipe or device"
        raise _RefusedError(f"must be a regular file, got {kind}")
    with path.open("rb") as file:
        data = file.read(LARGEST_BYTES + 1)
    if len(data) > LARGEST_BYTES:
        raise _RefusedError(f"must not be larger than {LARGEST_BYTES:,} bytes")
    return data


def _decode(data: bytes) -> str:
    if not data.strip():
        raise _RefusedError("must not be empty")
    if b"\0" in data:
        raise _RefusedError("must be a text file, got a binary one")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        byte = data[error.start]
        raise _RefusedError(f"line {line}: must be UTF-8 text, got the byte 0x{byte:02x}") from None


def _check_depth(text: str) -> None:
    line, brackets, dots = 1, 0, 0
    for match in _MARKS.finditer(text):
        match match["mark"]:
            case None:
                line += match[0].count("\n")
            case ".":
                dots += 1
            case mark:
                dots = 0
                line += mark == "\n"
                brackets += (mark in "[{") - (mark in "]}")
        if brackets + dots > DEEPEST:
            rule = f"tables, arrays and dotted keys must not be nested more than {DEEPEST} deep"
            raise _RefusedError(f"line {line}: {rule}")
