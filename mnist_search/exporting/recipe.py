"""An export: a configuration, its seeds and data, and the score to expect of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from mnist_search.errors import UsageError
from mnist_search.paths import read_regular
from mnist_search.specs import DatasetRef, Frozen, Precision, RunConfig

# A script carries its export in one line of comment, after this.
MARK = "# mnist-search export: "
MOST_BYTES = 4_000_000
# How a .keras file begins.
ZIP_MAGIC = b"PK\x03\x04"
_HINT = "`mnist-search export STUDY TRIAL --as json` writes what is wanted here"

Share = Annotated[float, Field(ge=0, le=1)]


class Expected(Frozen):
    """The accuracy that was measured: mean over `n` seeds, on so many `images`, and its spread.

    One more run lies between `low` and `high` in 95 of 100 cases: other seeds are its only error.
    """

    on: Literal["test", "validation"]
    accuracy: Share
    low: Share
    high: Share
    sd: float | None = None
    n: Annotated[int, Field(ge=1)]
    images: Annotated[int, Field(ge=1)]


class Export(Frozen):
    """A model as a recipe that can be run again; `dataset` has no path, which is a machine's own.

    `versions` are those of the packages that it was measured with.
    """

    kind: Literal["mnist-search export"] = "mnist-search export"
    schema_version: Literal[1] = 1
    name: str
    study: str
    config: RunConfig
    precision: Precision
    seeds: Annotated[tuple[Annotated[int, Field(ge=0, lt=2**32)], ...], Field(min_length=1)]
    dataset: DatasetRef
    expected: Expected
    versions: dict[str, str] = Field(default_factory=dict)


def render_export(export: Export) -> str:
    """Return the export as JSON, ASCII, with a newline at its end."""
    return json.dumps(export.model_dump(mode="json"), indent=2) + "\n"


def render_mark(export: Export) -> str:
    """Return the export as one line of comment."""
    # ASCII alone: no character of a name can then end the line.
    return MARK + json.dumps(export.model_dump(mode="json"))


def read_export(path: Path) -> tuple[Export, str]:
    """Read an export from a .json file or an exported script; return it and the file's text.

    Nothing of a script is run. Raises UsageError where the file holds no export.
    """
    content = read_regular(path, most_bytes=MOST_BYTES)
    if content.startswith(ZIP_MAGIC):
        raise UsageError(
            f"{path}: a trained model has no recipe that could be run again", hint=_HINT
        )
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: an export is UTF-8 text", hint=_HINT) from error
    marked = [line for line in text.split("\n") if line.startswith(MARK)]
    recipe = marked[0].removeprefix(MARK) if marked else text
    try:
        return Export.model_validate_json(recipe), text
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UsageError(
            f"{path}: not an export of mnist-search: {f'{place}: ' if place else ''}{first['msg']}",
            hint=_HINT,
        ) from error
