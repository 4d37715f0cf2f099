"""What can be searched: the spaces, one in detail, and files checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mnist_search.errors import SpaceError
from mnist_search.references import REFERENCES
from mnist_search.spaces import SearchSpace, find_space, list_spaces, load_space
from mnist_search.spaces.rows import space_row

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedSpaces:
    """A row for every space that loads, and a sentence for every file that does not."""

    rows: Sequence[Row]
    left_out: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedSpaces:
    """Spaces that are right, and why trials of some may fail to build (None: they will not)."""

    spaces: Sequence[SearchSpace]
    misfits: Sequence[str | None]
    problems: Sequence[str]
    hint: str | None


def spaces() -> ListedSpaces:
    """Return the spaces in ./search_spaces, then those that come with the package."""
    rows, left_out = [], []
    for path in list_spaces().values():
        try:
            space = load_space(path)
        except SpaceError as error:
            left_out.append(f"left out: {error.problems[0]} ({len(error.problems)} in all)")
            continue
        inside = [it.name for it in REFERENCES if space.locate(it.config) is not None]
        rows.append({**space_row(space), "references": inside})
    return ListedSpaces(rows=rows, left_out=left_out)


def located_references(space: SearchSpace) -> list[Row]:
    """Return a row for every reference of the space's family; `values` is None outside of it."""
    rows = []
    for reference in REFERENCES:
        if reference.family == space.family:
            values = space.locate(reference.config)
            point = [f"{name}={value}" for name, value in (values or {}).items()]
            rows.append(
                {"name": reference.name, "values": values, "point": " ".join(point) or None}
            )
    return rows


def check_spaces(files: Sequence[str]) -> CheckedSpaces:
    """Check space files by name or path, all of them, whatever is wrong with one."""
    right, misfits = [], []
    problems: list[str] = []
    hints: list[str | None] = []
    for file in files:
        try:
            space = find_space(file)
        except SpaceError as error:
            problems += error.problems
            hints.append(error.hint)
            continue
        right.append(space)
        misfits.append(space.misfit(roomy=False))
    return CheckedSpaces(
        spaces=right,
        misfits=misfits,
        problems=problems,
        hint=next(filter(None, hints), None),
    )
