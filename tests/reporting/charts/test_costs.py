"""Accuracy against cost."""

from __future__ import annotations

import pytest

from mnist_search.analysis import Row
from mnist_search.reporting.charts.costs import COSTS, MOST_POINTS, accuracy_against_cost
from tests.reporting.charts.reading import rows

TIME, PARAMETERS, _ = COSTS


def row(rank: int, score: float, seconds: float | None, **more: object) -> Row:
    facts = {
        "rank": rank, "name": f"trial {rank}", "kind": "trial", "status": "complete", "study": "s",
        "number": rank, "score": score, "score_basis": "validation", "fit_seconds": seconds,
        "parameters": 1000 * rank, "machine_id": "here",
    }  # fmt: skip
    return Row(**(facts | more))  # type: ignore[arg-type]


ROWS = [row(1, 0.99, 100.0), row(2, 0.98, 50.0), row(3, 0.97, 80.0), row(4, 0.95, 5.0)]


def test_points_are_the_rows_and_the_front_is_what_nothing_beats() -> None:
    points = [each for each in rows(accuracy_against_cost(ROWS, TIME)) if each["what"] == "trial"]
    assert {(each["run"], each["cost"], each["accuracy"], each["front"]) for each in points} == {
        ("s/1", 100.0, 0.99, True), ("s/2", 50.0, 0.98, True),
        ("s/3", 80.0, 0.97, False), ("s/4", 5.0, 0.95, True),
    }  # fmt: skip
    line = [each for each in rows(accuracy_against_cost(ROWS, TIME)) if "Pareto" in each["what"]]
    assert [each["cost"] for each in line] == [5.0, 50.0, 100.0, 100.0]


def test_times_of_another_machine_are_left_out_and_sizes_are_not() -> None:
    mixed = [*ROWS, row(5, 0.9, 1.0, machine_id="there")]
    costs = {each["cost"] for each in rows(accuracy_against_cost(mixed, TIME))}
    assert 1.0 not in costs
    sizes = {each["cost"] for each in rows(accuracy_against_cost(mixed, PARAMETERS))}
    assert 5000.0 in sizes


def test_models_that_predict_one_class_and_rows_without_a_cost_are_left_out() -> None:
    few = [row(1, 0.99, 100.0), row(2, 0.1, 5.0, collapsed=True), row(3, 0.9, None)]
    assert accuracy_against_cost(few, TIME) is None


def test_many_rows_are_bounded_to_the_best() -> None:
    many = [row(rank, 0.99 - rank * 1e-5, 10.0 + rank) for rank in range(1, MOST_POINTS + 50)]
    points = [each for each in rows(accuracy_against_cost(many, TIME)) if each["what"] == "trial"]
    assert len(points) == MOST_POINTS
    assert {each["run"] for each in points} == {f"s/{n}" for n in range(1, MOST_POINTS + 1)}


@pytest.mark.parametrize("cost", COSTS, ids=lambda each: each.name)
def test_nothing_is_drawn_of_nothing(cost: object) -> None:
    assert accuracy_against_cost([], cost) is None  # type: ignore[arg-type]
