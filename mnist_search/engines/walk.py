"""The points of a finite space, one after the other."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import assert_never

from mnist_search.spaces import (
    ChoiceParameter,
    FloatParameter,
    IntParameter,
    SearchSpace,
    Value,
)
from mnist_search.specs import derive_seed

Parameter = IntParameter | FloatParameter | ChoiceParameter

GOLDEN = Fraction((math.sqrt(5) - 1) / 2)


class Walk:
    """The points of a finite space, none of them listed, and which of them were tried.

    Points are numbered from 0 as an odometer would, inactive parameters left out. The walk steps
    through them by the golden section of their number; the seed says where it starts.
    """

    def __init__(self, space: SearchSpace, *, seed: int) -> None:
        """Count the points; the space must be finite."""
        self._parameters = space.parameters
        self._conditions = [
            [
                condition
                for later in space.parameters
                for condition in later.conditions
                if condition.parameter == parameter.name
            ]
            for parameter in space.parameters
        ]
        self._asked_later = [
            {
                condition.parameter
                for later in space.parameters[at:]
                for condition in later.conditions
            }
            for at in range(len(space.parameters) + 1)
        ]
        self._counts: dict[tuple[int, frozenset[tuple[str, Value]]], int] = {}
        self._tried: set[int] = set()
        self.size = self._count(0, {})
        step = max(1, round(self.size * GOLDEN))
        while math.gcd(step, self.size) > 1:
            step += 1
        self._step = step
        self._start = derive_seed(seed, "grid") % self.size

    def note(self, values: Mapping[str, Value]) -> None:
        """Take in that a point was tried."""
        self._tried.add(self._number(values))

    def tried(self, values: Mapping[str, Value]) -> bool:
        """Say whether a point was tried."""
        return self._number(values) in self._tried

    def untried(self, place: int) -> int | None:
        """Return the first place from this one on whose point was not tried, None: all were."""
        if len(self._tried) == self.size:
            return None
        places = itertools.count(place)
        return next(each for each in places if self._at(each) not in self._tried)

    def random_untried(self, seed: int) -> dict[str, Value] | None:
        """Return a point that was not tried, None: all were."""
        place = self.untried(random.Random(seed).randrange(self.size))
        return None if place is None else self.point(place)

    def point(self, place: int) -> dict[str, Value]:
        """Return the point at a place of the walk, counted round and round."""
        number = self._at(place)
        values: dict[str, Value] = {}
        for at, parameter in enumerate(self._parameters):
            if not parameter.is_active(values):
                continue
            for first, last, each in self._runs(at, values):
                if number < (last - first) * each:
                    values[parameter.name] = value_at(parameter, first + number // each)
                    number %= each
                    break
                number -= (last - first) * each
        return values

    def _at(self, place: int) -> int:
        return (self._start + place * self._step) % self.size

    def _number(self, values: Mapping[str, Value]) -> int:
        """Return which point that is: what `point` does, backwards."""
        number = 0
        before: dict[str, Value] = {}
        for at, parameter in enumerate(self._parameters):
            if not parameter.is_active(before):
                continue
            before[parameter.name] = values[parameter.name]
            index = index_of(parameter, values[parameter.name])
            for first, last, each in self._runs(at, before):
                number += (min(index, last) - first) * each
                if index < last:
                    break
        return number

    def _runs(self, at: int, values: Mapping[str, Value]) -> Iterator[tuple[int, int, int]]:
        """Yield (first, last, points) for values of a parameter that conditions treat alike.

        These are indexes of values, the last excluded, and how many points begin with each.
        """
        parameter = self._parameters[at]
        count = parameter.count
        assert count is not None
        cuts = {0, count}
        for condition in self._conditions[at]:
            if isinstance(parameter, ChoiceParameter):
                cuts = {*range(count + 1)}
                break
            if condition.at_least is not None:
                cuts.add(_first_at_least(parameter, condition.at_least))
            for choice in condition.choices or ():
                if parameter.contains(choice):
                    index = index_of(parameter, choice)
                    cuts |= {index, index + 1}
        for first, last in itertools.pairwise(sorted(cuts)):
            each = self._count(at + 1, {**values, parameter.name: value_at(parameter, first)})
            yield first, last, each

    def _count(self, at: int, values: Mapping[str, Value]) -> int:
        """Return how many points begin with these values of the parameters before `at`."""
        if at == len(self._parameters):
            return 1
        asked = {name: values[name] for name in self._asked_later[at] if name in values}
        place = at, frozenset(asked.items())
        if place not in self._counts:
            if self._parameters[at].is_active(asked):
                runs = self._runs(at, asked)
                count = sum((last - first) * each for first, last, each in runs)
            else:
                count = self._count(at + 1, asked)
            self._counts[place] = count
        return self._counts[place]


def value_at(parameter: Parameter, index: int) -> Value:
    """Return a value of a finite parameter by its place, from 0 on."""
    match parameter:
        case IntParameter():
            return parameter.low + index * parameter.step
        case FloatParameter():
            return parameter.normalise(parameter.low + index * (parameter.step or 0.0))
        case ChoiceParameter():
            return parameter.choices[index]
        case _:
            assert_never(parameter)


def index_of(parameter: Parameter, value: Value) -> int:
    """Return the place of a value of a finite parameter."""
    match parameter:
        case IntParameter():
            return (int(value) - parameter.low) // parameter.step
        case FloatParameter():
            return round((float(value) - parameter.low) / (parameter.step or 1.0))
        case ChoiceParameter():
            return parameter.choices.index(value)
        case _:
            assert_never(parameter)


def _first_at_least(parameter: IntParameter | FloatParameter, bound: int) -> int:
    """Return the place of the first value that is at least so large."""
    count = parameter.count
    assert count is not None
    # Never a hair above the bound, where the step is a fraction that a float cannot hold.
    steps = math.ceil((bound - parameter.low) / (parameter.step or 1.0) - 1e-9)
    return min(max(0, steps), count)
