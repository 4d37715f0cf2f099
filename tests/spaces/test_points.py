from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mnist_search.spaces import (
    ChoiceParameter,
    Condition,
    FloatParameter,
    IntParameter,
    Parameter,
    Value,
)
from mnist_search.spaces.points import Points

# No test may depend on the time that this machine leaves it.
CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def enumerate_points(
    parameters: list[Parameter], values: dict[str, Value]
) -> Iterator[dict[str, Value]]:
    if not parameters:
        yield values
        return
    first, *rest = parameters
    if not first.is_active(values):
        yield from enumerate_points(rest, values)
        return
    match first:
        case ChoiceParameter(choices=choices):
            options: Any = choices
        case IntParameter(low=low, high=high, step=step):
            options = range(low, high + 1, step)
        case FloatParameter(low=start, step=width):
            options = [first.normalise(start + k * (width or 0)) for k in range(first.count or 0)]
    for value in options:
        yield from enumerate_points(rest, {**values, first.name: value})


@st.composite
def conditional_spaces(draw: st.DrawFn) -> list[Parameter]:
    parameters: list[Parameter] = []
    for number in range(draw(st.integers(1, 6))):
        conditions = []
        for before in draw(st.lists(st.sampled_from(parameters), max_size=2)) if number else []:
            match before:
                case ChoiceParameter(choices=choices):
                    some = draw(st.sets(st.sampled_from(choices), min_size=1))
                    conditions.append(Condition(before.name, choices=tuple(some)))
                case IntParameter(low=low, high=high):
                    if draw(st.booleans()):
                        least = draw(st.integers(low - 1, high + 1))
                        conditions.append(Condition(before.name, at_least=least))
                    else:
                        named = draw(st.sets(st.integers(low - 1, high + 1), min_size=1))
                        conditions.append(Condition(before.name, choices=tuple(named)))
                case FloatParameter(low=start):
                    conditions.append(Condition(before.name, choices=(start, 77.0)))
        name, given_conditions = f"p{number}", tuple(conditions)
        match draw(st.integers(0, 2)):
            case 0:
                choices = draw(st.sampled_from([("a",), ("a", "b"), (True, False), (1, 2, 5)]))
                parameters.append(ChoiceParameter(name, choices, conditions=given_conditions))
            case 1:
                low, width = draw(st.integers(0, 3)), draw(st.integers(0, 4))
                step = draw(st.integers(1, max(1, width)))
                parameters.append(
                    IntParameter(name, low, low + width, step=step, conditions=given_conditions)
                )
            case _:
                parameters.append(
                    FloatParameter(name, 0.1, 0.3, step=0.1, conditions=given_conditions)
                )
    return parameters


@CALM
@given(conditional_spaces())
def test_counts_what_enumeration_finds(parameters: list[Parameter]) -> None:
    assert Points(parameters).size == sum(1 for _ in enumerate_points(parameters, {}))


@CALM
@given(conditional_spaces())
def test_numbers_name_every_point_once(parameters: list[Parameter]) -> None:
    points = Points(parameters)
    assert points.size is not None
    numbered = [tuple(points[number].items()) for number in range(points.size)]
    expected = {tuple(point.items()) for point in enumerate_points(parameters, {})}
    assert len(numbered) == len(expected)
    assert set(numbered) == expected
    assert [points.number(dict(point)) for point in numbered] == list(range(points.size))


def test_other_numbers_name_no_point() -> None:
    points = Points([IntParameter("x", 1, 3)])
    assert [points[number] for number in (0, 2)] == [{"x": 1}, {"x": 3}]
    for number in (-1, 3):
        with pytest.raises(IndexError):
            points[number]
    with pytest.raises(IndexError):
        Points([FloatParameter("x", 0.0, 1.0)])[0]


def test_fine_steps_are_numbered_without_a_list() -> None:
    points = Points([FloatParameter("x", 0.0, 0.5, step=1e-12), IntParameter("y", 1, 2)])
    assert points.size == 2 * (5 * 10**11 + 1)
    assert points[2 * 3 * 10**11 + 1] == {"x": 0.3, "y": 2}


def test_float_without_step_is_countless() -> None:
    assert Points([FloatParameter("x", 0.0, 1.0)]).size is None
    assert Points([FloatParameter("x", 1.0, 1.0)]).size == 1


def test_float_that_is_never_active_does_not_count() -> None:
    parameters = (
        ChoiceParameter("a", ("x",)),
        FloatParameter("b", 0.0, 1.0, conditions=(Condition("a", choices=("y",)),)),
    )
    assert Points(parameters).size == 1


@pytest.mark.parametrize("layers", [8])
def test_many_layers_are_counted_at_once(layers: int) -> None:
    blocks = IntParameter("blocks", 1, layers)
    convs = [
        IntParameter(f"convs_{i}", 1, 8, conditions=(Condition("blocks", at_least=i),))
        for i in range(1, layers + 1)
    ]
    filters = [
        IntParameter(
            f"filters_{i}_{j}", 1, 10**6, conditions=(Condition(f"convs_{i}", at_least=j),)
        )
        for i in range(1, layers + 1)
        for j in range(1, 9)
    ]
    each = sum(10 ** (6 * depth) for depth in range(1, 9))
    expected = sum(each**depth for depth in range(1, layers + 1))
    assert Points([blocks, *convs, *filters]).size == expected
