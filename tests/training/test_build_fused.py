"""What is fused gives what Keras gives: steps of optimizers, batch normalization, dropout."""

from __future__ import annotations

import numpy as np
import pytest

from mnist_search.specs import (
    Adadelta,
    Adam,
    AdamW,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    Network,
    Training,
)

pytestmark = pytest.mark.slow

STEPS = 12


def run(optimizer, *, in_graph):
    """Return a variable and the optimizer's own after some steps of given gradients."""
    import keras
    import tensorflow as tf

    random = np.random.default_rng(3)
    variables = [
        keras.Variable(random.normal(size=shape).astype(np.float32)) for shape in ((7, 5), (5,))
    ]
    optimizer.build(variables)

    def step(gradients):
        optimizer.apply(gradients, variables)

    apply = tf.function(step) if in_graph else step
    for _ in range(STEPS):
        scale = 10.0 ** random.uniform(-3, 1)
        apply([tf.constant(scale * random.normal(size=v.shape), tf.float32) for v in variables])
    return [v.numpy() for v in variables], [v.numpy() for v in optimizer.variables]


def pairs(name, schedule):
    import keras

    from mnist_search.training.build import make_optimizer

    rate = keras.optimizers.schedules.CosineDecay(0.01, 20) if schedule == "cosine" else 0.01

    def make(spec):
        return make_optimizer(
            Training(optimizer=spec, schedule=schedule, batch_size=1, epochs=1), 20
        )

    match name:
        case "adam":
            spec = Adam(learning_rate=0.01, beta_1=0.8, beta_2=0.95, epsilon=1e-5)
            moments = {"beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-5}
            return make(spec), keras.optimizers.Adam(rate, **moments)
        case "adamw":
            spec = AdamW(learning_rate=0.01, weight_decay=0.1)
            return make(spec), keras.optimizers.AdamW(rate, weight_decay=0.1)
        case _:
            spec = Adadelta(learning_rate=0.01, rho=0.9)
            return make(spec), keras.optimizers.Adadelta(rate, rho=0.9)


@pytest.mark.parametrize("name", ["adam", "adamw", "adadelta"])
@pytest.mark.parametrize(("schedule", "in_graph"), [("constant", False), ("cosine", True)])
def test_steps_are_those_of_keras(name, schedule, in_graph):
    ours, keras_own = pairs(name, schedule)
    assert type(ours) is not type(keras_own)
    found, states = run(ours, in_graph=in_graph)
    expected, expected_states = run(keras_own, in_graph=in_graph)
    for one, other in zip([*found, *states], [*expected, *expected_states], strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-5, atol=1e-7)
    # Something happened at all.
    start = np.random.default_rng(3).normal(size=(7, 5)).astype(np.float32)
    assert np.abs(found[0] - start).max() > 1e-3 or name == "adadelta"
    assert not np.array_equal(found[0], start)


NORMED = Network(
    layers=(
        Conv(filters=8, kernel=3, activation="relu"),
        BatchNorm(),
        Conv(filters=5, kernel=3, activation="relu"),
        BatchNorm(),
        Flatten(),
        Dense(units=7, activation="relu"),
        BatchNorm(),
    )
)


def trained(images, *, fused):
    """Return answers and all variables after some steps, the last batch a smaller one."""
    import keras
    import tensorflow as tf

    from mnist_search.training.build import build_model

    keras.utils.set_random_seed(4)
    model = build_model(NORMED, "float32", fused=fused)
    optimizer = keras.optimizers.SGD(0.05)
    answers = None
    for batch in (images[:24], images[24:48], images[48:]):
        with tf.GradientTape() as tape:
            answers = model(batch, training=True)
            loss = tf.reduce_mean(tf.square(answers))
        weights = [v.value for v in model.trainable_variables]
        optimizer.apply(tape.gradient(loss, weights), model.trainable_variables)
    after = model(images, training=False)
    return [answers.numpy(), after.numpy(), *(v.numpy() for v in model.variables)]


def test_normalization_trains_and_answers_as_that_of_keras():
    images = np.random.default_rng(5).uniform(size=(64, 28, 28, 1)).astype(np.float32)
    fused, plain = (trained(images, fused=which) for which in (True, False))
    assert len(fused) == len(plain)
    for one, other in zip(fused, plain, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=2e-4)


def test_the_variance_of_few_values_is_that_of_keras():
    import keras

    from mnist_search.training.build import FusedBatchNormalization

    inputs = np.random.default_rng(6).normal(size=(3, 1, 1, 8)).astype(np.float32)
    layers = FusedBatchNormalization(), keras.layers.BatchNormalization()
    for layer in layers:
        layer(inputs, training=True)
    ours, theirs = (layer.moving_variance.numpy() for layer in layers)
    # n is 3: with n - 1 the average would have moved by 0.015 of the variance, not by 0.01.
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)
    assert np.abs(0.005 * inputs.var(axis=0)).max() > 1e-3


def test_normalization_in_bfloat16_keeps_its_statistics_in_float32():
    import keras

    from mnist_search.training.build import FusedBatchNormalization

    inputs = np.random.default_rng(5).normal(2.0, 3.0, size=(64, 6, 6, 8)).astype(np.float32)
    found = []
    for kind in (FusedBatchNormalization, keras.layers.BatchNormalization):
        layer = kind(dtype="mixed_bfloat16")
        outputs = [layer(inputs, training=training) for training in (True, False)]
        assert {output.dtype.name for output in outputs} == {"bfloat16"}
        assert {variable.dtype for variable in layer.variables} == {"float32"}
        found.append(
            [*(np.asarray(output, np.float32) for output in outputs), *layer.get_weights()]
        )
    # bfloat16 has eight bits: neighbours are 1/128 apart
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=0.01, atol=0.01)


def test_all_layers_are_those_of_keras_where_it_is_not_fused():
    from mnist_search.training.build import build_model

    def own(*, fused):
        network = Network(layers=(*NORMED.layers, Dropout(rate=0.5)))
        layers = map(type, build_model(network, "float32", fused=fused).layers)
        return {kind.__name__ for kind in layers if not kind.__module__.startswith("keras.")}

    assert own(fused=False) == set()
    assert own(fused=True) == {"FusedBatchNormalization", "FusedDropout"}


def dropped(rate, shape, *, seed=1, dtype="float32", calls=1):
    """Return what comes of ones, call by call."""
    from mnist_search.training.build import FusedDropout

    layer = FusedDropout(rate, seed=seed, dtype=dtype)
    return [np.asarray(layer(np.ones(shape, np.float32), training=True)) for _ in range(calls)]


@pytest.mark.parametrize("rate", [0.05, 0.25, 0.5, 0.9])
@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
def test_dropout_drops_its_share_and_scales_the_rest(rate, dtype):
    # An odd number of values, for they are drawn in pairs.
    (outputs,) = dropped(rate, (101, 13, 13, 7), dtype=dtype)
    assert outputs.dtype.name == ("float32" if dtype == "float32" else "bfloat16")
    values = outputs.astype(np.float64)
    kept = values != 0.0
    np.testing.assert_allclose(values[kept], 1.0 / (1.0 - rate), rtol=1e-2)
    # six standard errors
    assert abs(np.mean(~kept) - rate) < 6 * np.sqrt(rate * (1 - rate) / values.size)
    # Whatever is drawn together, images, places and channels are dropped alike and on their own.
    for axis in range(4):
        others = tuple(other for other in range(4) if other != axis)
        shares = np.mean(~kept, axis=others)
        count = values.size / values.shape[axis]
        assert np.abs(shares - rate).max() < 6 * np.sqrt(rate * (1 - rate) / count)
        neighbours = np.delete(kept, -1, axis) & np.delete(kept, 0, axis)
        assert np.mean(neighbours) == pytest.approx((1 - rate) ** 2, abs=0.02)


def test_dropout_differs_by_call_and_repeats_by_seed():
    first, second = dropped(0.5, (32, 40), calls=2)
    assert not np.array_equal(first, second)
    again, _ = dropped(0.5, (32, 40), calls=2)
    np.testing.assert_array_equal(first, again)
    (other,) = dropped(0.5, (32, 40), seed=2)
    assert not np.array_equal(first, other)


def test_dropout_sends_back_what_it_let_through():
    import tensorflow as tf

    from mnist_search.training.build import FusedDropout

    layer = FusedDropout(0.3, seed=3)
    inputs = tf.random.stateless_normal([9, 5, 5, 3], [1, 2])
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = layer(inputs, training=True)
    factors = np.asarray(tape.gradient(outputs, inputs))
    np.testing.assert_allclose(outputs, factors * inputs, rtol=1e-6)
    assert {*np.unique(factors.round(5))} == {0.0, np.float32(1 / 0.7).round(5)}


@pytest.mark.parametrize(("rate", "training"), [(0.4, False), (0.0, True), (1.0, True)])
def test_dropout_is_that_of_keras_where_nothing_is_drawn(rate, training):
    import keras

    from mnist_search.training.build import FusedDropout

    inputs = np.random.default_rng(7).normal(size=(4, 6)).astype(np.float32)
    ours, theirs = (
        np.asarray(kind(rate)(inputs, training=training))
        for kind in (FusedDropout, keras.layers.Dropout)
    )
    np.testing.assert_array_equal(ours, theirs)
