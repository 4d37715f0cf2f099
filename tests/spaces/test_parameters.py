from __future__ import annotations

import optuna
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mnist_search.spaces import (
    ChoiceParameter,
    Condition,
    FloatParameter,
    IntParameter,
    Parameter,
)
from mnist_search.spaces.parameters import range_rule, range_words

# No test may depend on the time that this machine leaves it.
CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def test_int_contains_plain_ints_on_its_steps() -> None:
    parameter = IntParameter("units", 16, 64, step=16)
    assert [value for value in range(100) if parameter.contains(value)] == [16, 32, 48, 64]
    assert not parameter.contains(True)
    assert not parameter.contains(16.0)
    assert parameter.count == 4


def test_float_contains_floats_only() -> None:
    parameter = FloatParameter("learning_rate", 1, 2)
    assert parameter.contains(1.0)
    assert parameter.contains(2.0)
    assert not parameter.contains(1)
    assert not parameter.contains(2.0000001)
    assert not parameter.contains(float("nan"))
    assert parameter.count is None


def test_stepped_float_takes_rounding_errors_and_mends_them() -> None:
    parameter = FloatParameter("dropout", 0.0, 0.6, step=0.1)
    for crooked, straight in ((0.1 + 0.2, 0.3), (0.6000000000000001, 0.6), (0.0, 0.0)):
        assert parameter.contains(crooked)
        assert parameter.normalise(crooked) == straight
    assert not parameter.contains(0.25)
    assert not parameter.contains(0.7)
    assert not parameter.contains(float("nan"))
    assert parameter.count == 7


def test_choice_tells_types_apart() -> None:
    assert not ChoiceParameter("units", (1, 2)).contains(True)
    assert not ChoiceParameter("nesterov", (True, False)).contains(1)
    assert not ChoiceParameter("rate", (1.0, 2.0)).contains(1)
    assert ChoiceParameter("rate", (1.0, 2.0)).contains(1.0)


@pytest.mark.parametrize(
    ("parameter", "rule"),
    [
        (IntParameter("x", 1, 8), "must be a whole number from 1 to 8"),
        (IntParameter("x", 16, 64, step=16), "must be a whole number from 16 to 64, step 16"),
        (FloatParameter("x", 1e-4, 0.5, log=True), "must be a float from 0.0001 to 0.5, log"),
        (FloatParameter("x", 0, 3, step=1), "must be a float from 0 to 3, step 1"),
        (FloatParameter("x", 0.1234567, 1), "must be a float from 0.1234567 to 1"),
        (ChoiceParameter("x", ("a", "b")), "must be one of a, b"),
        (ChoiceParameter("x", (True, False)), "must be one of true, false"),
    ],
)
def test_ranges_in_words(parameter: Parameter, rule: str) -> None:
    assert range_rule(parameter) == rule
    assert rule.endswith(range_words(parameter))


@pytest.mark.parametrize(
    "parameter",
    [
        IntParameter("x", 16, 64, step=16),
        FloatParameter("x", 0.0, 0.6, step=0.1),
        FloatParameter("x", 0.5, 0.5),
        ChoiceParameter("x", (True, False)),
        ChoiceParameter("x", ("a", "b")),
    ],
)
def test_places_are_those_of_the_values(parameter: Parameter) -> None:
    assert parameter.count is not None
    values = [parameter.value(place) for place in range(parameter.count)]
    assert all(parameter.contains(value) for value in values)
    assert [parameter.place(value) for value in values] == list(range(parameter.count))


@pytest.mark.parametrize(
    ("make", "rule"),
    [
        (lambda: IntParameter("x", 2, 1), "low must be <= high, got low = 2, high = 1"),
        (lambda: IntParameter("x", 0, 1, log=True), "low must be > 0 for log = true"),
        (lambda: IntParameter("x", 1, 9, log=True, step=2), "exclude each other"),
        (lambda: IntParameter("x", 1, 9, step=0), "step must be > 0, got step = 0"),
        (lambda: IntParameter("x", 1, 3, step=5), "step must be <= high - low"),
        (lambda: FloatParameter("x", 0.0, float("inf")), "must be finite"),
        (lambda: FloatParameter("x", float("nan"), 1.0), "must be finite"),
        (lambda: FloatParameter("x", 0.0, 1.0, step=float("nan")), "step must be > 0"),
        (lambda: FloatParameter("x", 0.1, 1.0, log=True, step=0.1), "exclude each other"),
        (lambda: ChoiceParameter("x", ()), "must not be empty"),
        (lambda: ChoiceParameter("x", (1, 1)), "must differ"),
        (lambda: ChoiceParameter("x", (1, "a")), "must be of one type"),
        (lambda: Condition("x"), "either choices or at_least"),
        (lambda: Condition("x", choices=(1,), at_least=1), "either choices or at_least"),
    ],
)
def test_wrong_ranges_are_refused_with_the_rule(make, rule: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=r"x: |condition") as caught:
        make()
    assert rule in str(caught.value)


@CALM
@given(st.integers(-50, 50), st.integers(0, 100), st.integers(1, 20))
def test_int_high_is_adjusted_as_optuna_does(low: int, width: int, step: int) -> None:
    if width and step > width:
        return
    with pytest.warns() if width % step else _no_warning():
        theirs = optuna.distributions.IntDistribution(low, low + width, step=step)
    assert IntParameter("x", low, low + width, step=step).high == theirs.high


@CALM
@given(st.integers(-50, 50), st.integers(0, 100), st.integers(1, 20))
def test_float_high_is_adjusted_as_optuna_does(low: int, width: int, step: int) -> None:
    if width and step > width:
        return
    bounds = (low / 100, (low + width) / 100)
    with pytest.warns() if width % step else _no_warning():
        theirs = optuna.distributions.FloatDistribution(*bounds, step=step / 100)
    ours = FloatParameter("x", *bounds, step=step / 100)
    assert ours.high == theirs.high
    assert ours.count == width // step + 1


class _no_warning:
    def __enter__(self) -> None: ...

    def __exit__(self, *error: object) -> None: ...


def test_conditions_are_anded_and_need_an_active_parameter() -> None:
    parameter = IntParameter(
        "units_2",
        1,
        2,
        conditions=(Condition("layers", at_least=2), Condition("norm", choices=("a", "b"))),
    )
    assert parameter.is_active({"layers": 3, "norm": "b"})
    assert not parameter.is_active({"layers": 1, "norm": "b"})
    assert not parameter.is_active({"layers": 3, "norm": "c"})
    assert not parameter.is_active({"norm": "a"})


def test_conditions_tell_true_from_one_and_forgive_rounding() -> None:
    assert not Condition("x", choices=(1,)).holds({"x": True})
    assert not Condition("x", choices=(True,)).holds({"x": 1})
    assert Condition("x", choices=(0.3,)).holds({"x": 0.1 + 0.2})
