"""Load a space file, or say everything that is wrong with it at once, in plain sentences."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal, cast, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mnist_search.errors import SpaceError
from mnist_search.spaces.expansion import Declared, Expansion, Report
from mnist_search.spaces.families import Family, Index, Setting, get_family
from mnist_search.spaces.files import list_spaces, read_toml
from mnist_search.spaces.given import check_name, read_first, read_values, resolve_name
from mnist_search.spaces.parameters import (
    ChoiceParameter,
    FloatParameter,
    IntParameter,
    Level,
    Parameter,
    choice_problems,
    range_problems,
)
from mnist_search.spaces.space import SearchSpace
from mnist_search.spaces.wording import did_you_mean, must_be_one_of, printable, shorten, show
from mnist_search.specs import ModelFamily

LONGEST_DESCRIPTION = 500
_MOST_CHOICES = 1000

# The descriptions say what a value must be.
_Table = Annotated[dict[str, Any], Field(description="a table")]
_Whole = Annotated[int, Field(ge=-(2**63), lt=2**63, description="a whole number")]
_Finite = Annotated[float, Field(description="a finite number")]
_Flag = Annotated[bool, Field(description="true or false")]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, allow_inf_nan=False)


class _SpaceFile(_Strict):
    """A whole file."""

    family: ModelFamily
    description: Annotated[str, Field(description="a text")] = ""
    parameters: _Table = {}
    fixed: _Table = {}
    first: Annotated[
        list[dict[str, Any]], Field(description="a list of tables, each as [[first]]")
    ] = []


class _Declaration(_Strict):
    per: Any = None
    when: Annotated[
        dict[str, Any] | None,
        Field(min_length=1, description='a table like { optimizer = "sgd" }'),
    ] = None


class _IntTable(_Declaration):
    type: Literal["int"]
    low: _Whole
    high: _Whole
    log: _Flag = False
    step: _Whole = 1


class _FloatTable(_Declaration):
    type: Literal["float"]
    low: _Finite
    high: _Finite
    log: _Flag = False
    step: Annotated[float | None, Field(description="a finite number")] = None


class _ChoiceTable(_Declaration):
    type: Literal["choice"]
    choices: Annotated[
        list[Any],
        Field(max_length=_MOST_CHOICES, description=f"a list of at most {_MOST_CHOICES} values"),
    ]


_TABLES: dict[str, type[_Declaration]] = {
    "int": _IntTable,
    "float": _FloatTable,
    "choice": _ChoiceTable,
}
_LEVELS: dict[Level, tuple[Level, ...]] = {
    "block": ("block",),
    "conv": ("block", "conv"),
    "dense": ("dense",),
}


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
    table = _check_table(read_toml(path), _SpaceFile, "", report)
    check_name("file name", path.stem, report)
    family = get_family(table["family"]) if "family" in table else None
    description = _read_description(table.get("description", ""), report)
    if table.get("parameters") == {}:
        report("parameters", "must have at least one table [parameters.NAME], got none")
    declared = {
        name: declaration
        for name, raw in table.get("parameters", {}).items()
        if (declaration := _read_declaration(name, raw, family, report)) is not None
    }
    fixed = read_values(table.get("fixed", {}), family, "fixed.", report)
    space = None
    if family is not None and declared:
        expansion = Expansion(family, declared, fixed, report)
        parameters = expansion.parameters()
        expansion.check_fixed()
        if not report.sentences:
            space = SearchSpace(
                name=path.stem,
                family=family.name,
                parameters=parameters,
                fixed=fixed,
                description=description,
                source=str(path),
            )
    if space is not None and (problem := space.misfit(roomy=True)) is not None:
        report("blocks", problem)
    first = read_first(table.get("first", []), family, space, report)
    report.check()
    assert space is not None
    return replace(space, first=first)


def _read_description(raw: str, report: Report) -> str:
    text = " ".join(raw.split())
    if len(text) > LONGEST_DESCRIPTION or not text.isprintable():
        rule = f"must be at most {LONGEST_DESCRIPTION} characters without control characters"
        report("description", f"{rule}, got {show(raw)}")
    return text


def _check_table(
    table: Mapping[str, Any], model: type[BaseModel], where: str, report: Report
) -> dict[str, Any]:
    """Return the values of a table that are right, after reporting the keys that are not."""
    fields = model.model_fields
    for key in (key for key in table if key not in fields):
        report(where + printable(key), f"unknown key{did_you_mean(key, fields)}")
    known = {key: value for key, value in table.items() if key in fields}
    try:
        return dict(model.model_validate(known))
    except ValidationError as error:
        wrong = dict.fromkeys(str(it["loc"][0]) for it in error.errors())
    for key in wrong:
        names, got = get_args(fields[key].annotation), known.get(key)
        rule = fields[key].description
        problem = must_be_one_of(names, got) if rule is None else f"must be {rule}, got {show(got)}"
        report(where + key, problem)
    defaults = {key: field.default for key, field in fields.items() if not field.is_required()}
    return {key: value for key, value in (defaults | known).items() if key not in wrong}


def _read_declaration(
    name: str, table: object, family: Family | None, report: Report
) -> Declared | None:
    """Return what a table declares, after reporting what is wrong with it.

    None where not even its setting is known; the rest of the table is checked all the same.
    """
    shown, resolved = printable(name), resolve_name(name, family, "", report)
    if not isinstance(table, dict):
        report(shown, f"must be a table with type, low and high or choices, got {show(table)}")
        return None
    setting, index = resolved or (None, ())
    kind, template = table.get("type"), None
    if isinstance(kind, str) and kind in _TABLES:
        values = _check_table(table, _TABLES[kind], f"{shown}.", report)
        template = _read_template(shown, kind, values, setting, report)
    else:
        report(f"{shown}.type", must_be_one_of(tuple(_TABLES), kind))
        values = {key: table[key] for key in ("per", "when") if key in table}
        values = _check_table(values, _Declaration, f"{shown}.", report)
    if setting is None:
        return None
    return Declared(
        name=name,
        setting=setting,
        index=index,
        per=_read_per(shown, values["per"], setting, index, report),
        template=template,
        when=values.get("when") or {},
    )


def _read_template(
    shown: str, kind: str, values: dict[str, Any], setting: Setting | None, report: Report
) -> Parameter | None:
    if setting is not None and kind != "choice" and kind != setting.kind:
        numeric = setting.kind in ("int", "float")
        right = f"{setting.kind} or choice" if numeric else "choice"
        report(f"{shown}.type", f'must be {right}, got "{kind}"')
        return None
    if kind == "choice":
        return _read_choices(shown, values.get("choices"), setting, report)
    return _read_range(shown, kind, values, setting, report)


def _read_choices(
    shown: str, raw: list[Any] | None, setting: Setting | None, report: Report
) -> Parameter | None:
    if raw is None:
        return None
    key, values = f"{shown}.choices", raw
    if setting is not None:
        # A float among ints is how TOML writes [0, 0.25]; other mixtures are mistakes.
        kinds = {float if setting.kind == "float" and type(x) is int else type(x) for x in raw}
        outside = [problem for it in raw if (problem := setting.problem(it)) is not None]
        if len(kinds) > 1 or outside:
            mixed = [f"must be of one type, got {show(raw)}"]
            for problem in mixed if len(kinds) > 1 else outside:
                report(key, problem)
            return None
        values = [setting.read(item) for item in raw]
    broken = choice_problems(tuple(values))
    for rule in broken:
        report(key, f"{rule}, got {show(raw)}")
    return None if broken else ChoiceParameter(shown, tuple(values))


def _read_range(
    shown: str, kind: str, values: dict[str, Any], setting: Setting | None, report: Report
) -> Parameter | None:
    if not {"low", "high", "log"} <= values.keys():
        return None
    number = int if kind == "int" else float
    low, high = number(values["low"]), number(values["high"])
    log, step = values["log"], values.get("step")
    problems = [(shown, problem) for problem in range_problems(low, high, log=log, step=step)]
    for key, bound in (("low", low), ("high", high)):
        if setting is not None and (problem := setting.problem(bound)) is not None:
            problems.append((f"{shown}.{key}", problem))
    for key, problem in problems:
        report(key, problem)
    if problems or "step" not in values:
        return None
    if kind == "int":
        return IntParameter(shown, int(low), int(high), log=log, step=int(values["step"]))
    return FloatParameter(shown, low, high, log=log, step=step)


def _read_per(shown: str, per: Any, setting: Setting, index: Index, report: Report) -> Level | None:
    levels = _LEVELS.get(setting.level, ())
    if per is None:
        return None
    if index:
        problem = "must not be given for one layer alone"
    elif not levels:
        problem = f"must not be given, {setting.name} has one value"
    elif per not in levels:
        problem = f"must be {' or '.join(levels)}"
    else:
        return cast(Level, per)
    report(f"{shown}.per", f"{problem}, got {show(per)}")
    return None
