"""Models with their intervals: measured beside published, confirmed."""

from __future__ import annotations

import pytest

from mnist_search.analysis import Row
from mnist_search.analysis.confirmation import Confirmation, ConfirmedRow
from mnist_search.reporting.charts.intervals import confirmed_models, measured_beside_published
from tests.reporting.charts.reading import rows, titles


def reference(name: str, score: float, **more: object) -> Row:
    facts = {
        "name": name, "kind": "reference", "status": "complete", "score": score,
        "score_low": score - 0.002, "score_high": score + 0.001, "published_accuracy": 0.98,
        "gap": score - 0.98, "n": 3, "verdict": "reproduced",
    }  # fmt: skip
    return Row(**(facts | more))  # type: ignore[arg-type]


def test_each_reference_has_both_figures_its_gap_and_its_verdict() -> None:
    chart = measured_beside_published([reference("a", 0.981), reference("b", 0.975, n=1)])
    points = {(each["name"], each["runs"]): each["accuracy"] for each in rows(chart, "runs")}
    assert points == {
        ("a", "mean of 3 runs"): 0.981, ("a", "as published"): 0.98,
        ("b", "mean of 1 run"): 0.975, ("b", "as published"): 0.98,
    }  # fmt: skip
    told = {each["name"]: each["told"] for each in rows(chart, "told")}
    assert told == {"a": "+0.10 reproduced", "b": "-0.50 reproduced"}
    (bar,) = [each for each in rows(chart, "end") if each["name"] == "a"]
    assert (bar["low"], bar["high"]) == pytest.approx((0.979, 0.982))
    assert titles(chart) == {"accuracy, logarithmic in the error rate"}


def test_rows_of_one_name_keep_their_own_lines() -> None:
    chart = measured_beside_published([reference("a", 0.981), reference("a", 0.96)])
    assert {each["name"] for each in rows(chart, "runs")} == {"a", "a (2)"}


def test_nothing_is_drawn_of_what_does_not_compare() -> None:
    found = [reference("a", 0.98, gap=None), reference("b", 0.1135, collapsed=True)]
    assert measured_beside_published(found) is None
    assert measured_beside_published([]) is None


def test_confirmed_models_say_who_won_and_what_the_search_had_seen() -> None:
    winner = ConfirmedRow(
        rank=1, name="trial 7", kind="trial", status="complete", test_accuracy=0.995, n=3,
        test_accuracy_low=0.994, test_accuracy_high=0.996, search_accuracy=0.9962,
    )  # fmt: skip
    other = ConfirmedRow(
        rank=2, name="cnn", kind="reference", status="published", test_accuracy=0.99
    )
    waiting = ConfirmedRow(name="trial 8", kind="trial", status="waiting")
    chart = confirmed_models(Confirmation(rows=(winner, other, waiting), winner=winner))
    points = {(each["name"], each["what"]): each["accuracy"] for each in rows(chart, "runs")}
    assert points == {
        ("trial 7", "winner, on the test images"): 0.995,
        ("trial 7", "in the search, on its validation images"): 0.9962,
        ("cnn", "reference, as published"): 0.99,
    }
    assert {each["told"] for each in rows(chart, "told")} == {
        "99.50 %, 3 runs", "99.00 %, as published",
    }  # fmt: skip
    assert confirmed_models(Confirmation(rows=(waiting,), winner=None)) is None
