"""Jobs and executors for the tests of the executors."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from mnist_search.datasets import resolve
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

ADAM = Adam()
SMALL_CNN = Network(layers=(Conv(filters=8, kernel=3), BatchNorm(), Flatten(), Dense(units=32)))


@pytest.fixture(scope="session")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> DatasetRef:
    """Return images that are there, a few, which a cluster sends; they pass for MNIST."""
    path = tmp_path_factory.mktemp("images") / "mnist.npz"
    labels = np.arange(60, dtype=np.uint8) % 10
    images = np.repeat(labels, 28 * 28).reshape(-1, 28, 28)
    np.savez(path, x_train=images, y_train=labels, x_test=images[:10], y_test=labels[:10])
    found = resolve(str(path), environ={})
    return found.model_copy(update={"train_images": 60_000, "test_images": 10_000})


@pytest.fixture(scope="session")
def make_job(dataset: DatasetRef) -> MakeJob:
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
        return Job(number=number, config=config, seed=seed, dataset=dataset, rungs=rungs)

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
