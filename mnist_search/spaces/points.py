"""The points of a conditional space: counted and numbered without walking through them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence

from mnist_search.spaces.parameters import ChoiceParameter, Condition, Parameter, Value

# What is decided so far, as far as later conditions ask about it.
_State = frozenset[tuple[str, Value]]


class Points:
    """The distinct points of a space, numbered from 0; `size` is None where they are countless.

    Only the parameters that conditions ask about are branched over, and their values only as far
    as the conditions tell them apart; a branch is forgotten once nothing asks about it any more.
    """

    def __init__(self, parameters: Sequence[Parameter]) -> None:
        """Count the points."""
        self.size: int | None = None
        self._parameters = tuple(parameters)
        self._asked: dict[str, list[Condition]] = {}
        for parameter in parameters:
            for condition in parameter.conditions:
                self._asked.setdefault(condition.parameter, []).append(condition)
        self._order = _followers_first(parameters, set(self._asked))
        self._last_use = {
            condition.parameter: place
            for place, parameter in enumerate(self._order)
            for condition in parameter.conditions
        }
        # Per place and state: where the values begin that are treated alike, how many they are
        # (None: the parameter is not active), and the state that follows.
        levels: list[dict[_State, list[tuple[int | None, int, _State]]]] = []
        states: set[_State] = {frozenset()}
        for place, parameter in enumerate(self._order):
            if parameter.count is None and any(parameter.is_active(dict(it)) for it in states):
                return
            levels.append({state: list(self._branches(place, dict(state))) for state in states})
            states = {after for branches in levels[-1].values() for _, _, after in branches}
        self._levels = levels
        self._counts = [dict.fromkeys(states, 1)]
        for level in reversed(levels):
            after = self._counts[-1]
            self._counts.append(
                {
                    state: sum(alike * after[following] for _, alike, following in branches)
                    for state, branches in level.items()
                }
            )
        self._counts.reverse()
        self.size = self._counts[0][frozenset()]

    def __getitem__(self, number: int) -> dict[str, Value]:
        """Return a point by its number, 0 <= number < size, in the order of the parameters."""
        if self.size is None or not 0 <= number < self.size:
            raise IndexError(f"there is no point {number} of {self.size}")
        values: dict[str, Value] = {}
        state: _State = frozenset()
        for place, parameter in enumerate(self._order):
            for first, alike, following in self._levels[place][state]:
                each = self._counts[place + 1][following]
                if number >= alike * each:
                    number -= alike * each
                    continue
                steps, number = divmod(number, each)
                if first is not None:
                    values[parameter.name] = parameter.value(first + steps)
                state = following
                break
        return {p.name: values[p.name] for p in self._parameters if p.name in values}

    def number(self, values: Mapping[str, Value]) -> int:
        """Return the number of a point; the space must not be countless."""
        number = 0
        state: _State = frozenset()
        for place, parameter in enumerate(self._order):
            wanted = parameter.place(values[parameter.name]) if parameter.name in values else 0
            for first, alike, following in self._levels[place][state]:
                each = self._counts[place + 1][following]
                steps = 0 if first is None else wanted - first
                if steps < alike:
                    number += steps * each
                    state = following
                    break
                number += alike * each
        return number

    def _branches(
        self, place: int, values: dict[str, Value]
    ) -> Iterator[tuple[int | None, int, _State]]:
        parameter = self._order[place]
        kept = {name: value for name, value in values.items() if self._last_use[name] > place}
        if not parameter.is_active(values):
            yield None, 1, frozenset(kept.items())
            return
        if parameter.name in self._asked:
            for first, stop in itertools.pairwise(_cuts(parameter, self._asked[parameter.name])):
                after = kept | {parameter.name: parameter.value(first)}
                yield first, stop - first, frozenset(after.items())
        else:
            yield 0, parameter.count or 0, frozenset(kept.items())


def _cuts(parameter: Parameter, conditions: Sequence[Condition]) -> list[int]:
    """Return the places between which the conditions treat all values alike."""
    count = parameter.count or 0
    if isinstance(parameter, ChoiceParameter):
        return list(range(count + 1))
    cuts = {0, count}
    for condition in conditions:
        for edge in (condition.at_least, *(condition.choices or ())):
            if isinstance(edge, int | float):
                place = math.floor((edge - parameter.low) / (parameter.step or 1))
                # One more on each side, for the division may round.
                cuts |= {place + offset for offset in (-1, 0, 1, 2)}
    return sorted(cut for cut in cuts if 0 <= cut <= count)


def _followers_first(parameters: Sequence[Parameter], asked: set[str]) -> list[Parameter]:
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
