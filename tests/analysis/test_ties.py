"""Tie groups."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_search.analysis import Answers, Contender, Estimate, split_letters, tie_groups
from mnist_search.analysis.ties import holm_differences, letters, p_value


def contender(accuracy: float, images: int = 10_000) -> Contender:
    return Contender(estimate=Estimate(accuracy=accuracy, images=images))


def test_equal_rows_share_a_letter_and_far_ones_do_not() -> None:
    found = tie_groups([contender(0.993), contender(0.9925), contender(0.97), contender(0.1135)])
    assert found == ["a", "a", "b", "c"]


def test_a_row_between_two_groups_has_both_letters() -> None:
    assert tie_groups([contender(0.9945), contender(0.9925), contender(0.9905)]) == ["a", "ab", "b"]


@given(
    count=st.integers(0, 9),
    pairs=st.sets(st.tuples(st.integers(0, 8), st.integers(0, 8)), max_size=30),
)
@settings(max_examples=200, deadline=None)
def test_rows_share_a_letter_exactly_if_they_do_not_differ(
    count: int, pairs: set[tuple[int, int]]
) -> None:
    different = {(low, high) for low, high in pairs if low < high < count}
    found = letters(count, different)
    for low in range(count):
        assert found[low]
        for high in range(low + 1, count):
            shared = set(found[low]) & set(found[high])
            assert bool(shared) == ((low, high) not in different)


def test_many_groups_run_out_of_letters_but_not_of_names() -> None:
    count = 28
    every = {(low, high) for low in range(count) for high in range(low + 1, count)}
    found = letters(count, every)
    assert found[25:] == ["z", "a1", "b1"]
    assert len(set(found)) == count
    assert split_letters("abz1") == ["a", "b", "z1"]
    assert split_letters(None) == []


def test_holm_needs_more_of_a_pair_among_many() -> None:
    assert holm_differences({(0, 1): 0.04}) == {(0, 1)}
    assert holm_differences({(0, 1): 0.04, (0, 2): 0.9, (1, 2): 0.9}) == set()
    # Not only Bonferroni: the second is compared with 5 % over the two that are left.
    assert holm_differences({(0, 1): 0.001, (0, 2): 0.024, (1, 2): 0.9}) == {(0, 1), (0, 2)}


def test_the_same_images_are_compared_in_pairs() -> None:
    # 40 against 60 errors of 10,000: two proportions cannot tell, but the 20 are all one-sided.
    right = bytes(10_000)
    better = Answers(predictions=bytes([1] * 40) + right[40:], correct=9_960)
    worse = Answers(predictions=bytes([1] * 60) + right[60:], correct=9_940)

    def paired(answers: Answers, images: str) -> Contender:
        return Contender(
            estimate=Estimate(accuracy=answers.correct / 10_000, images=10_000),
            image_set=images,
            answers={7: answers},
        )

    assert p_value(paired(better, "m"), paired(worse, "m")) < 0.001
    assert p_value(paired(better, "m"), paired(worse, "other")) > 0.04
