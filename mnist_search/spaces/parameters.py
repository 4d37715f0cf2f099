"""What can be searched: integers, floats and choices, with Optuna's words and semantics."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field

from mnist_search.spaces.wording import list_words

Value = bool | int | float | str
Level = Literal["model", "block", "conv", "dense", "optimizer"]
_LEFT_OUT = Field(exclude_if=lambda value: value is None)


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

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid")

    parameter: str
    choices: Annotated[tuple[Value, ...] | None, _LEFT_OUT] = None
    at_least: Annotated[int | None, _LEFT_OUT] = None

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
    __pydantic_config__: ClassVar = ConfigDict(extra="forbid")

    name: str
    _: KW_ONLY
    conditions: tuple[Condition, ...] = ()
    per: Level | None = field(default=None, compare=False)

    def is_active(self, values: Mapping[str, Value]) -> bool:
        """Say whether all conditions hold under the values of the parameters before this one."""
        return all(condition.holds(values) for condition in self.conditions)


@dataclass(frozen=True, slots=True)
class _Range(_Conditional):
    """Numbers from low to high, both included; with `step`, only low + k * step.

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
        if self.step is not None:
            places = (Fraction(str(self.high)) - Fraction(str(self.low))) // Fraction(
                str(self.step)
            )
            object.__setattr__(self, "high", self.value(places))

    def contains(self, value: Value) -> bool:
        """Say whether the value is one of the range's, and of its type."""
        if type(value) is not type(self.low) or not math.isfinite(value):
            return False
        # Compared on its step: Optuna's 0.6000000000000001 is the 0.6 that may be the highest.
        on_step = self.normalise(value)
        return same(value, on_step) and self.low <= on_step <= self.high

    def normalise(self, value: Value) -> float:
        """Return the value on its step as people write it: 0.3, not 0.30000000000000004."""
        return float(value) if self.step is None else self.value(self.place(value))

    def nearest(self, value: Value | None) -> float:
        """Return the value of the range that is nearest to a number; None: the middle."""
        middle = math.sqrt(self.low * self.high) if self.log else (self.low + self.high) / 2
        number = middle if value is None else float(value)
        return self.normalise(min(max(number, self.low), self.high))

    @property
    def count(self) -> int | None:
        """Return the number of values, None for floats without a step."""
        if self.step is None:
            return 1 if self.low == self.high else None
        return round((Fraction(self.high) - Fraction(self.low)) / Fraction(self.step)) + 1

    def value(self, place: int) -> float:
        """Return the value at a place, counted from 0; without a step there is only low."""
        if isinstance(self.low, int):
            return self.low + place * int(self.step or 0)
        return float(Decimal(str(self.low)) + place * Decimal(str(self.step or 0)))

    def place(self, value: Value) -> int:
        """Return the place of the value that is nearest to a number, counted from 0."""
        return round((float(value) - self.low) / (self.step or 1))


@dataclass(frozen=True, slots=True)
class IntParameter(_Range):
    """Whole numbers of a range."""

    low: int
    high: int
    _: KW_ONLY
    step: int = 1
    type: Literal["int"] = "int"


@dataclass(frozen=True, slots=True)
class FloatParameter(_Range):
    """Floats of a range."""

    _: KW_ONLY
    type: Literal["float"] = "float"

    def __post_init__(self) -> None:
        object.__setattr__(self, "low", float(self.low))
        object.__setattr__(self, "high", float(self.high))
        if self.step is not None:
            object.__setattr__(self, "step", float(self.step))
        # Not `super()`: slots=True makes another class of this one, which it would not find.
        _Range.__post_init__(self)


@dataclass(frozen=True, slots=True)
class ChoiceParameter(_Conditional):
    """One of some values of one type; raises ValueError for an empty or repeated choice."""

    choices: tuple[Value, ...]
    _: KW_ONLY
    type: Literal["choice"] = "choice"

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

    def value(self, place: int) -> Value:
        """Return the value at a place, counted from 0."""
        return self.choices[place]

    def place(self, value: Value) -> int:
        """Return the place of a choice, counted from 0."""
        return next(at for at, choice in enumerate(self.choices) if same(value, choice))


Parameter = IntParameter | FloatParameter | ChoiceParameter


def range_words(parameter: Parameter) -> str:
    """Return the range of a parameter in a few words."""
    match parameter:
        case ChoiceParameter(choices=choices):
            return list_words(choices)
        case (
            IntParameter(low=low, high=high, log=log) | FloatParameter(low=low, high=high, log=log)
        ):
            step = None if parameter.step == 1 and parameter.type == "int" else parameter.step
            steps = "" if step is None else f", step {step:.12g}"
            return f"{low:.12g} to {high:.12g}{', log' if log else ''}{steps}"


def range_rule(parameter: Parameter) -> str:
    """Return what a value of the parameter must be."""
    nouns = {"int": "a whole number from", "float": "a float from", "choice": "one of"}
    return f"must be {nouns[parameter.type]} {range_words(parameter)}"


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
    elif (
        step is not None
        and low < high
        and step > high - low
        and not math.isclose(step, high - low, rel_tol=1e-9)
    ):
        problems.append(
            f"step must be <= high - low, got step = {step}, low = {low}, high = {high}"
        )
    elif step is not None and low < high and (low + step == low or high - step == high):
        problems.append(f"step must be no smaller than the rounding of high, got step = {step}")
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


def _refuse(name: str, problems: list[str]) -> None:
    if problems:
        raise ValueError("; ".join(f"{name}: {problem}" for problem in problems))
