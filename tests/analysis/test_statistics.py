"""Statistics against scipy, which the package itself must not load."""

from __future__ import annotations

import math
import statistics

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from mnist_search.analysis import (
    Estimate,
    Interval,
    difference_p_value,
    mcnemar_p_value,
    median_and_iqr,
    relative_to_fastest,
    summarize_runs,
    t_interval,
    wilson_interval,
)
from mnist_search.analysis.statistics import (
    difference_interval,
    holm_adjusted,
    mean_p_value,
    paired_variance,
    student_p_value,
    student_quantile,
)


@given(total=st.integers(1, 20_000), share=st.floats(0, 1))
@settings(max_examples=60, deadline=None)
def test_wilson_equals_scipy(total: int, share: float) -> None:
    correct = round(share * total)
    expected = stats.binomtest(correct, total).proportion_ci(0.95, method="wilson")
    found = wilson_interval(correct, total)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_wilson_at_the_ends() -> None:
    none, every = wilson_interval(0, 10_000), wilson_interval(10_000, 10_000)
    assert none.low == 0.0
    assert none.high == pytest.approx(0.000384, abs=1e-6)
    assert every.high == 1.0
    assert every.low == pytest.approx(1 - none.high)


@pytest.mark.parametrize(("correct", "total"), [(1, 0), (-1, 10), (11, 10)])
def test_wilson_refuses_impossible_counts(correct: int, total: int) -> None:
    with pytest.raises(ValueError, match="needs 0 <= correct <= total"):
        wilson_interval(correct, total)


@given(first=st.integers(0, 400), second=st.integers(0, 400))
@settings(max_examples=60, deadline=None)
def test_mcnemar_equals_the_binomial_test(first: int, second: int) -> None:
    expected = stats.binomtest(first, first + second).pvalue if first + second else 1.0
    assert mcnemar_p_value(first, second) == pytest.approx(expected, rel=1e-9)


def test_mcnemar_copes_with_many_pairs() -> None:
    assert mcnemar_p_value(5_000, 5_000) == 1.0
    assert mcnemar_p_value(0, 10_000) == pytest.approx(0.0, abs=1e-300)
    expected = stats.binomtest(4_850, 10_000).pvalue
    assert mcnemar_p_value(5_150, 4_850) == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 7, 30, 101, 999])
def test_student_equals_scipy(freedom: int) -> None:
    for t in (0.0, 0.3, 1.96, -2.5, 12.7):
        expected = 2 * stats.t.sf(abs(t), freedom)
        assert student_p_value(t, freedom) == pytest.approx(expected, rel=1e-6, abs=1e-12)
    expected = stats.t.ppf(0.975, freedom)
    assert student_quantile(0.95, freedom) == pytest.approx(expected, rel=1e-9)


def test_seeds_give_mean_spread_and_interval() -> None:
    values = [0.981, 0.984, 0.979, 0.983]
    sample = summarize_runs(values)
    assert sample.n == 4
    assert sample.mean == pytest.approx(0.98175)
    assert sample.sd == pytest.approx(0.00221736, rel=1e-5)
    expected = stats.t.interval(0.95, 3, sample.mean, stats.sem(values))
    found = t_interval(values)
    assert found is not None
    assert (found.low, found.high) == pytest.approx(expected)


def test_one_seed_says_nothing_of_the_spread() -> None:
    assert summarize_runs([0.98]).sd is None
    assert t_interval([0.98]) is None


def test_a_mean_over_seeds_alone_is_students_test() -> None:
    differences = [0.002, 0.001, 0.004]
    expected = stats.ttest_1samp(differences, 0.0).pvalue
    sample = summarize_runs(differences)
    assert sample.sd is not None
    parts = [(sample.sd**2 / 3, 2)]
    assert mean_p_value(sample.mean, 0.0, parts) == pytest.approx(expected, rel=1e-9)
    # The error of the images adds to the variance, and also to the certainty about it.
    assert mean_p_value(sample.mean, 1.0, parts) > 0.99
    assert mean_p_value(0.0, 0.0, []) == 1.0
    assert mean_p_value(0.1, 0.0, []) == 0.0


def test_paired_variance_is_that_of_a_mean_of_signs() -> None:
    signs = [1] * 40 + [-1] * 20 + [0] * 9_940
    exact = statistics.pvariance(signs) / len(signs)
    assert paired_variance(40, 20, 10_000) == pytest.approx(exact, rel=0.02)
    assert paired_variance(0, 0, 10_000) > 0


@given(st.lists(st.floats(0, 1), max_size=12))
@settings(deadline=None)
def test_holm_adjusted_equals_scipys_definition(p_values: list[float]) -> None:
    found = holm_adjusted(p_values)
    ordered = sorted(range(len(p_values)), key=lambda place: p_values[place])
    for rank, place in enumerate(ordered):
        steps = [p_values[ordered[k]] * (len(p_values) - k) for k in range(rank + 1)]
        assert found[place] == pytest.approx(min(1.0, max(steps)))


def test_the_interval_of_a_difference() -> None:
    one, other = Estimate(accuracy=0.99, images=10_000), Estimate(accuracy=0.98, images=10_000)
    found = difference_interval(one, other)
    assert (found.low + found.high) / 2 == pytest.approx(0.01)
    half = 1.96 * (0.99 * 0.01 / 10_000 + 0.98 * 0.02 / 10_000) ** 0.5
    assert (found.high - found.low) / 2 == pytest.approx(half, rel=0.01)
    wild = difference_interval(Estimate(accuracy=0.99, images=10_000, runs=2, sd=0.01), other)
    assert wild.low < 0 < found.low


def test_an_estimate_of_one_run_has_wilsons_interval() -> None:
    assert Estimate(accuracy=0.99, images=10_000).interval == wilson_interval(9_900, 10_000)


def test_the_spread_between_seeds_widens_the_interval() -> None:
    def width(interval: Interval) -> float:
        return interval.high - interval.low

    alone = Estimate(accuracy=0.99, images=10_000).interval
    calm = Estimate(accuracy=0.99, images=10_000, runs=3, sd=0.0).interval
    wild = Estimate(accuracy=0.99, images=10_000, runs=3, sd=0.01).interval
    # More seeds never make the one set of images larger.
    assert width(calm) == pytest.approx(width(alone))
    assert width(wild) > 5 * width(alone)
    assert wild.high == 1.0


def test_seeds_alone_give_students_interval() -> None:
    # So many images that only the two seeds matter: one degree of freedom, t = 12.7.
    estimate = Estimate(accuracy=0.5, images=10**12, runs=2, sd=0.01)
    half = stats.t.ppf(0.975, 1) * 0.01 / math.sqrt(2)
    assert estimate.interval.low == pytest.approx(0.5 - half, rel=1e-3)


def test_two_proportions() -> None:
    first, second = Estimate(accuracy=0.99, images=10_000), Estimate(accuracy=0.985, images=10_000)
    table = [[9_900, 100], [9_850, 150]]
    expected = stats.chi2_contingency(table, correction=False).pvalue
    assert difference_p_value(first, second) == pytest.approx(expected, rel=1e-9)
    noisy = Estimate(accuracy=0.985, images=10_000, runs=2, sd=0.01)
    assert difference_p_value(first, noisy) > 0.5


def test_two_perfect_proportions_are_one() -> None:
    perfect = Estimate(accuracy=1.0, images=100)
    assert difference_p_value(perfect, perfect) == 1.0


def test_median_and_iqr() -> None:
    spread = median_and_iqr([4.0, 1.0, 3.0, 2.0, 100.0])
    assert spread is not None
    assert (spread.median, spread.iqr) == (3.0, 2.0)
    single = median_and_iqr([7.0])
    assert single is not None
    assert (single.median, single.iqr) == (7.0, None)
    assert median_and_iqr([]) is None


def test_relative_to_fastest_keeps_unknown() -> None:
    assert relative_to_fastest([6.0, None, 2.0]) == [3.0, None, 1.0]
    assert relative_to_fastest([None]) == [None]
