"""The expected best of n trials, and which of two searches is better."""

from __future__ import annotations

import itertools
import statistics

import numpy as np
import pytest
from scipy import stats

from mnist_search.analysis.budgets import expected_best, probability_better

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
    with pytest.raises(ValueError, match="for each of 2 trials, got 1"):
        expected_best([0.9, 0.8], [1.0])


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
