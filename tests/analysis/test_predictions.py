"""Packing of answers, and models compared in pairs."""

from __future__ import annotations

import base64
import random
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_search.analysis import (
    Answers,
    compare_runs,
    discordant_pairs,
    mcnemar_p_value,
    pack_predictions,
    unpack_predictions,
)
from mnist_search.errors import DataError

LABELS = bytes(random.Random(0).randrange(10) for _ in range(1_000))


def answers(wrong: range | list[int], offset: int = 1) -> Answers:
    """Answer LABELS rightly but for the given images."""
    given_classes = bytearray(LABELS)
    for image in wrong:
        given_classes[image] = (LABELS[image] + offset) % 10
    return Answers(predictions=bytes(given_classes), correct=1_000 - len(wrong))


@given(st.binary(max_size=300))
@settings(deadline=None)
def test_packing_is_base64_of_zlib_and_back(classes: bytes) -> None:
    text = pack_predictions(classes)
    assert zlib.decompress(base64.b64decode(text)) == classes
    assert unpack_predictions(text, len(classes)) == classes


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no base64!", "damaged"),
        (base64.b64encode(b"no zlib").decode(), "damaged"),
        (pack_predictions(bytes(99)), "must hold 100 images, got 99"),
        (pack_predictions(bytes(10**6)), "must hold 100 images, got more than 100"),
        (base64.b64encode(zlib.compress(bytes(100))[:-2]).decode(), "must hold 100"),
    ],
)
def test_damaged_predictions_are_refused(text: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        unpack_predictions(text, 100)


def test_discordant_pairs_with_labels() -> None:
    pairs = discordant_pairs(answers(range(0, 30)), answers(range(20, 70)), LABELS)
    assert (pairs.first_only, pairs.second_only, pairs.bound) == (40, 20, False)


@given(
    first=st.sets(st.integers(0, 999), max_size=80),
    second=st.sets(st.integers(0, 999), max_size=80),
    offset=st.integers(1, 2),
)
@settings(max_examples=60, deadline=None)
def test_without_labels_the_p_value_is_never_smaller(
    first: set[int], second: set[int], offset: int
) -> None:
    one, other = answers(sorted(first)), answers(sorted(second), offset)
    exact, bound = discordant_pairs(one, other, LABELS), discordant_pairs(one, other)
    assert bound.first_only - bound.second_only == exact.first_only - exact.second_only
    assert bound.first_only >= exact.first_only
    exact_p = mcnemar_p_value(exact.first_only, exact.second_only)
    assert mcnemar_p_value(bound.first_only, bound.second_only) >= exact_p * (1 - 1e-9)


def test_predictions_must_fit_their_scores() -> None:
    with pytest.raises(DataError, match="contradict their scores"):
        discordant_pairs(
            Answers(predictions=LABELS, correct=1_000), Answers(predictions=LABELS, correct=990)
        )


def test_other_numbers_of_images_do_not_compare() -> None:
    with pytest.raises(ValueError, match="same images"):
        discordant_pairs(answers([]), Answers(predictions=b"1", correct=1))


def test_one_common_seed_is_mcnemar() -> None:
    found = compare_runs({1: answers(range(10)), 2: answers([])}, {1: answers(range(5, 45))})
    assert found is not None
    assert found.seeds == (1,)
    assert found.difference == pytest.approx(0.03)
    assert found.p_value == pytest.approx(mcnemar_p_value(35, 5))
    assert found.interval.low < 0.03 < found.interval.high
    assert found.interval.low > 0.015


def test_no_common_seed_is_no_comparison() -> None:
    assert compare_runs({1: answers([])}, {2: answers([])}) is None


def test_several_seeds_have_to_agree() -> None:
    better = {seed: answers(range(10 + seed)) for seed in range(3)}
    worse = {seed: answers(range(100, 160 + 2 * seed)) for seed in range(3)}
    steady = compare_runs(better, worse)
    assert steady is not None
    assert steady.p_value < 0.01
    # The same seeds, one of which turns round: no recipe is better any more.
    torn = compare_runs(better, worse | {2: answers([])})
    assert torn is not None
    assert torn.p_value > 0.2


def test_more_seeds_do_not_hide_what_one_shows() -> None:
    # 10 against 60 errors of 1,000: three seeds that agree must tell as clearly as one does.
    better = {seed: answers(range(10 + seed)) for seed in range(3)}
    worse = {seed: answers(range(100, 160 + seed)) for seed in range(3)}
    one, three = compare_runs({0: better[0]}, {0: worse[0]}), compare_runs(better, worse)
    assert one is not None
    assert three is not None
    assert one.p_value < 1e-7
    assert three.p_value < 1e-7


def test_more_seeds_do_not_multiply_the_images() -> None:
    first, second = answers(range(0, 40)), answers(range(20, 75))
    one = compare_runs({0: first}, {0: second})
    many = compare_runs(dict.fromkeys(range(9), first), dict.fromkeys(range(9), second))
    assert one is not None
    assert many is not None
    assert many.p_value == pytest.approx(one.p_value, rel=0.25)
    assert many.interval.low == pytest.approx(one.interval.low)
