"""Several conditions on one parameter, as one."""

from __future__ import annotations

from mnist_search.spaces.parameters import Condition


class NeverHoldsError(Exception):
    """A condition cannot be met at any point of the space; the message says why."""


def merge_conditions(conditions: list[Condition]) -> tuple[Condition, ...]:
    """Make one condition of those on the same parameter; raises NeverHoldsError."""
    merged: dict[str, Condition] = {}
    for condition in conditions:
        before = merged.get(condition.parameter)
        merged[condition.parameter] = condition if before is None else _both(before, condition)
    return tuple(merged.values())


def _both(one: Condition, other: Condition) -> Condition:
    if one.choices is None and other.choices is None:
        at_least = max(one.at_least or 0, other.at_least or 0)
        return Condition(one.parameter, at_least=at_least)
    if one.choices is None:
        one, other = other, one
    left = tuple(choice for choice in one.choices or () if other.allows(choice))
    if not left:
        raise NeverHoldsError(f"its conditions on {one.parameter} exclude each other")
    return Condition(one.parameter, choices=left)
