"""Optimizers and their schedules."""

from __future__ import annotations

import math

import pytest

from mnist_search.specs import SGD, Adadelta, Adam, AdamW, Nadam, RMSprop

pytestmark = pytest.mark.slow


def make(spec, schedule="constant", total_steps=100):
    from mnist_search.training.optimizing import make_optimizer

    return make_optimizer(spec, schedule, total_steps)


def rates(schedule, total_steps, peak=0.5):
    optimizer = make(Adam(learning_rate=peak), schedule, total_steps)
    values = []
    for step in range(total_steps + 1):
        optimizer.iterations.assign(step)
        values.append(float(optimizer.learning_rate))
    return values


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (Adam(), {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}),
        (AdamW(weight_decay=0.1), {"weight_decay": 0.1}),
        (AdamW(weight_decay=0.0), {"weight_decay": 0.0}),
        (Nadam(), {"beta_1": 0.9}),
        (RMSprop(), {"rho": 0.9, "momentum": 0.0}),
        (SGD(momentum=0.9, nesterov=True), {"momentum": 0.9, "nesterov": True}),
        (Adadelta(), {"rho": 0.95, "epsilon": 1e-7}),
    ],
)
def test_the_specification_reaches_keras(spec, expected):
    optimizer = make(spec)
    assert type(optimizer).__name__ == type(spec).__name__
    config = optimizer.get_config()
    assert config["learning_rate"] == pytest.approx(spec.learning_rate)
    assert {name: config[name] for name in expected} == expected


def test_cosine_falls_to_nothing_over_all_steps():
    values = rates("cosine", 10)
    assert values == pytest.approx([0.25 * (1 + math.cos(math.pi * k / 10)) for k in range(11)])


def test_one_cycle_climbs_for_three_tenths_and_falls_to_nothing():
    values = rates("one-cycle", 20)
    assert values[0] == pytest.approx(0.05)
    assert values[:7] == pytest.approx([0.05 + 0.45 * step / 6 for step in range(7)])
    assert max(values) == values[6] == pytest.approx(0.5)
    assert values[13] == pytest.approx(0.25)
    assert values[6:] == sorted(values[6:], reverse=True)
    assert values[20] == pytest.approx(0.0, abs=1e-7)


@pytest.mark.parametrize("total_steps", [1, 2, 3])
def test_one_cycle_can_be_very_short(total_steps):
    assert all(0 <= value <= 0.5 for value in rates("one-cycle", total_steps))
