"""What training costs, from a few measured networks."""

from __future__ import annotations

import math

import pytest

from mnist_search.planning.costs import (
    Images,
    Measured,
    Rates,
    Workload,
    fit_rates,
    workload_of,
)
from mnist_search.specs import (
    SGD,
    Adam,
    Conv,
    Dense,
    Flatten,
    LinearClassifier,
    Network,
    Pool,
    RunConfig,
    Training,
)

TRUE = (2e-11, 3e-9, 1e-9, 5e-5)
IMAGES = Images(train=50_000, validation=10_000, rung=2_000)
WORKS = [
    Workload(
        flops=100_000 * number**3,
        values=5_000 + 4_000 * (number % 5),
        parameters=10_000 * (1 + number * number % 7),
        layers=5 + number % 4,
        batch_size=(32, 64, 128, 500)[number % 4],
    )
    for number in range(1, 9)
]


def measured(work: Workload, rates: tuple[float, ...] = TRUE, slower: float = 1.0) -> Measured:
    seconds = slower * sum(r * f for r, f in zip(rates, work.features, strict=True))
    return Measured(
        work=work,
        image_seconds=seconds,
        first_step_seconds=0.05 * work.layers + seconds * work.batch_size,
        first_look_seconds=0.02 * work.layers + 0.3 * seconds * 10_000,
        look_images=10_000,
        answer_seconds=0.3 * seconds,
        overhead_seconds=0.5,
    )


def test_exact_measurements_give_back_the_rates() -> None:
    rates = fit_rates([measured(work) for work in WORKS], startup_seconds=7.0)
    assert rates.features == pytest.approx(TRUE, rel=1e-6)
    assert rates.answer_share == pytest.approx(0.3)
    assert rates.first_step_per_layer == pytest.approx(0.05)
    assert rates.first_look_per_layer == pytest.approx(0.02)
    assert (rates.overhead, rates.startup, rates.networks) == (0.5, 7.0, 8)
    assert rates.error == pytest.approx(0.0, abs=1e-6)


def test_a_rate_is_never_negative_and_the_error_is_told() -> None:
    noisy = [
        measured(work, (2e-11, 0.0, 0.0, 0.0), slower=1.2 if number % 2 else 0.8)
        for number, work in enumerate(WORKS)
    ]
    rates = fit_rates(noisy, startup_seconds=0.0)
    assert min(rates.features) >= 0.0
    assert 0.1 < rates.error < 0.4
    for one in noisy:
        assert rates.image_seconds(one.work) == pytest.approx(one.image_seconds, rel=0.6)


def test_one_network_is_enough_and_none_is_not() -> None:
    rates = fit_rates([measured(WORKS[0])], startup_seconds=0.0)
    assert rates.image_seconds(WORKS[0]) == pytest.approx(measured(WORKS[0]).image_seconds)
    with pytest.raises(ValueError, match="at least one"):
        fit_rates([], startup_seconds=0.0)


def test_a_trial_is_the_sum_of_its_segments_however_many_there_are() -> None:
    rates = Rates(
        features=TRUE,
        answer_share=0.0,
        first_step_per_layer=0.1,
        first_look_per_layer=0.0,
        overhead=0.0,
        startup=0.0,
        error=0.0,
        networks=6,
    )
    work = WORKS[3]
    whole = list(rates.segments(work, IMAGES, epochs=8, rungs=()))
    parts = list(rates.segments(work, IMAGES, epochs=8, rungs=(1, 4, 16, 64)))
    assert [step for step, _ in parts] == [1, 4, 16, 32]
    assert sum(seconds for _, seconds in parts) == pytest.approx(whole[0][1])
    expected = 8 * 50_000 * rates.image_seconds(work) + 0.1 * work.layers
    assert whole == [(32, pytest.approx(expected))]


def test_looks_cost_their_images() -> None:
    rates = Rates(
        features=(1e-9, 0.0, 0.0, 0.0),
        answer_share=0.5,
        first_step_per_layer=0.0,
        first_look_per_layer=0.0,
        overhead=0.0,
        startup=0.0,
        error=0.0,
        networks=6,
    )
    work = Workload(flops=1000, values=1, parameters=1, layers=1, batch_size=1)
    (_, first), (_, second), (_, third) = rates.segments(work, IMAGES, epochs=2, rungs=(1, 5))
    assert first == pytest.approx(1e-6 * (12_500 + 0.5 * 2_000))
    # The whole look at the end of the first epoch, and a rung's within the second.
    assert second == pytest.approx(1e-6 * (50_000 + 0.5 * (10_000 + 2_000)))
    assert third == pytest.approx(1e-6 * (37_500 + 0.5 * 10_000))


def test_work_counts_what_every_layer_gives_out() -> None:
    network = Network(layers=(Conv(filters=4, kernel=3), Pool(), Flatten(), Dense(units=10)))
    config = RunConfig(model=network, training=Training(optimizer=Adam(), batch_size=32, epochs=1))
    work = workload_of(config)
    assert work is not None
    assert work.values == 26 * 26 * 4 + 2 * 13 * 13 * 4 + 10 + 10
    assert work.layers == 5
    assert math.isclose(work.features[3], 5 / 32)
    without = Network(layers=(Conv(filters=4, kernel=3),))
    assert workload_of(config.model_copy(update={"model": without})) is None


@pytest.mark.parametrize(("tolerance", "steps"), [(None, [4, 16, 32]), (1e-3, [32])])
def test_a_linear_classifier_is_looked_at_between_epochs_or_not_at_all(
    tolerance: float | None, steps: list[int]
) -> None:
    model = LinearClassifier(tolerance=tolerance)
    training = Training(optimizer=SGD(), batch_size=1, epochs=8)
    work = workload_of(RunConfig(model=model, training=training))
    assert work is not None
    rates = fit_rates([measured(work)], startup_seconds=0.0)
    found = list(rates.segments(work, IMAGES, epochs=8, rungs=(1, 4, 16)))
    assert [step for step, _ in found] == steps
