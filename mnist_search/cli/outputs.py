"""Where results go: standard output, or a file whose suffix says the format."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from mnist_search.cli.streams import say
from mnist_search.errors import UsageError
from mnist_search.paths import user_path

SUFFIXES = {
    ".txt": "table", ".json": "json", ".csv": "csv", ".md": "markdown", ".markdown": "markdown",
    ".html": "html", ".htm": "html", ".keras": "keras", ".py": "python", ".png": "png",
    ".svg": "svg",
}  # fmt: skip

Choice = TypeVar("Choice", bound=str)


def typed_path(text: str) -> Path:
    """Return the path that was typed, as an option's parser."""
    return user_path(text, os.environ)


def typed_output(text: str) -> Path | None:
    """Return where results go as typed, as an option's parser; None is standard output, or `-`."""
    return None if text == "-" else typed_path(text)


def chosen_format(
    given: Choice | None,
    output: Path | None,
    *,
    of: Mapping[Choice, str] | tuple[Choice, ...],
    default: Choice,
    option: str = "--format",
    also: tuple[str, ...] = (),
) -> Choice:
    """Return the format that `option` or the suffix of the output's name asks for.

    A name without a suffix says nothing; `of` are the formats that the command writes,
    `also` the suffixes that it takes for other things.

    Raises:
        UsageError: the suffix is that of no such format, or of another than was given.
    """
    if output is None or not output.suffix:
        return default if given is None else given
    meant = SUFFIXES.get(output.suffix.lower())
    known = [*also, *(suffix for suffix, name in SUFFIXES.items() if name in of)]
    found = next((each for each in of if each == meant), None)
    if found is None:
        raise UsageError(
            f"{output}: the format of a file that ends in {output.suffix} is not known; "
            f"it must end in {', '.join(known[:-1])} or {known[-1]}"
        )
    if given is not None and given != found:
        raise UsageError(f"{output} names a file of format {found}, but {option} is {given}")
    return found


def write_output(output: Path | None, text: str) -> None:
    """Write a whole text to a file, or to standard output where none is named."""
    if output is None:
        say(text, nl=not text.endswith("\n"))
        return
    from mnist_search.writing import write_atomically

    write_atomically(output, text)
