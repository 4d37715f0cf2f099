"""The compiled forward pass."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mnist_search.specs import BatchNorm, Dense, Dropout, Flatten, Network
from mnist_search.training.data import load_data

pytestmark = pytest.mark.slow

NETWORK = Network(layers=(Flatten(), Dense(units=8), BatchNorm(), Dropout(rate=0.5)))


@pytest.fixture
def model():
    import keras

    from mnist_search.training.building import build_model

    keras.utils.set_random_seed(1)
    return build_model(NETWORK, "float32")


def examine(model, asked):
    from mnist_search.training.evaluation import Examiner

    return Examiner(model).examine(asked, what="these images")


@pytest.mark.parametrize("divisor", [255.0, 1.0])
def test_all_images_are_asked_once_without_dropout(make_job, model, divisor):
    train = replace(load_data(make_job()).train, divisor=divisor)
    pixels = train.images[..., np.newaxis].astype(np.float32) / divisor
    expected = np.asarray(model(pixels, training=False)).argmax(axis=1)
    verdict = examine(model, train)
    assert list(verdict.classes) == list(expected)
    assert verdict.score.correct == int((expected == train.labels).sum())
    assert verdict.score.total == 1250


def test_raw_pixels_cost_more(make_job, model):
    watched = load_data(make_job()).watched
    raw = replace(watched, divisor=1.0)
    assert examine(model, raw).loss > 10 * examine(model, watched).loss


def test_inference_is_timed_at_both_batch_sizes(make_job, model):
    from mnist_search.training.evaluation import Examiner

    few = load_data(make_job()).watched.images[:3]
    times = Examiner(model).time_inference(few)
    assert set(times) == {1, 256}
    assert all(value > 0 for value in times.values())
