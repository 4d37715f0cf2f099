"""How many points a conditional space has, without walking through them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from mnist_search.spaces.parameters import (
    ChoiceParameter,
    Condition,
    FloatParameter,
    IntParameter,
    Parameter,
    Value,
)


def count_points(parameters: Sequence[Parameter]) -> int | None:
    """Return the number of distinct points, None where an active float has no step.

    Only the parameters that conditions ask about are branched over, and their values only as far
    as the conditions tell them apart; a branch is forgotten once nothing asks about it any more.
    """
    asked: dict[str, list[Condition]] = {}
    for parameter in parameters:
        for condition in parameter.conditions:
            asked.setdefault(condition.parameter, []).append(condition)
    order = _followers_first(parameters, asked)
    last_use = {
        condition.parameter: place
        for place, parameter in enumerate(order)
        for condition in parameter.conditions
    }
    states: dict[frozenset[tuple[str, Value]], int] = {frozenset(): 1}
    for place, parameter in enumerate(order):
        following: dict[frozenset[tuple[str, Value]], int] = {}
        for state, points in states.items():
            for value, count in _branches(parameter, dict(state), asked):
                if count is None:
                    return None
                kept = {name: seen for name, seen in state if last_use[name] > place}
                if value is not None:
                    kept[parameter.name] = value
                key = frozenset(kept.items())
                following[key] = following.get(key, 0) + points * count
        states = following
    return sum(states.values())


def _branches(
    parameter: Parameter, values: dict[str, Value], asked: dict[str, list[Condition]]
) -> Iterator[tuple[Value | None, int | None]]:
    if not parameter.is_active(values):
        yield None, 1
    elif parameter.name not in asked:
        yield None, parameter.count
    else:
        yield from _classes(parameter, asked[parameter.name])


def _classes(
    parameter: Parameter, conditions: list[Condition]
) -> Iterator[tuple[Value, int | None]]:
    """Yield a representative of each set of values that the conditions treat alike."""
    match parameter:
        case ChoiceParameter(choices=choices):
            yield from ((choice, 1) for choice in choices)
        case IntParameter(low=low, high=high, step=step):
            cuts = {low, high + 1}
            for condition in conditions:
                if condition.at_least is not None:
                    cuts.add(condition.at_least)
                for choice in condition.choices or ():
                    cuts |= {int(choice), int(choice) + 1}
            inside = sorted(cut for cut in cuts if low <= cut <= high + 1)
            for start, stop in itertools.pairwise(inside):
                members = range(start + (low - start) % step, stop, step)
                if members:
                    yield members[0], len(members)
        case FloatParameter():
            named = {choice for condition in conditions for choice in condition.choices or ()}
            inside_named = [choice for choice in named if parameter.contains(choice)]
            yield from ((choice, 1) for choice in inside_named)
            rest = parameter.count
            if rest is None or rest > len(inside_named):
                other = parameter.low - 1.0
                yield other, None if rest is None else rest - len(inside_named)


def _followers_first(
    parameters: Sequence[Parameter], asked: dict[str, list[Condition]]
) -> list[Parameter]:
    """Order parameters so that those which depend on a parameter follow it as soon as they can."""
    placed: list[Parameter] = []
    waiting = list(parameters)
    names: set[str] = set()
    while waiting:
        ready = [p for p in waiting if {c.parameter for c in p.conditions} <= names]
        # What nothing asks about costs no state; then what depends on the most already placed.
        ready.sort(key=lambda p: (p.name in asked, -len(p.conditions)))
        placed.append(ready[0])
        names.add(ready[0].name)
        waiting.remove(ready[0])
    return placed
