"""The charts of the trials of a search."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest

from mnist_search.analysis.importance import Importance, Importances
from mnist_search.reporting.charts.trials import (
    MOST_DRAWN,
    MOST_PAIRS,
    Trial,
    drawn_trials,
    importance_bars,
    learning_curves,
    pair_chart,
    pair_charts,
    parallel_coordinates,
    slice_chart,
)
from mnist_search.spaces import ChoiceParameter, FloatParameter, IntParameter
from tests.reporting.charts.reading import rows, scales, titles

RATE = FloatParameter("rate", low=1e-4, high=1e-1, log=True)
WIDTH = IntParameter("width", low=8, high=64)
DEPTH = IntParameter("depth", low=1, high=3)
NAME = ChoiceParameter("block.name", choices=("a", "b", "c"))


def trials(count: int = 20) -> list[Trial]:
    return [
        Trial(
            run=f"s/{number}",
            name=f"trial {number}",
            what="best" if number == count - 1 else ("complete", "pruned")[number % 2],
            accuracy=0.9 + 0.004 * number,
            values={
                "rate": 10 ** (-1 - (number % 9) / 3),
                "width": 8 + 2 * number,
                "depth": 1 + number % 3,
                "block.name": NAME.choices[number % 3],
            },
            reports=((1, 0.5), (4, 0.9 + 0.004 * number)),
        )
        for number in range(count)
    ]


def test_trials_are_those_of_the_records(make_study: Callable[..., tuple]) -> None:
    _, records = make_study()
    (best,) = [r for r in records if r.number == 3]
    found = drawn_trials(records, best.number)
    by_name = {each.name: each for each in found}
    assert found[-1].name == "trial 3"
    assert found[-1].what == "best"
    for record in records:
        drawn = by_name.get(f"trial {record.number}")
        if record.state == "failed":
            assert drawn is None
        else:
            assert drawn is not None
            assert drawn.accuracy == record.result.last_accuracy
            assert drawn.values == record.values
            assert (drawn.what == "pruned") == (record.state == "pruned")


def test_of_many_trials_the_best_are_drawn(make_study: Callable[..., tuple]) -> None:
    _, records = make_study(trials=MOST_DRAWN + 200)
    found = drawn_trials(records, None)
    assert len(found) == MOST_DRAWN
    complete = [record for record in records if record.state == "complete"]
    kept = {each.name for each in found if each.what == "complete"}
    best = sorted(complete, key=lambda record: -record.result.last_accuracy)
    assert kept == {f"trial {record.number}" for record in best[: len(kept)]}


def test_curves_are_the_reports_by_epoch() -> None:
    found = rows(learning_curves(trials(3)), "epoch")
    assert [(each["run"], each["epoch"], each["reported"]) for each in found[:2]] == [
        ("s/0", 0.25, 0.5), ("s/0", 1.0, 0.9),
    ]  # fmt: skip
    assert [each["last"] for each in found] == [False, True] * 3
    assert "validation accuracy (logarithmic in the error rate)" in titles(
        learning_curves(trials())
    )
    assert learning_curves([]) is None


def test_importance_is_the_share_who_had_it_and_what_noise_reaches() -> None:
    shares = (
        Importance(parameter="rate", share=0.7, trials=20, of=20, noise=0.2),
        Importance(parameter="momentum", share=0.3, trials=5, of=20, noise=0.4),
        Importance(parameter="none", share=0.0, trials=20, of=20),
    )
    chart = importance_bars(Importances(shares=shares, top=4, trials=20, complete=9))
    bars = [each for each in rows(chart, "had") if not each["what"].startswith("noise")]
    assert [(each["parameter"], each["share"], each["had"]) for each in bars] == [
        ("rate", 0.7, "20 of 20 trials"), ("momentum", 0.3, "5 of 20 trials"),
    ]  # fmt: skip
    assert bars[1]["what"].startswith("conditional")
    noise = [each for each in rows(chart, "had") if each["what"].startswith("noise")]
    assert {each["parameter"]: each["noise"] for each in noise} == {"rate": 0.2, "momentum": 0.4}


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
