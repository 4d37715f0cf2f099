"""Spaces as rows for reports: one row per space, or one per setting of a space."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from mnist_search.spaces.families import EPOCHS, Setting, get_family
from mnist_search.spaces.families.family import DEPTHS
from mnist_search.spaces.parameters import ChoiceParameter, Condition, Parameter, range_words
from mnist_search.spaces.space import SearchSpace
from mnist_search.spaces.wording import list_words

Row = dict[str, Any]


def space_row(space: SearchSpace) -> Row:
    """Return a space in one row; `points` is None where a float makes them countless."""
    return {
        "name": space.name,
        "family": space.family,
        "parameters": len(space.parameters),
        "points": space.size(),
        "description": space.description,
        "source": space.source,
        "space_id": space.space_id,
    }


def setting_rows(space: SearchSpace) -> list[Row]:
    """Return every setting of the space's family: searched, fixed or left at its default.

    Parameters that a file declares once per layer share a row, whose `parameters` names them all.
    """
    family = get_family(space.family)
    rows = []
    for setting in family.settings.values():
        searched = [p for p in space.parameters if family.setting(p.name) is setting]
        fixed = {name: it for name, it in space.fixed.items() if family.setting(name) is setting}
        for per, group in groupby(searched, key=lambda parameter: parameter.per):
            members = list(group)
            if per is None:
                rows += [_searched_row(member.name, [member], setting) for member in members]
            else:
                rows.append(_searched_row(setting.name, members, setting))
        rows += [_plain_row(name, "fixed", value, setting) for name, value in fixed.items()]
        if not searched and not fixed:
            rows.append(_plain_row(setting.name, "default", setting.default, setting))
    return rows


def _searched_row(name: str, members: list[Parameter], setting: Setting) -> Row:
    first = members[0]
    conditions = list(first.conditions)
    if first.per is not None:
        # That a layer's parameter needs its layer is what `per` says.
        conditions = [
            it
            for it in conditions
            if it.at_least is None or not it.parameter.startswith(tuple(DEPTHS.values()))
        ]
    row = _row(name, "searched", setting)
    row |= {"type": first.type, "range": range_words(first), "per": first.per}
    row |= {"when": " and ".join(map(condition_words, conditions)) or None}
    row["parameters"] = [parameter.name for parameter in members]
    if isinstance(first, ChoiceParameter):
        return row | {"choices": list(first.choices)}
    return row | {key: getattr(first, key) for key in ("low", "high", "log", "step")}


def _plain_row(name: str, role: str, value: object, setting: Setting) -> Row:
    shown = "the optimizer's" if value is None else str(value)
    shown = "the search's" if setting is EPOCHS and role == "default" else shown
    shown = shown.lower() if isinstance(value, bool) else shown
    return _row(name, role, setting) | {"range": shown, "value": value}


def _row(name: str, role: str, setting: Setting) -> Row:
    keys = ("type", "range", "low", "high", "log", "step", "choices", "per", "when", "value")
    return {
        "name": name,
        "role": role,
        **dict.fromkeys(keys),
        "parameters": [],
        "description": setting.doc,
    }


def condition_words(condition: Condition) -> str:
    """Return a condition as `optimizer = sgd` or `blocks >= 2`."""
    if condition.choices is None:
        return f"{condition.parameter} >= {condition.at_least}"
    return f"{condition.parameter} = {list_words(condition.choices, ' or ')}"
