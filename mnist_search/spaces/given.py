"""Values that a space file gives: fixed ones, and the points that a search begins with."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from mnist_search.spaces.expansion import Report
from mnist_search.spaces.families import Family, Index, Setting
from mnist_search.spaces.parameters import Value, range_rule
from mnist_search.spaces.space import SearchSpace
from mnist_search.spaces.wording import did_you_mean, printable, show
from mnist_search.specs.shapes import UnbuildableError, measure

LONGEST_NAME = 64
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


def check_name(key: str, name: object, report: Report) -> bool:
    """Say whether this may be a name, after reporting that it may not."""
    if isinstance(name, str) and len(name) <= LONGEST_NAME and _NAME.fullmatch(name):
        return True
    rule = f"must be at most {LONGEST_NAME} letters, digits, dots, dashes and underscores"
    report(key, f"{rule}, got {show(name)}")
    return False


def resolve_name(
    name: str, family: Family | None, where: str, report: Report
) -> tuple[Setting, Index] | None:
    """Return the setting and the layer that a name means, after reporting one that means none."""
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


def read_values(
    table: Mapping[str, object], family: Family | None, where: str, report: Report
) -> dict[str, Value]:
    """Return the values of settings that are right, after reporting those that are not."""
    values: dict[str, Value] = {}
    for name, raw in table.items():
        if (resolved := resolve_name(name, family, where, report)) is None:
            continue
        if (value := resolved[0].read(raw)) is not None:
            values[name] = value
        else:
            report(f"{where}{name}", str(resolved[0].problem(raw)))
    return values


def read_first(
    tables: Sequence[Mapping[str, object]],
    family: Family | None,
    space: SearchSpace | None,
    report: Report,
) -> dict[str, dict[str, Value]]:
    """Return the points of the tables `[[first]]` by their names.

    Without a space, whose own mistakes come first, only what can be said of names and values is
    reported.
    """
    points: dict[str, dict[str, Value]] = {}
    names: set[object] = set()
    for place, table in enumerate(tables, start=1):
        name, where = table.get("name"), f"first.{place}"
        if not check_name(f"{where}.name", name, report):
            name = str(place)
        elif name in names:
            report(f"{where}.name", f"must differ from those before it, got {show(name)}")
        names.add(name)
        where = f"first.{name}"
        settings = {key: raw for key, raw in table.items() if key != "name"}
        given = read_values(settings, family, f"{where}.", report)
        if space is None or len(given) < len(settings):
            continue
        values = _read_point(given, space, where, report)
        same = next((other for other, point in points.items() if point == values), None)
        if same is not None:
            report(where, f"must differ from the other points, it is {same} again")
        points[str(name)] = values
    return points


def _read_point(
    given: Mapping[str, Value], space: SearchSpace, where: str, report: Report
) -> dict[str, Value]:
    values = space.point(given)
    used: set[str] = set()
    for parameter in space.active(values):
        key = space.given_as(parameter, given)
        if key is None:
            continue
        used.add(key)
        if not parameter.contains(given[key]):
            which = "" if key == parameter.name else f"{parameter.name} "
            report(f"{where}.{key}", f"{which}{range_rule(parameter)}, got {show(given[key])}")
    searched = {space.given_as(parameter, given) for parameter in space.parameters}
    for key, value in given.items():
        # One name may be fixed for some layers and searched for others.
        if key in space.fixed and (key not in used or value != space.fixed[key]):
            report(f"{where}.{key}", f"is fixed, to {show(space.fixed[key])}")
        elif key not in searched:
            report(f"{where}.{key}", "is not searched in this file")
        elif key not in used:
            report(f"{where}.{key}", "has no effect at this point")
    if all(parameter.contains(values[parameter.name]) for parameter in space.active(values)):
        try:
            measure(space.config(values, epochs=1).model)
        except UnbuildableError as error:
            report(where, f"must be a network that can be built, but {error}")
    return values
