"""Statistics against scipy, which the package itself must not load."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from mnist_search.analysis.statistics import (
    Estimate,
    holm_adjusted,
    incomplete_beta,
    interquartile_range,
    mcnemar_p_value,
    median,
    student_p_value,
    student_quantile,
    variance_ratio_p_value,
    wilson_interval,
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


@pytest.mark.parametrize("freedom", [1, 1.7, 2, 3, 4.2, 7, 30, 101, 5000])
def test_student_equals_scipy(freedom: float) -> None:
    for t in (0.0, 0.3, 1.96, -2.5, 12.7):
        expected = 2 * stats.t.sf(abs(t), freedom)
        assert student_p_value(t, freedom) == pytest.approx(expected, rel=1e-6, abs=1e-12)
    expected = stats.t.ppf(0.975, freedom)
    assert student_quantile(0.95, freedom) == pytest.approx(expected, rel=1e-9)


def test_runs_give_mean_and_spread_and_one_of_them_says_nothing_of_the_spread() -> None:
    found = Estimate.of([0.981, 0.984, 0.979, 0.983], 10_000)
    assert (found.runs, found.images, found.flips) == (4, 10_000, None)
    assert found.accuracy == pytest.approx(0.98175)
    assert found.sd == pytest.approx(0.00221736, rel=1e-5)
    assert Estimate.of([0.98], 10_000).sd is None


@given(st.lists(st.floats(0, 1), max_size=12))
@settings(deadline=None)
def test_holm_adjusted_equals_scipys_definition(p_values: list[float]) -> None:
    found = holm_adjusted(p_values)
    ordered = sorted(range(len(p_values)), key=lambda place: p_values[place])
    for rank, place in enumerate(ordered):
        steps = [p_values[ordered[k]] * (len(p_values) - k) for k in range(rank + 1)]
        assert found[place] == pytest.approx(min(1.0, max(steps)))


@pytest.mark.parametrize(
    ("a", "b"), [(0.5, 0.5), (1.0, 0.5), (20.0, 0.5), (2.5, 7.0), (500.0, 0.5), (1.0, 20.5)]
)
def test_incomplete_beta_equals_scipy(a: float, b: float) -> None:
    for x in (0.0, 1e-9, 0.01, 0.3, 0.5, 0.9, 0.999, 1.0):
        expected = special.betainc(a, b, x)
        assert incomplete_beta(a, b, x) == pytest.approx(expected, rel=1e-8, abs=1e-300)


@pytest.mark.parametrize(("dof", "other"), [(2, 41), (1, 3), (5, 10), (9, 400)])
def test_the_ratio_of_variances_equals_scipys_f(dof: int, other: int) -> None:
    for ratio in (0.2, 1.0, 3.5, 40.0):
        expected = stats.f.sf(ratio, dof, other)
        assert variance_ratio_p_value(ratio, dof, other) == pytest.approx(expected, rel=1e-8)
    assert variance_ratio_p_value(0.0, dof, other) == 1.0


def test_the_variance_of_one_run_is_binomial_and_never_nothing() -> None:
    assert Estimate(accuracy=0.99, images=10_000).run_variance == pytest.approx(0.99e-6, rel=0.01)
    assert Estimate(accuracy=1.0, images=100).run_variance > 0


def test_median_and_iqr() -> None:
    values = [4.0, 1.0, None, 3.0, 2.0, 100.0]
    assert (median(values), interquartile_range(values)) == (3.0, 2.0)
    assert (median([7.0]), interquartile_range([7.0])) == (7.0, None)
    assert (median([None]), interquartile_range([])) == (None, None)
