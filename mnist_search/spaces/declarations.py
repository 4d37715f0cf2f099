"""One table of a space file: checked, and turned into what it declares."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from mnist_search.spaces.families.family import Index, Setting
from mnist_search.spaces.parameters import (
    ChoiceParameter,
    Condition,
    FloatParameter,
    IntParameter,
    Level,
    Parameter,
    Value,
    choice_problems,
    range_problems,
)
from mnist_search.spaces.wording import did_you_mean, printable, show

MOST_CHOICES = 1000
_KEYS = {
    "int": ("type", "low", "high", "log", "step", "per", "when"),
    "float": ("type", "low", "high", "log", "step", "per", "when"),
    "choice": ("type", "choices", "per", "when"),
}
_LEVELS: dict[Level, tuple[Level, ...]] = {
    "block": ("block",),
    "conv": ("block", "conv"),
    "dense": ("dense",),
}

Report = Callable[[str, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A table `[parameters.NAME]`; `template` is None where its range is wrong."""

    name: str
    setting: Setting
    index: Index
    per: Level | None
    template: Parameter | None
    when: Mapping[str, object]

    def concrete(self, name: str, conditions: tuple[Condition, ...]) -> Parameter | None:
        """Return the declared parameter under the name of one of its layers."""
        match self.template:
            case None:
                return None
            case IntParameter(low=low, high=high, log=log, step=step):
                return IntParameter(
                    name, low, high, log=log, step=step, conditions=conditions, per=self.per
                )
            case FloatParameter(low=low, high=high, log=log, step=width):
                return FloatParameter(
                    name, low, high, log=log, step=width, conditions=conditions, per=self.per
                )
            case ChoiceParameter(choices=choices):
                return ChoiceParameter(name, choices, conditions=conditions, per=self.per)


def read_declaration(
    name: str, table: object, resolved: tuple[Setting, Index] | None, report: Report
) -> Declared | None:
    """Return what a table declares, after reporting what is wrong with it.

    None where not even its setting is known; the rest of the table is checked all the same.
    """
    shown = printable(name)
    if not isinstance(table, dict):
        report(shown, f"must be a table with type, low and high or choices, got {show(table)}")
        return None
    setting = None if resolved is None else resolved[0]
    kind = table.get("type")
    if not (isinstance(kind, str) and kind in _KEYS):
        got = "none" if kind is None else show(kind)
        hint = did_you_mean(kind, _KEYS) if isinstance(kind, str) else ""
        report(f"{shown}.type", f"must be one of {', '.join(_KEYS)}, got {got}{hint}")
        template = None
    else:
        for key in (key for key in table if key not in _KEYS[kind]):
            hint = did_you_mean(key, _KEYS[kind])
            report(f"{shown}.{printable(key)}", f"unknown key{hint}")
        template = _read_template(name, kind, table, setting, report)
    if resolved is None or setting is None:
        return None
    per = _read_per(shown, table, setting, resolved[1], report)
    when = table.get("when", {})
    if not isinstance(when, dict) or (not when and "when" in table):
        rule = 'must be a table like { optimizer = "sgd" }'
        report(f"{shown}.when", f"{rule}, got {show(when) if when else 'an empty one'}")
        when = {}
    return Declared(
        name=name, setting=setting, index=resolved[1], per=per, template=template, when=when
    )


def _read_template(
    name: str, kind: str, table: dict[str, Any], setting: Setting | None, report: Report
) -> Parameter | None:
    if setting is not None:
        fitting = {"int": ("int",), "float": ("float",)}.get(kind)
        if fitting is not None and setting.kind not in fitting:
            right = {"int": "int or choice", "float": "float or choice"}.get(setting.kind, "choice")
            report(f"{name}.type", f'must be {right}, got "{kind}"')
            return None
    if kind == "choice":
        return _read_choices(name, table, setting, report)
    return _read_range(name, kind, table, setting, report)


def _read_choices(
    name: str, table: dict[str, Any], setting: Setting | None, report: Report
) -> Parameter | None:
    key, raw = f"{printable(name)}.choices", table.get("choices")
    if not isinstance(raw, list):
        got = "none" if raw is None else show(raw)
        report(key, f"must be a list of values, got {got}")
        return None
    if len(raw) > MOST_CHOICES:
        report(key, f"must not be more than {MOST_CHOICES} values, got {len(raw)}")
        return None
    if setting is None:
        for problem in choice_problems(tuple(raw)):
            report(key, f"{problem}, got {show(raw)}")
        return None
    # A float among ints is how TOML writes [0, 0.25]; other mixtures are mistakes.
    kinds = {float if setting.kind == "float" and type(x) is int else type(x) for x in raw}
    if len(kinds) > 1:
        report(key, f"must be of one type, got {show(raw)}")
        return None
    values = [value for item in raw if (value := setting.read(item)) is not None]
    if len(values) < len(raw):
        for item in raw:
            _report_outside(key, item, setting, report)
        return None
    broken = choice_problems(tuple(values))
    for rule in broken:
        report(key, f"{rule}, got {show(raw)}")
    return None if broken else ChoiceParameter(name, tuple(values))


def _read_range(
    name: str, kind: str, table: dict[str, Any], setting: Setting | None, report: Report
) -> Parameter | None:
    shown = printable(name)
    low = _read_number(f"{shown}.low", table.get("low"), kind, report)
    high = _read_number(f"{shown}.high", table.get("high"), kind, report)
    log = table.get("log", False)
    step = None
    if "step" in table:
        step = _read_number(f"{shown}.step", table["step"], kind, report)
    if not isinstance(log, bool):
        report(f"{shown}.log", f"must be true or false, got {show(log)}")
    if low is None or high is None or not isinstance(log, bool):
        return None
    problems = range_problems(low, high, log=log, step=step)
    for problem in problems:
        report(shown, problem)
    inside = setting is None or all(
        [
            _report_outside(f"{shown}.low", low, setting, report),
            _report_outside(f"{shown}.high", high, setting, report),
        ]
    )
    if problems or not inside or ("step" in table and step is None):
        return None
    if kind == "int":
        return IntParameter(
            name, int(low), int(high), log=log, step=1 if step is None else int(step)
        )
    return FloatParameter(name, low, high, log=log, step=step)


def _report_outside(key: str, raw: object, setting: Setting, report: Report) -> bool:
    problem = setting.problem(raw)
    if problem is not None:
        report(key, problem)
    return problem is None


def _read_number(key: str, raw: object, kind: str, report: Report) -> float | None:
    noun = "a whole number" if kind == "int" else "a finite number"
    if raw is None:
        report(key, f"must be {noun}, got none")
        return None
    if type(raw) is int and abs(raw) < 2**63:
        return raw if kind == "int" else float(raw)
    if type(raw) is float and kind == "float" and math.isfinite(raw):
        return raw
    report(key, f"must be {noun}, got {show(raw)}")
    return None


def _read_per(
    shown: str, table: dict[str, Any], setting: Setting, index: Index, report: Report
) -> Level | None:
    if "per" not in table:
        return None
    per, levels = table["per"], _LEVELS.get(setting.level, ())
    key = f"{shown}.per"
    if index:
        report(key, f"must not be given for one layer alone, got {show(per)}")
    elif not levels:
        report(key, f"must not be given, {setting.name} has one value, got {show(per)}")
    elif per not in levels:
        report(key, f"must be {' or '.join(levels)}, got {show(per)}")
    else:
        return cast(Level, per)
    return None


def read_fixed(name: str, raw: object, setting: Setting, report: Report) -> Value | None:
    """Return a fixed value, after reporting what is wrong with it."""
    if (problem := setting.problem(raw)) is not None:
        report(f"fixed.{name}", problem)
    return setting.read(raw)
