"""The expected best of n trials, and which of two searches is better."""

from __future__ import annotations

import itertools
import statistics

import numpy as np
import pytest
from scipy import stats

from mnist_search.analysis.searches import (
    compare_searches,
    expected_best,
    expected_optimism,
    probability_better,
    report_search,
)
from mnist_search.spaces import ChoiceParameter, FloatParameter, SearchSpace
from mnist_search.specs import Record, RunResult, Score, Timings

ACCURACIES = [0.97, 0.99, 0.95, 0.98, 0.95, 0.992]


def test_the_expected_best_is_the_mean_over_all_choices_of_trials() -> None:
    found = expected_best(ACCURACIES)
    assert [best.trials for best in found] == [1, 2, 3, 4, 5, 6]
    for best in found:
        drawn = [max(chosen) for chosen in itertools.combinations(ACCURACIES, best.trials)]
        assert best.accuracy == pytest.approx(statistics.fmean(drawn))
        assert min(drawn) <= best.low <= best.accuracy + 1e-12
        assert best.accuracy - 1e-12 <= best.high <= max(drawn)
    assert found[0].accuracy == pytest.approx(statistics.fmean(ACCURACIES))
    assert (found[-1].low, found[-1].accuracy, found[-1].high) == pytest.approx((0.992,) * 3)


def test_the_band_holds_the_best_of_19_in_20_choices() -> None:
    rng = np.random.default_rng(0)
    accuracies = list(rng.random(40))
    best = expected_best(accuracies)[4]
    drawn = [max(rng.choice(accuracies, 5, replace=False)) for _ in range(2_000)]
    held = np.mean([best.low <= value <= best.high for value in drawn])
    assert 0.93 <= held <= 0.99


def test_seconds_are_those_of_so_many_trials() -> None:
    found = expected_best([0.9, 0.8], [10.0, 30.0])
    assert [best.seconds for best in found] == [20.0, 40.0]
    assert expected_best([0.9])[0].seconds is None
    assert expected_best([]) == ()
    with pytest.raises(ValueError, match="seconds for each of 2 trials, got 1"):
        expected_best([0.9, 0.8], [1.0])


def test_the_best_is_chosen_by_some_images_and_measured_by_others() -> None:
    measured = [0.96, 0.94, 0.95, 0.99, 0.97, 0.98]
    found = expected_best(ACCURACIES, measured=measured)
    pairs = list(zip(ACCURACIES, measured, strict=True))
    for best in found:
        drawn = [max(chosen)[1] for chosen in itertools.combinations(pairs, best.trials)]
        # Two trials chose equally well: which of them is the best of both is left to the order.
        assert best.accuracy == pytest.approx(statistics.fmean(drawn))
        assert min(drawn) <= best.low <= best.high <= max(drawn)
    assert found[-1].accuracy == 0.98
    with pytest.raises(ValueError, match="measured accuracies for each of 2 trials, got 1"):
        expected_best([0.9, 0.8], measured=[1.0])


def test_the_probability_of_being_better_is_mann_whitneys() -> None:
    first, second = [0.99, 0.98, 0.985, 0.97], [0.98, 0.975, 0.96]
    found = probability_better(first, second)
    expected = stats.mannwhitneyu(first, second).statistic / 12
    assert found.probability == pytest.approx(expected)
    assert probability_better(second, first).probability == pytest.approx(1 - expected)
    assert found.low <= found.probability <= found.high
    assert found.runs == (4, 3)
    with pytest.raises(ValueError, match="runs on both sides, got 0 and 3"):
        probability_better([], second)


def test_better_is_meaningful_only_where_it_is_significant_and_in_three_of_four_pairs() -> None:
    rng = np.random.default_rng(0)
    base = list(rng.normal(0.0, 1.0, 60))
    slightly = probability_better([value + 0.6 for value in base], base)
    clearly = probability_better([value + 2.0 for value in base], base)
    assert (slightly.significant, slightly.meaningful) == (True, False)
    assert (clearly.significant, clearly.meaningful) == (True, True)
    few = probability_better([2.0, 0.1], [1.0, 0.0])
    assert few.probability == 0.75
    assert (few.significant, few.meaningful) == (False, False)


def test_equal_searches_are_seldom_called_different() -> None:
    rng = np.random.default_rng(1)
    called = [
        probability_better(list(rng.normal(size=10)), list(rng.normal(size=10))).significant
        for _ in range(100)
    ]
    assert np.mean(called) <= 0.12


def trial(
    number: int, right: int, *, study: str = "a", ends: float | None = None, seconds: float = 10.0
) -> Record:
    end = 10.0 * (number + 1) if ends is None else ends
    return Record(
        study=study,
        number=number,
        kind="trial",
        state="complete",
        values={"norm": "batch" if right >= 9_800 else "none", "rate": number / 100},
        result=RunResult(
            status="complete",
            config_id="0",
            seed=1,
            validation=Score(correct=right, total=10_000),
            timings=Timings(fit_seconds=seconds),
        ),
        started=end - 10.0,
        finished=end,
    )


SPACE = SearchSpace(
    name="s",
    family="mlp",
    parameters=(
        ChoiceParameter("norm", choices=("none", "batch")),
        FloatParameter("rate", low=0.0, high=1.0),
    ),
)


def test_a_search_reports_the_expected_best_of_round_numbers_and_its_effects() -> None:
    records = [trial(number, 9_700 + 10 * (number % 20)) for number in range(40)]
    report = report_search(records, SPACE, independent=True)
    assert report is not None
    assert [best.trials for best in report.expected] == [1, 2, 5, 10, 20]
    every = expected_best([9_700 / 10_000 + (number % 20) / 1_000 for number in range(40)])
    assert report.expected[3].accuracy == pytest.approx(every[9].accuracy)
    assert [best.seconds for best in report.expected] == [10, 20, 50, 100, 200]
    batch = next(one for one in report.effects if one.level == "batch")
    assert (batch.trials, batch.best) == (20, 4)
    assert batch.low is not None
    assert batch.low < 0.2 < (batch.high or 0.0)


def test_a_sampler_that_learns_has_no_expected_best_and_no_intervals() -> None:
    records = [trial(number, 9_700 + number) for number in range(20)]
    report = report_search(records, SPACE, independent=False)
    assert report is not None
    assert report.expected == ()
    assert {one.low for one in report.effects} == {None}
    assert report_search([], SPACE, independent=True) is None


def test_two_searches_are_compared_trial_by_trial_where_there_is_one_of_each() -> None:
    first = [trial(number, right) for number, right in enumerate((9_700, 9_650, 9_800))]
    second = [trial(number, right, study="b") for number, right in enumerate((9_600, 9_900))]
    found = compare_searches(first, second)
    assert found.searches is None
    assert found.trials.probability == 0.5
    assert [(one.at, one.accuracy) for one in found.first.by_trials] == [
        (1, 0.97),
        (2, 0.97),
        (3, 0.98),
    ]
    assert [(one.at, one.accuracy, one.low) for one in found.first.by_seconds] == [
        (10, 0.97, None),
        (30, 0.98, None),
    ]
    assert (found.second.studies, found.second.best, found.second.trials) == (("b",), (0.99,), (2,))
    with pytest.raises(ValueError, match="runs on both sides"):
        compare_searches([], second)


def test_repeats_have_a_band_as_far_as_all_of_them_went() -> None:
    first = [
        *(trial(number, right) for number, right in enumerate((9_700, 9_800, 9_900))),
        *(trial(number, right, study="b") for number, right in enumerate((9_800, 9_700))),
    ]
    second = [
        *(trial(number, right, study="c") for number, right in enumerate((9_600, 9_650))),
        *(trial(number, right, study="d") for number, right in enumerate((9_500, 9_600))),
    ]
    found = compare_searches(first, second)
    assert [(one.low, one.high) for one in found.first.by_trials] == [(0.97, 0.98), (0.98, 0.98)]
    assert [one.at for one in found.first.by_seconds] == [10, 20]
    assert found.first.by_trials[0].accuracy == pytest.approx(0.975)
    assert found.searches is not None
    assert (found.searches.probability, found.searches.runs) == (1.0, (2, 2))


def test_the_best_of_many_equal_trials_is_optimistic_that_of_one_is_not() -> None:
    assert expected_optimism([], 10_000) == 0.0
    assert expected_optimism([0.98], 10_000) == pytest.approx(0.0, abs=5e-5)
    many = expected_optimism([0.98] * 50, 10_000)
    # The expected largest of 50 standard normal numbers is 2.25.
    assert many == pytest.approx(2.25 * (0.55 * 0.98 * 0.02 / 10_000) ** 0.5, rel=0.03)
    assert expected_optimism([0.98] * 50, 5_000) == pytest.approx(2**0.5 * many, rel=0.01)
    assert expected_optimism([0.98] + [0.9] * 49, 10_000) == pytest.approx(0.0, abs=5e-5)
