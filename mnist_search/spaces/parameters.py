"""What can be searched: integers, floats and choices, with Optuna's words and semantics."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from decimal import Decimal
from typing import Literal

Value = bool | int | float | str
Level = Literal["model", "block", "conv", "dense", "optimizer"]


def same(one: Value, other: Value) -> bool:
    """Compare values; unlike `==`, true is not 1, and 0.1 + 0.2 is 0.3."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)
    return one == other


@dataclass(frozen=True, slots=True)
class Condition:
    """Holds while a parameter is active and has one of `choices`, or is `at_least` so large."""

    parameter: str
    choices: tuple[Value, ...] | None = None
    at_least: int | None = None

    def __post_init__(self) -> None:
        if (self.choices is None) == (self.at_least is None):
            raise ValueError("a condition needs either choices or at_least")

    def allows(self, value: Value) -> bool:
        """Say whether this value of the parameter meets the condition."""
        if self.choices is not None:
            return any(same(value, choice) for choice in self.choices)
        return not isinstance(value, str) and self.at_least is not None and value >= self.at_least

    def holds(self, values: Mapping[str, Value]) -> bool:
        """Say whether the condition is met; an absent parameter is an inactive one."""
        return self.parameter in values and self.allows(values[self.parameter])


@dataclass(frozen=True, slots=True)
class _Conditional:
    name: str
    _: KW_ONLY
    conditions: tuple[Condition, ...] = ()
    per: Level | None = field(default=None, compare=False)

    def is_active(self, values: Mapping[str, Value]) -> bool:
        """Say whether all conditions hold under the values of the parameters before this one."""
        return all(condition.holds(values) for condition in self.conditions)


@dataclass(frozen=True, slots=True)
class IntParameter(_Conditional):
    """Integers from low to high, both included.

    Where `step` does not divide the range, high becomes the largest value that it reaches, as in
    Optuna. Raises ValueError for a range that `range_problems` objects to.
    """

    low: int
    high: int
    _: KW_ONLY
    log: bool = False
    step: int = 1

    def __post_init__(self) -> None:
        _refuse(self.name, range_problems(self.low, self.high, log=self.log, step=self.step))
        object.__setattr__(self, "high", self.high - (self.high - self.low) % self.step)

    def contains(self, value: Value) -> bool:
        """Say whether the value is a plain int of the range."""
        inside = type(value) is int and self.low <= value <= self.high
        return inside and (int(value) - self.low) % self.step == 0

    def normalise(self, value: Value) -> Value:
        """Return the value itself."""
        return value

    def nearest(self, value: Value | None) -> int:
        """Return the value of the range that is nearest to a number; None: the middle."""
        number = _middle(self.low, self.high, log=self.log) if value is None else float(value)
        inside = min(max(number, self.low), self.high)
        return self.low + round((inside - self.low) / self.step) * self.step

    @property
    def count(self) -> int | None:
        """Return the number of values."""
        return (self.high - self.low) // self.step + 1


@dataclass(frozen=True, slots=True)
class FloatParameter(_Conditional):
    """Floats from low to high, both included; with `step`, only low + k * step.

    Where `step` does not divide the range, high becomes the largest value that it reaches, as in
    Optuna. Raises ValueError for a range that `range_problems` objects to.
    """

    low: float
    high: float
    _: KW_ONLY
    log: bool = False
    step: float | None = None

    def __post_init__(self) -> None:
        _refuse(self.name, range_problems(self.low, self.high, log=self.log, step=self.step))
        object.__setattr__(self, "low", float(self.low))
        object.__setattr__(self, "high", float(self.high))
        if self.step is not None:
            object.__setattr__(self, "step", float(self.step))
            steps = (_decimal(self.high) - _decimal(self.low)) // _decimal(self.step)
            object.__setattr__(self, "high", self._at(int(steps)))

    def contains(self, value: Value) -> bool:
        """Say whether the value is a plain float of the range."""
        if type(value) is not float:
            return False
        if self.step is None or not math.isfinite(value):
            return self.low <= value <= self.high
        # Compared on its step: Optuna's 0.6000000000000001 is the 0.6 that may be the highest.
        on_step = float(self.normalise(value))
        return same(value, on_step) and self.low <= on_step <= self.high

    def normalise(self, value: Value) -> Value:
        """Return the value on its step as people write it: 0.3, not 0.30000000000000004."""
        if self.step is None:
            return value
        return self._at(round((float(value) - self.low) / self.step))

    def nearest(self, value: Value | None) -> float:
        """Return the value of the range that is nearest to a number; None: the middle."""
        number = _middle(self.low, self.high, log=self.log) if value is None else float(value)
        return float(self.normalise(min(max(number, self.low), self.high)))

    @property
    def count(self) -> int | None:
        """Return the number of values, None without a step."""
        if self.step is None:
            return 1 if self.low == self.high else None
        return round((self.high - self.low) / self.step) + 1

    def _at(self, steps: int) -> float:
        assert self.step is not None
        return float(_decimal(self.low) + steps * _decimal(self.step))


@dataclass(frozen=True, slots=True)
class ChoiceParameter(_Conditional):
    """One of some values of one type; raises ValueError for an empty or repeated choice."""

    choices: tuple[Value, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "choices", tuple(self.choices))
        problems = choice_problems(self.choices)
        _refuse(self.name, [f"choices {rule}, got {self.choices!r}" for rule in problems])

    def contains(self, value: Value) -> bool:
        """Say whether the value is one of the choices, and of their type."""
        return any(type(value) is type(choice) and same(value, choice) for choice in self.choices)

    def normalise(self, value: Value) -> Value:
        """Return the value itself."""
        return value

    def nearest(self, value: Value | None) -> Value:
        """Return the value where it is a choice, the nearest number of numbers, else the first."""
        if value is not None and self.contains(value):
            return value
        numbers = [choice for choice in self.choices if type(choice) in (int, float)]
        if numbers and isinstance(value, int | float):
            wanted = float(value)
            return min(numbers, key=lambda choice: abs(float(choice) - wanted))
        return self.choices[0]

    @property
    def count(self) -> int | None:
        """Return the number of values."""
        return len(self.choices)


Parameter = IntParameter | FloatParameter | ChoiceParameter


def range_problems(
    low: float, high: float, *, log: bool = False, step: float | None = None
) -> list[str]:
    """Return what is wrong with a range, one sentence each."""
    problems = []
    if not all(math.isfinite(bound) for bound in (low, high)):
        return [f"low and high must be finite, got low = {low}, high = {high}"]
    if low > high:
        problems.append(f"low must be <= high, got low = {low}, high = {high}")
    if log and low <= 0:
        problems.append(f"low must be > 0 for log = true, got low = {low}")
    if step is not None and not (math.isfinite(step) and step > 0):
        problems.append(f"step must be > 0, got step = {step}")
    elif step is not None and low < high and step > high - low and not _equal(step, high - low):
        problems.append(
            f"step must be <= high - low, got step = {step}, low = {low}, high = {high}"
        )
    if log and step is not None and (isinstance(step, float) or step != 1):
        problems.append(f"log = true and step exclude each other, got step = {step}")
    return problems


def choice_problems(choices: tuple[Value, ...]) -> list[str]:
    """Return which rules a list of choices breaks, without the values."""
    if not choices:
        return ["must not be empty"]
    kinds = {type(choice) for choice in choices}
    if not kinds <= {bool, int, float, str}:
        return ["must be texts, numbers or true and false"]
    if len(kinds) > 1:
        return ["must be of one type"]
    if any(isinstance(choice, float) and not math.isfinite(choice) for choice in choices):
        return ["must be finite"]
    if len(set(choices)) < len(choices):
        return ["must differ from each other"]
    return []


def _middle(low: float, high: float, *, log: bool) -> float:
    return math.sqrt(low * high) if log else (low + high) / 2


def _refuse(name: str, problems: list[str]) -> None:
    if problems:
        raise ValueError("; ".join(f"{name}: {problem}" for problem in problems))


def _equal(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=1e-9)


def _decimal(number: float) -> Decimal:
    return Decimal(str(number))
