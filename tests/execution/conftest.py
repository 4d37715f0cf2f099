"""Jobs and executors for the tests of the executors."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mnist_search.execution.local import LocalExecutor
from mnist_search.specs import (
    Adam,
    BatchNorm,
    Conv,
    DatasetRef,
    Dense,
    Flatten,
    Job,
    Model,
    Network,
    Optimizer,
    Protocol,
    RunConfig,
    Training,
)
from tests.execution.driving import Build, MakeJob

DATASET = DatasetRef(name="mnist", digest="0" * 16, train_images=60_000, test_images=10_000)
ADAM = Adam()
SMALL_CNN = Network(layers=(Conv(filters=8, kernel=3), BatchNorm(), Flatten(), Dense(units=32)))


@pytest.fixture(scope="session")
def make_job() -> MakeJob:
    def make(
        number: int,
        *,
        seed: int = 0,
        epochs: int = 2,
        rungs: tuple[int, ...] = (),
        model: Model = SMALL_CNN,
        optimizer: Optimizer = ADAM,
        protocol: Protocol = "held-out",
    ) -> Job:
        training = Training(optimizer=optimizer, batch_size=128, epochs=epochs)
        config = RunConfig(model=model, training=training, protocol=protocol)
        return Job(number=number, config=config, seed=seed, dataset=DATASET, rungs=rungs)

    return make


@pytest.fixture
def build() -> Iterator[Build]:
    built: list[LocalExecutor] = []

    def make(workers: int = 1, **options: object) -> LocalExecutor:
        executor = LocalExecutor(workers, trainer="tests.support.hostile", **options)  # type: ignore[arg-type]
        built.append(executor)
        return executor

    yield make
    for executor in built:
        executor.close()
