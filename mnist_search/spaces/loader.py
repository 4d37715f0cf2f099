"""Load a space file, or say everything that is wrong with it at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mnist_search.errors import SpaceError
from mnist_search.spaces.declarations import Declared, read_declaration, read_fixed
from mnist_search.spaces.expansion import Expansion
from mnist_search.spaces.families import FAMILIES, Family, get_family
from mnist_search.spaces.files import read_toml
from mnist_search.spaces.fitting import never_fits
from mnist_search.spaces.parameters import Value
from mnist_search.spaces.space import SearchSpace
from mnist_search.spaces.wording import did_you_mean, printable, show

LONGEST_NAME = 64
LONGEST_DESCRIPTION = 500
_KEYS = ("family", "description", "parameters", "fixed")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


class _Problems:
    """Collects sentences about one file, each once."""

    def __init__(self, path: Path) -> None:
        self._file = printable(str(path))
        self.sentences: dict[str, None] = {}

    def __call__(self, key: str, sentence: str) -> None:
        shown = key if len(key) <= 100 else f"{key[:97]}..."
        self.sentences[f"{self._file}: {shown}: {sentence}"] = None


def load_space(path: Path) -> SearchSpace:
    """Return the space of a TOML file, named after the file.

    Raises SpaceError with one sentence for everything that is wrong with it.
    """
    table = read_toml(path)
    report = _Problems(path)
    name = path.stem
    if len(name) > LONGEST_NAME or not _NAME.fullmatch(name):
        rule = f"must be at most {LONGEST_NAME} letters, digits, dots, dashes and underscores"
        report("file name", f"{rule}, got {show(name)}")
    for key in (key for key in table if key not in _KEYS):
        report(printable(key), f"unknown key{did_you_mean(key, _KEYS)}")
    family = _read_family(table, report)
    description = _read_description(table, report)
    fixed_table = _table(table, "fixed", report)
    declared = _read_parameters(_table(table, "parameters", report), family, report)
    if not table.get("parameters"):
        report("parameters", "must have at least one table [parameters.NAME], got none")
    fixed = _read_fixed(fixed_table, family, report)
    if family is None or (report.sentences and not declared):
        raise SpaceError(tuple(report.sentences))
    expansion = Expansion(family, declared, fixed, report)
    parameters = expansion.parameters()
    expansion.check_fixed()
    if report.sentences:
        raise SpaceError(tuple(report.sentences))
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
        raise SpaceError(tuple(report.sentences))
    return space


def _read_family(table: Mapping[str, Any], report: _Problems) -> Family | None:
    raw = table.get("family")
    if isinstance(raw, str) and raw in FAMILIES:
        return get_family(raw)
    got = "none" if raw is None else show(raw)
    hint = did_you_mean(raw, FAMILIES) if isinstance(raw, str) else ""
    report("family", f"must be one of {', '.join(FAMILIES)}, got {got}{hint}")
    return None


def _read_description(table: Mapping[str, Any], report: _Problems) -> str:
    raw = table.get("description", "")
    if not isinstance(raw, str):
        report("description", f"must be a text, got {show(raw)}")
        return ""
    text = " ".join(raw.split())
    if len(text) > LONGEST_DESCRIPTION or not text.isprintable():
        rule = f"must be at most {LONGEST_DESCRIPTION} characters without control characters"
        report("description", f"{rule}, got {show(raw)}")
    return text


def _table(table: Mapping[str, Any], key: str, report: _Problems) -> dict[str, Any]:
    raw = table.get(key, {})
    if isinstance(raw, dict):
        return raw
    report(key, f"must be a table, got {show(raw)}")
    return {}


def _read_parameters(
    tables: Mapping[str, Any], family: Family | None, report: _Problems
) -> dict[str, Declared]:
    declared = {}
    for name, raw in tables.items():
        resolved = None
        if family is not None and _check_name(name, family, "", report):
            resolved = family.resolve(name)
        declaration = read_declaration(name, raw, resolved, report)
        if declaration is not None:
            declared[name] = declaration
    return declared


def _read_fixed(
    table: Mapping[str, Any], family: Family | None, report: _Problems
) -> dict[str, Value]:
    fixed: dict[str, Value] = {}
    for name, raw in table.items():
        if family is None or not _check_name(name, family, "fixed.", report):
            continue
        resolved = family.resolve(name)
        value = None if resolved is None else read_fixed(name, raw, resolved[0], report)
        if value is not None:
            fixed[name] = value
    return fixed


def _check_name(name: str, family: Family, where: str, report: _Problems) -> bool:
    if family.resolve(name) is not None:
        return True
    shown = f"{where}{printable(name)}"
    if len(name) > LONGEST_NAME or not name.isprintable():
        rule = f"must be at most {LONGEST_NAME} characters without control characters"
        report(shown, f"a name {rule}, got {show(name)}")
    else:
        hint = did_you_mean(name, family.settings)
        report(shown, f"unknown parameter of the family {family.name}{hint}")
    return False
