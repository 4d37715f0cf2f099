"""Small jobs on the embedded digits, with one thread."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from mnist_search.datasets import resolve
from mnist_search.specs import Adam, DatasetRef, Dense, Flatten, Job, Network, RunConfig, Training

# Before TensorFlow is imported, as the process that spawns a worker does it. One thread adds
# up in one order.
for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"):
    os.environ[name] = "1"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["KERAS_BACKEND"] = "tensorflow"

SMALL = Network(layers=(Flatten(), Dense(units=16)))


@pytest.fixture(scope="session")
def digits() -> DatasetRef:
    """Return the embedded digits: 1,250 to train on, 250 held out, 297 to test."""
    return resolve("digits", environ={})


@pytest.fixture
def make_job(digits: DatasetRef) -> Callable[..., Job]:
    """Return a maker of jobs; what is not named is small."""

    def make(
        model=SMALL,
        *,
        seed=1,
        protocol="held-out",
        raw_test_pixels=False,
        rungs=(),
        precision="float32",
        **training,
    ):
        recipe = {"optimizer": Adam(), "batch_size": 100, "epochs": 1, **training}
        return Job(
            number=0,
            config=RunConfig(
                model=model,
                training=Training(**recipe),
                protocol=protocol,
                raw_test_pixels=raw_test_pixels,
            ),
            seed=seed,
            dataset=digits,
            rungs=rungs,
            precision=precision,
        )

    return make
