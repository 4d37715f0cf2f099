"""The charts of accuracy against parameters."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from mnist_search.reporting.charts.parameters import (
    MOST_PAIRS,
    pair_chart,
    pair_charts,
    parallel_coordinates,
    slice_chart,
)
from mnist_search.spaces import FloatParameter, IntParameter
from tests.reporting.charts.made import DEPTH, NAME, RATE, WIDTH, trials
from tests.reporting.charts.reading import rows, scales, titles


@pytest.mark.parametrize("parameter", [RATE, WIDTH, DEPTH], ids=lambda each: each.name)
def test_slice_has_the_values_of_the_trials(parameter: IntParameter | FloatParameter) -> None:
    chart = slice_chart(parameter, trials())
    found = rows(chart, "value")
    assert [each["value"] for each in found] == [
        pytest.approx(each.values[parameter.name]) for each in trials()
    ]
    (scale,) = scales(chart, "x")
    assert scale["type"] == ("log" if parameter.log else "linear")
    low, high = scale["domain"]
    assert low < parameter.low
    assert high > parameter.high


def test_slice_of_choices_keeps_their_order_and_those_of_an_earlier_space() -> None:
    mine = trials()
    mine[0] = replace(mine[0], values={"block.name": "gone"})
    chart = slice_chart(NAME, mine)
    (scale,) = scales(chart, "x")
    assert scale["domain"] == ["a", "b", "c", "gone"]
    assert rows(chart, "value")[0]["value"] == "gone"
    # A name with a dot would be a path into the data, were it the name of a field.
    assert "block.name" not in rows(chart)[0]
    assert "block.name" in titles(chart)


def test_slice_of_a_single_trial_is_none() -> None:
    assert slice_chart(RATE, trials(1)) is None
    assert slice_chart(FloatParameter("other", low=0.0, high=1.0), trials()) is None


def test_cells_have_the_geometric_mean_of_the_error_rates_of_their_trials() -> None:
    chart = pair_chart(RATE, WIDTH, trials())
    cells = rows(chart, "left")
    points = rows(chart, "x")
    assert sum(cell["trials"] for cell in cells) == len(points) == 20
    for cell in cells:
        inside = [
            math.log(1 - point["accuracy"])
            for point in points
            if cell["left"] <= point["x"] < cell["right"]
            and cell["bottom"] <= point["y"] < cell["top"]
        ]
        assert len(inside) == cell["trials"]
        assert math.log(cell["error"]) == pytest.approx(sum(inside) / len(inside))


def test_pairs_need_enough_trials_that_varied() -> None:
    assert pair_chart(RATE, WIDTH, trials(7)) is None
    assert pair_chart(RATE, DEPTH, trials()) is None  # three values
    assert pair_chart(RATE, WIDTH, trials()) is not None
    alike = [replace(trial, accuracy=0.9) for trial in trials()]
    assert rows(pair_chart(RATE, WIDTH, alike), "left")


def test_first_pairs_are_those_of_the_most_important_numbers() -> None:
    more = [IntParameter(f"n{number}", low=0, high=99) for number in range(4)]
    mine = [
        replace(trial, values=trial.values | {each.name: number + 5 for each in more})
        for number, trial in enumerate(trials())
    ]
    found = pair_charts([NAME, RATE, *more], mine)
    assert len(found) == MOST_PAIRS
    assert titles(found[0]) == {"rate", "n0"}
    assert titles(found[2]) == {"n0", "n1"}
    assert pair_charts([NAME], mine) == ()


def test_parallel_lines_pass_where_the_values_are_and_below_what_was_not_asked() -> None:
    mine = trials(2)
    mine[1] = replace(mine[1], values={"width": 64})
    chart = parallel_coordinates([WIDTH, NAME], mine)
    lines = rows(chart, "run", "place")
    places = {(each["run"], each["axis"]): each["place"] for each in lines}
    assert places["s/0", 0] < 0.1 < 0.9 < places["s/1", 0]
    assert places["s/0", 1] == pytest.approx(1 / 6)
    assert places["s/1", 1] < 0
    # The last axis is the accuracy.
    assert places["s/0", 2] < places["s/1", 2]
    assert {each["name"] for each in rows(chart, "row")} == {"width", "block.name", "accuracy"}


def test_parallel_coordinates_need_two_trials_and_two_parameters() -> None:
    assert parallel_coordinates([WIDTH, NAME], trials(1)) is None
    assert parallel_coordinates([WIDTH], trials()) is None
    assert parallel_coordinates([], []) is None
