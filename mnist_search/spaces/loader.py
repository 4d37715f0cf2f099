"""Find and load a space file, or say everything that is wrong with it at once."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import mnist_search
from mnist_search.errors import SpaceError
from mnist_search.spaces.expansion import Expansion
from mnist_search.spaces.families import Family, Index, Setting, get_family
from mnist_search.spaces.files import read_toml
from mnist_search.spaces.fitting import never_fits
from mnist_search.spaces.parameters import Value
from mnist_search.spaces.space import SearchSpace
from mnist_search.spaces.tables import Declared, Report, SpaceFile, check_table, read_declaration
from mnist_search.spaces.wording import did_you_mean, printable, shorten, show

# A folder of the user's own; the others are shipped.
LOCAL = Path("search_spaces")
LONGEST_NAME = 64
LONGEST_DESCRIPTION = 500
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


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


def find_space(name_or_path: str | Path) -> SearchSpace:
    """Load a space by name, or from the file if it is a path or ends in .toml.

    Raises SpaceError if there is none, and with everything that is wrong with the file.
    """
    text = str(name_or_path)
    separators = {os.sep, os.altsep or os.sep}
    if text.endswith(".toml") or any(separator in text for separator in separators):
        return load_space(Path(text))
    spaces = list_spaces()
    if text in spaces:
        return load_space(spaces[text])
    problem = f"there is no search space named {show(text)}{did_you_mean(text, spaces)}"
    hint = f"spaces: {', '.join(spaces)}; a file is given by its path, as ./my.toml"
    raise SpaceError((problem,), hint=hint)


class _Problems:
    """Collects sentences about one file, each once."""

    def __init__(self, path: Path) -> None:
        self._file = printable(str(path))
        self.sentences: dict[str, None] = {}

    def __call__(self, key: str, sentence: str) -> None:
        self.sentences[f"{self._file}: {shorten(key, 100)}: {sentence}"] = None

    def check(self) -> None:
        """Raise SpaceError if there are any."""
        if self.sentences:
            raise SpaceError(tuple(self.sentences))


def load_space(path: Path) -> SearchSpace:
    """Return the space of a TOML file, named after the file.

    Raises SpaceError with one sentence for everything that is wrong with it.
    """
    report = _Problems(path)
    table = check_table(read_toml(path), SpaceFile, "", report)
    name = path.stem
    if len(name) > LONGEST_NAME or not _NAME.fullmatch(name):
        rule = f"must be at most {LONGEST_NAME} letters, digits, dots, dashes and underscores"
        report("file name", f"{rule}, got {show(name)}")
    family = get_family(table["family"]) if "family" in table else None
    description = _read_description(table.get("description", ""), report)
    if table.get("parameters") == {}:
        report("parameters", "must have at least one table [parameters.NAME], got none")
    declared = _read_parameters(table.get("parameters", {}), family, report)
    fixed = _read_fixed(table.get("fixed", {}), family, report)
    if family is None or not declared:
        report.check()
    assert family is not None
    expansion = Expansion(family, declared, fixed, report)
    parameters = expansion.parameters()
    expansion.check_fixed()
    report.check()
    space = SearchSpace(
        name=name,
        family=family.name,
        parameters=parameters,
        fixed=fixed,
        description=description,
        source=str(path),
    )
    if (problem := never_fits(space)) is not None:
        report("blocks", problem)
    report.check()
    return space


def _read_description(raw: str, report: Report) -> str:
    text = " ".join(raw.split())
    if len(text) > LONGEST_DESCRIPTION or not text.isprintable():
        rule = f"must be at most {LONGEST_DESCRIPTION} characters without control characters"
        report("description", f"{rule}, got {show(raw)}")
    return text


def _read_parameters(
    tables: Mapping[str, Any], family: Family | None, report: Report
) -> dict[str, Declared]:
    declared = {}
    for name, raw in tables.items():
        declaration = read_declaration(name, raw, _resolve(name, family, "", report), report)
        if declaration is not None:
            declared[name] = declaration
    return declared


def _read_fixed(
    table: Mapping[str, Any], family: Family | None, report: Report
) -> dict[str, Value]:
    fixed: dict[str, Value] = {}
    for name, raw in table.items():
        if (resolved := _resolve(name, family, "fixed.", report)) is None:
            continue
        if (value := resolved[0].read(raw)) is not None:
            fixed[name] = value
        else:
            report(f"fixed.{name}", str(resolved[0].problem(raw)))
    return fixed


def _resolve(
    name: str, family: Family | None, where: str, report: Report
) -> tuple[Setting, Index] | None:
    if family is None:
        return None
    if (resolved := family.resolve(name)) is not None:
        return resolved
    shown = f"{where}{printable(name)}"
    if len(name) > LONGEST_NAME or not name.isprintable():
        rule = f"must be at most {LONGEST_NAME} characters without control characters"
        report(shown, f"a name {rule}, got {show(name)}")
    else:
        hint = did_you_mean(name, family.settings)
        report(shown, f"unknown parameter of the family {family.name}{hint}")
    return None
