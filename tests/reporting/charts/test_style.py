"""What all charts have in common."""

from __future__ import annotations

import math

import pytest

from mnist_search.reporting.charts.style import accuracy_axis, data, time_axis


def test_axis_holds_all_accuracies_and_is_logarithmic_in_the_error_rate() -> None:
    axis = accuracy_axis([0.6, 0.98, 0.995])
    assert axis.worst > 0.4
    assert axis.best < 0.005
    assert [axis.error(value) for value in (0.6, 0.98, 0.995)] == pytest.approx([0.4, 0.02, 0.005])
    encoding = axis.y("accuracy").to_dict()
    assert encoding["title"] == ["accuracy", "(logarithmic in the error rate)"]
    assert encoding["scale"]["type"] == "log"
    # From the worst at the bottom to the best at the top.
    assert encoding["scale"]["domain"] == [axis.worst, axis.best]


def test_perfect_accuracy_lies_at_the_end_of_the_axis() -> None:
    axis = accuracy_axis([1.0, 0.99])
    assert 0 < axis.error(1.0) < axis.error(0.99)
    assert axis.error(1.0) == axis.best
    assert math.isfinite(math.log(accuracy_axis([1.0]).error(1.0)))


def test_axis_of_one_accuracy_has_two_ends() -> None:
    axis = accuracy_axis([0.99, 0.99])
    assert axis.worst > 0.01 > axis.best


def test_accuracies_far_below_end_the_axis_no_lower_than_asked() -> None:
    axis = accuracy_axis([0.1, 0.99], most_errors=0.05)
    assert axis.worst < 0.06
    assert axis.error(0.1) == axis.worst


def test_numbers_that_are_not_finite_are_unknown() -> None:
    found = data([{"a": math.nan, "b": -math.inf, "c": 1.5, "d": "text"}]).to_dict()
    assert found == {"values": [{"a": None, "b": None, "c": 1.5, "d": "text"}]}


@pytest.mark.parametrize(
    ("seconds", "expected"), [(30.0, (1.0, "seconds")), (301, (60.0, "minutes")),
                              (5 * 3600, (3600.0, "hours"))]
)  # fmt: skip
def test_times_have_a_unit_that_fits(seconds: float, expected: tuple[float, str]) -> None:
    assert time_axis(seconds) == expected
