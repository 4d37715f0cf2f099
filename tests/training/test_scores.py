"""Scores from logits: plain and clipped losses, constant answers, packed classes."""

from __future__ import annotations

import base64
import math
import zlib

import numpy as np
import pytest

from mnist_search.training.scores import (
    DivergedError,
    clipped_cross_entropy,
    cross_entropy,
    judge,
    pack,
)


def logits_of(*rows):
    return np.array(rows, np.float32)


def test_equal_logits_cost_the_logarithm_of_the_number_of_classes():
    logits, labels = np.zeros((4, 10), np.float32), np.array([0, 3, 5, 9])
    assert cross_entropy(logits, labels) == pytest.approx(math.log(10))
    assert clipped_cross_entropy(logits, labels) == pytest.approx(math.log(10), rel=1e-6)


def test_a_saturated_wrong_answer_costs_what_keras_2_let_it_cost():
    logits, labels = logits_of([1000, 0], [0, 1000], [1000, 0]), np.array([0, 0, 0])
    assert cross_entropy(logits, labels) == pytest.approx(1000 / 3)
    # A right answer costs -log(1 - 1e-7) in float32, which is 1.19e-7.
    assert clipped_cross_entropy(logits, labels) == pytest.approx(16.118 / 3, abs=1e-4)
    assert clipped_cross_entropy(logits[1:2], labels[1:2]) == pytest.approx(16.118, abs=1e-3)
    assert clipped_cross_entropy(logits[:1], labels[:1]) == pytest.approx(1.19e-7, rel=0.01)


def test_published_loss_of_raw_test_images_follows_from_the_clip():
    # Document A: 1.00 % of saturated wrong answers were published as 0.159.
    logits = np.zeros((100, 10), np.float32)
    logits[:, 0] = 5000
    labels = np.array([1] + [0] * 99)
    assert clipped_cross_entropy(logits, labels) == pytest.approx(0.161, abs=1e-3)


def test_large_logits_do_not_overflow():
    logits = logits_of([3e38, -3e38], [-3e38, 3e38])
    assert cross_entropy(logits, np.array([0, 1])) == 0.0


def test_verdict_counts_right_answers_and_tells_a_constant_answer():
    verdict = judge(logits_of([2, 1], [2, 1], [2, 1]), np.array([0, 1, 0]), what="these")
    assert (verdict.score.correct, verdict.score.total) == (2, 3)
    assert verdict.accuracy == pytest.approx(2 / 3)
    assert verdict.constant
    assert not judge(logits_of([2, 1], [1, 2]), np.array([0, 0]), what="these").constant


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_no_number_is_a_divergence(bad):
    with pytest.raises(DivergedError, match=r"^the loss of these images is (nan|inf), not"):
        judge(logits_of([bad, 1]), np.array([0]), what="these images")


def test_packed_classes_are_zlib_of_one_byte_per_image():
    packed = pack(np.array([7, 2, 1, 0], np.uint8))
    assert list(zlib.decompress(base64.b64decode(packed))) == [7, 2, 1, 0]
