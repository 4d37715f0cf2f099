"""The one comparison of recipes: on made-up answers, and judged by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_search.analysis import (
    SHIPPED,
    Contender,
    Difference,
    Estimate,
    SeedSpread,
    compare,
    make_contender,
    pack_predictions,
    pool_seed_spread,
)
from mnist_search.analysis.comparison import compare_all, recipe_interval
from mnist_search.analysis.ranking import rank_range
from mnist_search.analysis.statistics import mcnemar_p_value, wilson_interval
from mnist_search.errors import DataError
from mnist_search.specs import RunResult, Score
from tests.analysis.simulation import (
    World,
    best_against_reference,
    comparisons,
    coverage,
    half_width,
    rejections,
)

IMAGES = 1_000
LABELS = bytes(np.random.default_rng(0).integers(0, 10, IMAGES, dtype=np.uint8))
SEEDS = (1, 3, 5, 10)
ROUNDS = 500
WORLD = World()
# As if another seed changed nothing.
STILL = SeedSpread(variance=1e-12, dof=50, flips=0.0, models=9, source="study")


def run(wrong: range, *, seed: int = 0, offset: int = 1, stored: bool = True) -> RunResult:
    """Answer LABELS rightly but for the given images."""
    given_classes = bytearray(LABELS)
    for image in wrong:
        given_classes[image] = (LABELS[image] + offset) % 10
    return RunResult(
        status="complete",
        config_id="c",
        seed=seed,
        test=Score(correct=IMAGES - len(wrong), total=IMAGES),
        predictions=pack_predictions(bytes(given_classes)) if stored else None,
    )


def contender(*runs: RunResult, labels: bytes | None = LABELS, images: str = "m") -> Contender:
    found = make_contender(runs, images, labels)
    assert found is not None
    return found


def test_the_image_part_is_that_of_the_differences_averaged_over_seeds() -> None:
    first = contender(run(range(0, 30), seed=0), run(range(0, 32), seed=1))
    second = contender(run(range(20, 70), seed=0), run(range(21, 70), seed=1))
    right = [
        np.mean([[image not in wrong for image in range(IMAGES)] for wrong in wrongs], axis=0)
        for wrongs in ((range(0, 30), range(0, 32)), (range(20, 70), range(21, 70)))
    ]
    expected = float(np.var(right[0] - right[1])) / IMAGES
    found = compare(first, second, STILL)
    assert found.method == "paired"
    assert found.difference == pytest.approx(0.0185)
    # What the seeds flip is taken out of the images' part and comes back with the spread.
    assert found.variance == pytest.approx(expected, rel=1e-6)


def test_two_networks_have_mcnemar_and_two_recipes_the_spread_of_seeds() -> None:
    first, second = contender(run(range(10))), contender(run(range(5, 45)))
    found = compare(first, second, STILL)
    assert found.networks_p_value == pytest.approx(mcnemar_p_value(35, 5))
    wild = SeedSpread(variance=0.02**2, dof=50, flips=0.0, models=9, source="shipped")
    unsure = compare(first, second, wild)
    assert unsure.networks_p_value == found.networks_p_value
    assert unsure.p_value > 0.2
    assert unsure.borrowed
    assert not found.borrowed
    several = contender(run(range(10)), run(range(10), seed=1))
    assert compare(several, second, STILL).networks_p_value is None


@given(
    first=st.sets(st.integers(0, 99), max_size=80),
    second=st.sets(st.integers(0, 99), max_size=80),
    offset=st.integers(1, 2),
)
@settings(max_examples=60, deadline=None)
def test_without_labels_the_error_is_never_smaller(
    first: set[int], second: set[int], offset: int
) -> None:
    wrong = [run(range(min(one, default=0), max(one, default=0))) for one in (first, second)]
    wrong[1] = run(range(min(second, default=0), max(second, default=0)), offset=offset)
    exact = compare(contender(wrong[0]), contender(wrong[1]), STILL)
    bound = compare(contender(wrong[0], labels=None), contender(wrong[1], labels=None), STILL)
    assert (bound.method, bound.networks_p_value) == ("paired", None)
    assert bound.difference == exact.difference
    assert bound.variance >= exact.variance * (1 - 1e-9)


def test_other_images_or_missing_answers_are_compared_as_proportions() -> None:
    first, second = run(range(40)), run(range(60))
    paired = compare(contender(first), contender(second), STILL)
    other = compare(contender(first), contender(second, images="other"), STILL)
    blind = compare(contender(first), contender(run(range(60), stored=False)), STILL)
    assert paired.method == "paired"
    assert other.method == blind.method == "two proportions"
    assert paired.variance < other.variance == pytest.approx(blind.variance)
    # Without a seed's part these are the two binomial variances.
    expected = (0.04 * 0.96 + 0.06 * 0.94) / IMAGES
    assert other.variance == pytest.approx(expected, rel=0.03)


def test_answers_that_contradict_their_scores_are_refused() -> None:
    damaged = run(range(10)).model_copy(update={"test": Score(correct=999, total=IMAGES)})
    with pytest.raises(DataError, match="contradict their scores"):
        contender(damaged)
    with pytest.raises(DataError, match="one per test image, got 1"):
        contender(run(range(10)), labels=b"1")


def test_what_has_no_score_is_no_contender() -> None:
    untested = RunResult(status="complete", config_id="c", seed=0)
    assert make_contender([untested], "m") is None
    assert make_contender([run(range(3)), untested], "m") is None
    assert make_contender([], "m") is None


def test_the_pool_is_weighted_and_filled_up_where_it_is_small() -> None:
    few = [Estimate(accuracy=0.98, images=10_000, runs=3, sd=0.001)]
    found = pool_seed_spread(few)
    assert (found.source, found.dof) == ("study and shipped", 2 + SHIPPED.dof)
    many = [
        Estimate(accuracy=0.98, images=10_000, runs=3, sd=0.001),
        Estimate(accuracy=0.98, images=10_000, runs=9, sd=0.002),
    ]
    found = pool_seed_spread(many)
    assert (found.source, found.dof, found.models) == ("study", 10, 2)
    assert found.variance == pytest.approx((2 * 1e-6 + 8 * 4e-6) / 10)
    assert pool_seed_spread([Estimate(accuracy=0.98, images=10_000)]) == SHIPPED


def test_a_wild_model_is_left_out_of_the_pool_and_keeps_its_own_spread() -> None:
    calm = [Estimate(accuracy=0.98, images=10_000, runs=3, sd=0.001) for _ in range(6)]
    wild = Estimate(accuracy=0.84, images=10_000, runs=3, sd=0.1)
    found = pool_seed_spread([*calm, wild])
    assert (found.models, found.dof) == (6, 12)
    part = found.variance_of(wild)
    assert (part.variance, part.dof, part.own) == (pytest.approx(0.01), 2, True)
    assert not found.variance_of(calm[0]).own
    # Alone, it is wild beside the shipped measurements.
    assert pool_seed_spread([wild]) == SHIPPED


def test_the_spread_is_never_less_than_what_single_images_flip() -> None:
    spread = SeedSpread(variance=1e-9, dof=50, flips=0.25, models=9, source="study")
    few = Estimate(accuracy=0.95, images=360)
    assert spread.variance_of(few).variance == pytest.approx(0.25 * few.run_variance)
    # A recipe whose runs answer alike, as linear classifiers do, has less.
    alike = Estimate(accuracy=0.95, images=360, runs=3, sd=0.001, flips=0.1)
    assert spread.variance_of(alike).variance == pytest.approx(0.1 * alike.run_variance)
    answered = contender(run(range(40)), run(range(10, 50), seed=1))
    # 20 of 1,000 images are right in one of two runs: an unbiased variance of a half each.
    assert answered.estimate.flips == pytest.approx(20 / 1_000 / 2 / (0.04 * 0.96))


def test_the_interval_of_a_recipe_is_wilsons_and_its_seeds() -> None:
    found = Estimate(accuracy=0.99, images=10_000)
    wilson, still = wilson_interval(9_900, 10_000), recipe_interval(found, STILL)
    assert (still.low, still.high) == pytest.approx((wilson.low, wilson.high), rel=1e-5)
    wide = recipe_interval(found, SHIPPED)
    assert wide.low < wilson.low < wilson.high < wide.high
    more = recipe_interval(Estimate(accuracy=0.99, images=10_000, runs=10, sd=0.001), SHIPPED)
    assert wide.low < more.low < more.high < wide.high


def test_rank_ranges_count_who_is_significantly_better_and_worse() -> None:
    # The middle row's own images are few: it differs from nobody.
    good, bad = Estimate(accuracy=0.99, images=10_000), Estimate(accuracy=0.97, images=10_000)
    vague = Estimate(accuracy=0.98, images=100)
    found = compare_all([Contender(estimate=each) for each in (good, vague, bad)], SHIPPED)
    ranges = [rank_range(place, 3, found) for place in range(3)]
    assert ranges == [(1, 2), (1, 3), (2, 3)]


def test_a_family_asks_more_of_each_of_its_comparisons() -> None:
    contenders = [
        Contender(estimate=Estimate(accuracy=accuracy, images=10_000))
        for accuracy in (0.9900, 0.9857, 0.9856, 0.9855)
    ]
    alone = compare(contenders[0], contenders[1], SHIPPED)
    among = compare_all(contenders, SHIPPED)[0, 1]
    assert alone.significant
    assert among.p_value == alone.p_value
    assert among.p_adjusted > among.p_value
    assert not among.significant
    assert among.reversed().difference == -among.difference


def test_equal_and_perfect_recipes_do_not_differ() -> None:
    perfect = contender(run(range(0)), run(range(0), seed=1))
    found = compare(perfect, perfect, STILL)
    assert (found.difference, found.p_value) == (0.0, 1.0)


@pytest.fixture(scope="module")
def null() -> dict[int, list[Difference]]:
    """Compare equally good recipes, with so many seeds each."""
    return {seeds: comparisons(WORLD, seeds=seeds, gain=0.0, rounds=ROUNDS) for seeds in SEEDS}


@pytest.mark.parametrize("seeds", SEEDS)
def test_equal_recipes_are_called_different_in_3_to_7_percent(
    null: dict[int, list[Difference]], seeds: int
) -> None:
    assert 0.03 <= rejections(null[seeds]) <= 0.07


def test_the_old_reading_of_one_run_each_would_not_pass() -> None:
    # McNemar's test of two networks, read as one of two recipes: identical recipes differ.
    found = comparisons(World(seed_sd=0.002), seeds=1, gain=0.0, rounds=ROUNDS, same=True)
    networks = [one.networks_p_value for one in found]
    assert np.mean([p is not None and p <= 0.05 for p in networks]) > 0.2
    assert rejections(found) <= 0.07


def test_more_seeds_find_more(null: dict[int, list[Difference]]) -> None:
    power = [rejections(comparisons(WORLD, seeds=seeds, gain=0.002, rounds=200)) for seeds in SEEDS]
    assert power == sorted(power)
    assert power[0] > 0.2
    assert power[-1] > 0.9
    widths = [half_width(null[seeds]) for seeds in SEEDS]
    assert widths == sorted(widths, reverse=True)


def test_a_threshold_is_passed_by_chance_in_at_most_5_percent() -> None:
    # `check --min-gain 0`: three equal trials, the best of which meets an equal reference.
    found = best_against_reference(WORLD, trials=3, seeds=3, rounds=1_000)
    assert np.mean([lead.lower_bound(chosen_among=3) >= 0 for lead in found]) <= 0.05
    # Without the correction for the choice it is more, and on the measured gain most pass.
    assert np.mean([lead.lower_bound() >= 0 for lead in found]) > 0.05
    assert np.mean([lead.difference >= 0 for lead in found]) > 0.6


@pytest.mark.parametrize("seeds", SEEDS)
def test_the_interval_of_one_recipe_holds_the_truth_in_93_to_97_percent(seeds: int) -> None:
    assert 0.93 <= coverage(WORLD, seeds=seeds, rounds=ROUNDS) <= 0.97
