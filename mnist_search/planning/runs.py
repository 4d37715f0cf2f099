"""How long a list of runs will take, each trained to its end."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

from mnist_search.planning.costs import Rates, images_of, workload_of
from mnist_search.specs import DatasetRef, RunConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedRuns:
    """What runs will cost: seconds of the clock with so many workers, and of all of them.

    `error` is the relative error of one run's seconds.
    """

    runs: int
    workers: int
    wall_seconds: float
    worker_seconds: float
    error: float


def expect_runs(
    configs: Sequence[RunConfig], rates: Rates, dataset: DatasetRef, *, workers: int
) -> ExpectedRuns:
    """Return what runs will cost that are taken in this order, one for each configuration."""
    images = images_of(dataset)
    free_at = [rates.startup] * workers
    total = 0.0
    for config in configs:
        work = workload_of(config)
        if work is None:
            continue
        epochs = config.training.epochs
        segments = rates.segments(work, images, epochs=epochs, rungs=())
        seconds = rates.overhead + sum(segment for _, segment in segments)
        total += seconds
        heapq.heapreplace(free_at, free_at[0] + seconds)
    return ExpectedRuns(
        runs=len(configs),
        workers=workers,
        wall_seconds=max(free_at) if configs else 0.0,
        worker_seconds=total,
        error=rates.error,
    )
