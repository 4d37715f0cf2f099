"""A fused step is Keras' own step, for each optimizer that has one."""

from __future__ import annotations

import numpy as np
import pytest

from mnist_search.specs import Adadelta, Adam, AdamW

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

    from mnist_search.training.optimizing import make_optimizer

    rate = keras.optimizers.schedules.CosineDecay(0.01, 20) if schedule == "cosine" else 0.01
    match name:
        case "adam":
            return make_optimizer(Adam(learning_rate=0.01), schedule, 20), keras.optimizers.Adam(
                rate
            )
        case "adamw":
            spec = AdamW(learning_rate=0.01, weight_decay=0.1)
            return make_optimizer(spec, schedule, 20), keras.optimizers.AdamW(
                rate, weight_decay=0.1
            )
        case _:
            spec = Adadelta(learning_rate=0.01, rho=0.9)
            return make_optimizer(spec, schedule, 20), keras.optimizers.Adadelta(rate, rho=0.9)


@pytest.mark.slow
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
