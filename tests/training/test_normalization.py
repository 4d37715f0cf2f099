"""Corrected moving statistics are the averages of the steps so far."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.slow


def test_correction_is_the_average_of_the_steps() -> None:
    import keras
    import numpy as np

    from mnist_search.training.normalization import MovingStatistics

    layer = keras.layers.BatchNormalization()
    model = keras.Sequential([keras.Input((3,)), layer])
    rng = np.random.default_rng(0)
    batch = rng.normal(5.0, 2.0, (64, 3)).astype("float32")
    for _ in range(10):
        model(batch, training=True)
    raw_mean = layer.moving_mean.numpy()
    statistics = MovingStatistics(model)
    with statistics.corrected(10):
        np.testing.assert_allclose(layer.moving_mean.numpy(), batch.mean(0), rtol=1e-3)
        np.testing.assert_allclose(layer.moving_variance.numpy(), batch.var(0), rtol=2e-3)
    np.testing.assert_array_equal(layer.moving_mean.numpy(), raw_mean)
    assert not np.allclose(raw_mean, batch.mean(0), rtol=0.5), "nothing was to be corrected"
    statistics.correct(10)
    np.testing.assert_allclose(layer.moving_mean.numpy(), batch.mean(0), rtol=1e-3)


def test_no_model_or_no_steps_correct_nothing() -> None:
    import keras

    from mnist_search.training.normalization import MovingStatistics

    layer = keras.layers.BatchNormalization()
    model = keras.Sequential([keras.Input((3,)), layer])
    MovingStatistics(model).correct(0)
    MovingStatistics(None).correct(5)
    assert layer.moving_variance.numpy().tolist() == [1.0, 1.0, 1.0]
