"""The charts of the trials of a search."""

from __future__ import annotations

from collections.abc import Callable

from mnist_search.analysis.importance import Importance, Importances
from mnist_search.reporting.charts.trials import (
    MOST_DRAWN,
    drawn_trials,
    importance_bars,
    learning_curves,
)
from tests.reporting.charts.made import trials
from tests.reporting.charts.reading import rows, titles


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
