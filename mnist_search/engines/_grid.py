"""Walking through every point of a space once, in an order that the seed decides."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import assert_never

from mnist_search.spaces import (
    ChoiceParameter,
    FloatParameter,
    IntParameter,
    SearchSpace,
    Value,
)
from mnist_search.specs import derive_seed

GOLDEN = (math.sqrt(5) - 1) / 2

Key = frozenset[tuple[str, Value]]


def key_of(values: Mapping[str, Value]) -> Key:
    """Return what two mappings share if they are the same point, up to rounding."""
    return frozenset(
        (name, float(f"{value:.9g}") if type(value) is float else value)
        for name, value in values.items()
    )


class Grid:
    """The points of a finite space, numbered from 0 as an odometer would, inactive parts left out.

    `point(place)` steps through them by the golden section of their number, so that any first few
    lie evenly; the seed says where it starts.
    """

    def __init__(self, space: SearchSpace, *, seed: int) -> None:
        """Count the points; the space must be finite."""
        self._parameters = space.parameters
        self._asked_later = [
            {
                condition.parameter
                for later in space.parameters[at:]
                for condition in later.conditions
            }
            for at in range(len(space.parameters) + 1)
        ]
        self._counts: dict[tuple[int, Key], int] = {}
        self.size = self._count(0, {})
        step = max(1, round(self.size * GOLDEN))
        while math.gcd(step, self.size) > 1:
            step += 1
        self._step = step
        self._start = derive_seed(seed, "grid") % self.size

    def point(self, place: int) -> dict[str, Value]:
        """Return the point at a place of the walk, 0 <= place < size."""
        index = (self._start + place * self._step) % self.size
        values: dict[str, Value] = {}
        for at, parameter in enumerate(self._parameters):
            if not parameter.is_active(values):
                continue
            for value in values_of(parameter):
                count = self._count(at + 1, {**values, parameter.name: value})
                if index < count:
                    values[parameter.name] = value
                    break
                index -= count
        return values

    def _count(self, at: int, values: Mapping[str, Value]) -> int:
        """Return how many points begin with these values of the parameters before `at`."""
        if at == len(self._parameters):
            return 1
        asked = {name: values[name] for name in self._asked_later[at] if name in values}
        place = at, frozenset(asked.items())
        if place not in self._counts:
            parameter = self._parameters[at]
            if not parameter.is_active(asked):
                count = self._count(at + 1, asked)
            elif parameter.name in self._asked_later[at + 1]:
                count = sum(
                    self._count(at + 1, {**asked, parameter.name: value})
                    for value in values_of(parameter)
                )
            else:
                count = len(values_of(parameter)) * self._count(at + 1, asked)
            self._counts[place] = count
        return self._counts[place]


def values_of(parameter: IntParameter | FloatParameter | ChoiceParameter) -> tuple[Value, ...]:
    """Return the values of a finite parameter, in order."""
    match parameter:
        case IntParameter():
            return tuple(range(parameter.low, parameter.high + 1, parameter.step))
        case FloatParameter():
            if parameter.step is None:
                return (parameter.low,)
            count = parameter.count
            assert count is not None
            return tuple(
                parameter.normalise(parameter.low + at * parameter.step) for at in range(count)
            )
        case ChoiceParameter():
            return parameter.choices
        case _:
            assert_never(parameter)
