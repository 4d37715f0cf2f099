"""Tie groups."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_search.analysis.ranking import letters, split_letters


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
