from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_search.datasets import class_counts, rung_subset, stratified_subset
from mnist_search.datasets.splits import split_selection, split_validation


def labels_of(counts: list[int]) -> np.ndarray:
    labels = np.repeat(np.arange(10, dtype=np.uint8), counts)
    return labels[np.random.default_rng(1).permutation(len(labels))]


MNIST_COUNTS = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]


def test_split_of_mnist() -> None:
    labels = labels_of(MNIST_COUNTS)
    train, validation = split_validation(labels)
    assert (len(train), len(validation)) == (50_000, 10_000)
    assert sorted([*train, *validation]) == list(range(60_000))
    for count, held_out in zip(MNIST_COUNTS, class_counts(labels[validation]), strict=True):
        assert abs(held_out - count / 6) < 1


def test_split_is_fixed() -> None:
    labels = (np.arange(60) % 10).astype(np.uint8)
    first, again = split_validation(labels)[1], split_validation(labels)[1]
    assert first.tolist() == again.tolist()
    # Changes here would change every study's held-out images.
    assert first.tolist() == [5, 10, 18, 24, 26, 29, 33, 41, 52, 57]


def test_halves_of_mnist_are_disjoint_and_stratified() -> None:
    labels = labels_of(MNIST_COUNTS)
    held_out = labels[split_validation(labels)[1]]
    selection, validation = split_selection(held_out)
    assert (len(selection), len(validation)) == (5_000, 5_000)
    assert sorted([*selection, *validation]) == list(range(10_000))
    for count, half in zip(class_counts(held_out), class_counts(held_out[validation]), strict=True):
        assert abs(half - count / 2) < 1


def test_halves_are_fixed() -> None:
    labels = (np.arange(21) % 10).astype(np.uint8)
    selection, validation = split_selection(labels)
    # Changes here would change what every study measures on.
    assert validation.tolist() == [0, 3, 4, 5, 6, 7, 8, 11, 12, 19]
    assert len(selection) == 11


@given(counts=st.lists(st.integers(6, 60), min_size=10, max_size=10))
def test_every_class_is_on_both_sides(counts: list[int]) -> None:
    labels = labels_of(counts)
    train, validation = split_validation(labels)
    assert len(validation) == len(labels) // 6
    assert min(class_counts(labels[validation])) >= 1
    assert min(class_counts(labels[train])) >= 1


def test_rung_subset_is_stratified_and_fixed() -> None:
    labels = labels_of([count // 6 for count in MNIST_COUNTS])
    chosen = rung_subset(labels)
    assert len(chosen) == 2_000
    assert chosen.tolist() == rung_subset(labels).tolist()
    assert chosen.tolist() == sorted(set(chosen.tolist()))
    shares = np.array(class_counts(labels[chosen])) / 2_000
    np.testing.assert_allclose(shares, np.array(class_counts(labels)) / len(labels), atol=6e-4)


def test_subset_of_fewer_images_is_all_of_them() -> None:
    assert rung_subset(np.zeros(250, np.uint8)).tolist() == list(range(250))
    assert stratified_subset(np.zeros(4, np.uint8), 0).tolist() == []


def test_negative_size_is_a_bug() -> None:
    with pytest.raises(ValueError, match="size must be >= 0, got -1"):
        stratified_subset(np.zeros(4, np.uint8), -1)
