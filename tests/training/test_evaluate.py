"""Scores from logits, the compiled forward pass, corrected moving averages."""

from __future__ import annotations

import base64
import math
import zlib
from dataclasses import replace

import numpy as np
import pytest

from mnist_search.specs import BatchNorm, Dense, Dropout, Flatten, Network
from mnist_search.training.data import load_data
from mnist_search.training.evaluate import (
    DivergedError,
    clipped_cross_entropy,
    cross_entropy,
    evaluate_logits,
)

slow = pytest.mark.slow


def logits_of(*rows):
    return np.array(rows, np.float32)


def test_equal_logits_cost_the_logarithm_of_the_number_of_classes():
    logits, labels = np.zeros((4, 10), np.float32), np.array([0, 3, 5, 9])
    assert cross_entropy(logits, labels) == pytest.approx(math.log(10))
    assert clipped_cross_entropy(logits, labels) == pytest.approx(math.log(10), rel=1e-6)


def test_a_saturated_wrong_class_costs_what_keras_2_let_it_cost():
    logits, labels = logits_of([1000, 0], [0, 1000], [1000, 0]), np.array([0, 0, 0])
    assert cross_entropy(logits, labels) == pytest.approx(1000 / 3)
    # The right class costs -log(1 - 1e-7) in float32, which is 1.19e-7.
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


def test_evaluation_counts_right_classes_and_tells_a_collapse():
    evaluation = evaluate_logits(
        logits_of([2, 1], [2, 1], [2, 1]), np.array([0, 1, 0]), what="these"
    )
    assert (evaluation.score.correct, evaluation.score.total) == (2, 3)
    assert evaluation.accuracy == pytest.approx(2 / 3)
    assert evaluation.collapsed
    assert not evaluate_logits(logits_of([2, 1], [1, 2]), np.array([0, 0]), what="these").collapsed


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_no_number_is_a_divergence(bad):
    with pytest.raises(DivergedError, match=r"^the loss of these images is (nan|inf), not"):
        evaluate_logits(logits_of([bad, 1]), np.array([0]), what="these images")


def test_predictions_are_zlib_of_one_byte_per_image():
    logits = np.eye(10, dtype=np.float32)[[7, 2, 1, 0]]
    packed = evaluate_logits(logits, np.zeros(4, np.uint8), what="these").predictions
    assert list(zlib.decompress(base64.b64decode(packed))) == [7, 2, 1, 0]


NETWORK = Network(layers=(Flatten(), Dense(units=8), BatchNorm(), Dropout(rate=0.5)))


@pytest.fixture
def model():
    import keras

    from mnist_search.training.build import build_model

    keras.utils.set_random_seed(1)
    return build_model(NETWORK, "float32")


def evaluate(model, images):
    from mnist_search.training.evaluate import Evaluator

    return Evaluator(model).evaluate(images, what="these images")


@slow
@pytest.mark.parametrize("divisor", [255.0, 1.0])
def test_all_images_are_seen_once_without_dropout(make_job, model, divisor):
    train = replace(load_data(make_job()).train, divisor=divisor)
    pixels = train.images[..., np.newaxis].astype(np.float32) / divisor
    expected = np.asarray(model(pixels, training=False)).argmax(axis=1)
    evaluation = evaluate(model, train)
    assert list(evaluation.classes) == list(expected)
    assert evaluation.score.correct == int((expected == train.labels).sum())
    assert evaluation.score.total == 1250


@slow
def test_raw_pixels_cost_more(make_job, model):
    validation = load_data(make_job()).watched
    raw = replace(validation, divisor=1.0)
    assert evaluate(model, raw).loss > 10 * evaluate(model, validation).loss


@slow
def test_inference_is_timed_at_both_batch_sizes(make_job, model):
    from mnist_search.training.evaluate import Evaluator

    few = load_data(make_job()).watched.images[:3]
    times = Evaluator(model).time_inference(few)
    assert set(times) == {1, 256}
    assert all(value > 0 for value in times.values())


@slow
def test_correction_is_the_average_of_the_steps() -> None:
    import keras
    import numpy as np

    from mnist_search.training.evaluate import MovingAverages

    layer = keras.layers.BatchNormalization()
    model = keras.Sequential([keras.Input((3,)), layer])
    rng = np.random.default_rng(0)
    batch = rng.normal(5.0, 2.0, (64, 3)).astype("float32")
    for _ in range(10):
        model(batch, training=True)
    raw_mean = layer.moving_mean.numpy()
    statistics = MovingAverages(model)
    with statistics.corrected(10):
        np.testing.assert_allclose(layer.moving_mean.numpy(), batch.mean(0), rtol=1e-3)
        np.testing.assert_allclose(layer.moving_variance.numpy(), batch.var(0), rtol=2e-3)
    np.testing.assert_array_equal(layer.moving_mean.numpy(), raw_mean)
    assert not np.allclose(raw_mean, batch.mean(0), rtol=0.5), "nothing was to be corrected"
    statistics.correct(10)
    np.testing.assert_allclose(layer.moving_mean.numpy(), batch.mean(0), rtol=1e-3)


@slow
def test_no_model_or_no_steps_correct_nothing() -> None:
    import keras

    from mnist_search.training.evaluate import MovingAverages

    layer = keras.layers.BatchNormalization()
    model = keras.Sequential([keras.Input((3,)), layer])
    MovingAverages(model).correct(0)
    MovingAverages(None).correct(5)
    assert layer.moving_variance.numpy().tolist() == [1.0, 1.0, 1.0]
