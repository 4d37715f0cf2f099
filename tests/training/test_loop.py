"""The training loop against Keras' own steps."""

from __future__ import annotations

import numpy as np
import pytest

from mnist_search.specs import Adam, BatchNorm, Conv, Dense, Flatten, Network, Pool, Training
from mnist_search.training.data import load_data

pytestmark = pytest.mark.slow

NETWORK = Network(
    layers=(Conv(filters=3, kernel=5), BatchNorm(), Pool(size=4), Flatten(), Dense(units=8))
)


@pytest.fixture
def train(make_job):
    return load_data(make_job(train_images=250)).train


def make_loop(train, *, batch_size=40, seed=3, **changes):
    import keras

    from mnist_search.training.build import build_model
    from mnist_search.training.loop import Loop

    recipe = {"optimizer": Adam(learning_rate=0.01), "batch_size": batch_size, "epochs": 1}
    training = Training(**recipe | changes)
    keras.utils.set_random_seed(seed)
    model = build_model(NETWORK, "float32")
    loop = Loop(model, training, train, seed=seed)
    return model, loop


def run_epoch(loop, epoch=1, stops=()):
    from mnist_search.training.loop import EpochTotals

    totals, order = EpochTotals(), loop.order(epoch)
    for stop in (*stops, loop.steps_per_epoch):
        loop.run(order, stop, totals)
    return totals


def train_with_keras(train, loop, epochs, *, label_smoothing=0.0, clip_norm=None):
    import keras

    from mnist_search.training.build import build_model

    keras.utils.set_random_seed(3)
    model = build_model(NETWORK, "float32")
    model.compile(
        keras.optimizers.Adam(0.01, global_clipnorm=clip_norm),
        keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=label_smoothing),
        metrics=["accuracy"],
        jit_compile=False,
    )
    pixels = train.images[..., np.newaxis].astype(np.float32) / 255
    for epoch in range(1, epochs + 1):
        order = loop.order(epoch).numpy()
        history = model.fit(
            pixels[order],
            keras.utils.to_categorical(train.labels[order], 10),
            batch_size=40,
            shuffle=False,
            verbose=0,
        ).history
    return model, history


@pytest.mark.parametrize("changes", [{}, {"label_smoothing": 0.2}, {"clip_norm": 0.5}])
def test_epochs_are_those_of_keras_fit(train, changes):
    model, loop = make_loop(train, **changes)
    expected, history = train_with_keras(train, loop, epochs=2, **changes)
    run_epoch(loop, 1)
    totals = run_epoch(loop, 2)
    # Batch normalization's moving means and variances are among the weights.
    for mine, theirs in zip(model.get_weights(), expected.get_weights(), strict=True):
        assert mine == pytest.approx(theirs, abs=1e-4)
    assert totals.loss / totals.images == pytest.approx(history["loss"][0], rel=1e-4)
    assert totals.correct / totals.images == pytest.approx(history["accuracy"][0], abs=0.005)


@pytest.mark.parametrize("changes", [{"label_smoothing": 0.2}, {"clip_norm": 0.5}])
def test_the_recipe_reaches_the_steps(train, changes):
    plain, first = make_loop(train)
    other, second = make_loop(train, **changes)
    run_epoch(first)
    run_epoch(second)
    assert not np.allclose(plain.get_weights()[0], other.get_weights()[0], atol=1e-3)


def test_stretches_change_nothing(train):
    whole, first = make_loop(train)
    pieces, second = make_loop(train)
    run_epoch(first)
    totals = run_epoch(second, stops=(1, 1, 4))
    assert (totals.steps, totals.images) == (7, 250)
    for mine, theirs in zip(whole.get_weights(), pieces.get_weights(), strict=True):
        assert np.array_equal(mine, theirs)


@pytest.mark.parametrize(
    ("batch_size", "steps", "boundaries"),
    [
        (40, 7, (2, 4, 6, 7)),
        (250, 1, (1, 1, 1, 1)),
        (4000, 1, (1, 1, 1, 1)),
        (1, 250, (63, 125, 188, 250)),
    ],
)
def test_an_epoch_has_whole_quarters(train, batch_size, steps, boundaries):
    _, loop = make_loop(train, batch_size=batch_size)
    assert loop.steps_per_epoch == steps
    assert tuple(loop.boundary(quarter) for quarter in (1, 2, 3, 4)) == boundaries


def test_the_order_is_a_function_of_seed_and_epoch(train):
    loops = [make_loop(train, seed=seed)[1] for seed in (0, 0, 1)]
    orders = [tuple(loop.order(epoch).numpy()) for loop in loops for epoch in (1, 2)]
    assert orders[0:2] == orders[2:4]
    assert len({orders[0], orders[1], orders[4], orders[5]}) == 4
    assert sorted(orders[0]) == list(range(250))
