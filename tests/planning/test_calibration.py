"""A moment of training, with the surrogate in place of a machine."""

from __future__ import annotations

import pytest

from mnist_search.datasets import resolve
from mnist_search.errors import BudgetError
from mnist_search.execution import Workers, create_executor
from mnist_search.planning.calibration import (
    FEWEST_NETWORKS,
    KERNEL_IMAGES,
    Calibration,
    calibrate,
    choose_networks,
    usual_networks,
)
from mnist_search.planning.costs import Images, images_of, workload_of
from mnist_search.spaces import SearchSpace, find_space
from mnist_search.specs import DatasetRef, RunConfig
from mnist_search.studies import Interrupt
from tests.support.fake import FakeExecutor
from tests.support.surrogate import FAULTS_VARIABLE, FLOPS_PER_SECOND, surrogate_trainer

MNIST = DatasetRef(name="mnist", digest="0" * 16, train_images=60_000, test_images=10_000)


@pytest.fixture(scope="module")
def configs() -> list[RunConfig]:
    space: SearchSpace = find_space("cnn")
    defaults = space.defaults()
    return [
        space.config(
            {**defaults, "filters_1": first, "filters_2": second, "batch_size": batch}, epochs=8
        )
        for first in (8, 16, 32)
        for second in (8, 16, 32, 64)
        for batch in (32, 200)
    ]


def measure(configs: list[RunConfig], workers: int = 2, level: int = 0) -> Calibration | None:
    interrupt = Interrupt()
    interrupt.level = level
    return calibrate(
        configs,
        lambda: FakeExecutor(workers, surrogate_trainer),
        dataset=MNIST,
        precision="float32",
        seed=1,
        interrupt=interrupt,
        clock=lambda: 0.0,
    )


def flops(config: RunConfig) -> int:
    work = workload_of(config)
    assert work is not None
    return work.flops


def test_images_are_those_of_a_trial() -> None:
    assert images_of(MNIST) == Images(train=50_000, validation=10_000, rung=2_000)
    few = MNIST.model_copy(update={"train_images": 600})
    assert images_of(few) == Images(train=500, validation=100, rung=100)


@pytest.mark.parametrize("workers", [1, 2, 4, 8])
def test_every_worker_gets_as_many_networks(configs: list[RunConfig], workers: int) -> None:
    chosen = choose_networks(configs, workers=workers)
    assert len(chosen) % workers == 0
    assert len(chosen) >= FEWEST_NETWORKS
    sizes = sorted(flops(config) for config in configs)
    assert min(map(flops, chosen)) < sizes[len(sizes) // 4]
    assert max(map(flops, chosen)) > sizes[3 * len(sizes) // 4]
    for config in chosen:
        assert config.training.epochs == 1
        assert KERNEL_IMAGES[0] <= (config.training.train_images or 0) <= KERNEL_IMAGES[1]


def test_usual_networks_have_the_activations_of_the_default(configs: list[RunConfig]) -> None:
    space = find_space("cnn")
    dear = [
        space.config({**space.defaults(), "activation": "gelu", "batch_size": batch}, epochs=8)
        for batch in range(32, 82)
    ]
    assert usual_networks([*dear, *configs], configs[0]) == configs
    # too few of them: all
    assert usual_networks([*dear, *configs[:3]], configs[0]) == [*dear, *configs[:3]]


def test_a_space_of_one_point_gives_it_several_times(configs: list[RunConfig]) -> None:
    assert len(choose_networks(configs[:1], workers=2)) == FEWEST_NETWORKS
    assert choose_networks([], workers=2) == []


def test_the_speed_comes_out(configs: list[RunConfig]) -> None:
    found = measure(choose_networks(configs, workers=2))
    assert found is not None
    assert (found.failed, found.contended) == (0, 0)
    work = workload_of(configs[5])
    assert work is not None
    # The surrogate says three passes of a given speed for each image.
    assert found.rates.image_seconds(work) == pytest.approx(
        3 * work.flops / FLOPS_PER_SECOND, rel=0.05
    )


def test_networks_that_fail_are_counted_and_all_of_them_are_an_error(
    configs: list[RunConfig], monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = choose_networks(configs, workers=2)
    monkeypatch.setenv(FAULTS_VARIABLE, "0=error")
    found = measure(chosen)
    assert found is not None
    assert (found.failed, found.rates.networks) == (1, len(chosen) - 1)
    monkeypatch.setenv(FAULTS_VARIABLE, "*=error")
    with pytest.raises(BudgetError, match=r"none of 6 networks .* error: RuntimeError"):
        measure(chosen)


def test_a_user_who_stops_gets_no_plan(configs: list[RunConfig]) -> None:
    assert measure(choose_networks(configs, workers=2), level=1) is None


@pytest.mark.slow
def test_a_real_worker_is_timed(configs: list[RunConfig]) -> None:
    digits = resolve("digits", environ={}, notice=lambda _: None)
    found = calibrate(
        choose_networks(configs, workers=1)[:2],
        lambda: create_executor(Workers(count=1), environ={}),
        dataset=digits,
        precision="float32",
        seed=1,
        interrupt=Interrupt(),
    )
    assert found is not None
    rates = found.rates
    assert (rates.networks, found.failed) == (2, 0)
    work = workload_of(configs[5])
    assert work is not None
    assert 1e-7 < rates.image_seconds(work) < 1.0
    assert rates.startup > 0
    assert rates.overhead > 0
    assert rates.first_step_per_layer > 0
    assert 0 < rates.answer_share < 5
