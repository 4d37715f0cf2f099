"""Which executor a command gets, and how many workers."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from mnist_search.errors import UsageError
from mnist_search.execution.base import Executor
from mnist_search.execution.devices import deal_gpus
from mnist_search.paths import shorten
from mnist_search.specs import Device, available_cores, measure_capacity

TRAINER_VARIABLE = "MNIST_SEARCH_TRAINER"
# All of them start at once: what is beyond every machine is a slip of the finger.
MOST_WORKERS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterOptions:
    """Which Ray cluster, `auto` or HOST:PORT, and what it reserves for each worker."""

    address: str
    worker_cpus: int = 1
    worker_gpus: float = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Workers:
    """How many workers, and on which cluster or GPUs of this machine, by their numbers for CUDA.

    `reason` is None where a number was asked for.
    """

    count: int
    reason: str | None = None
    gpus: Mapping[str, Device] = field(default_factory=dict)
    cluster: ClusterOptions | None = None

    @property
    def threads(self) -> int:
        """Return how many threads each has."""
        if self.cluster is not None:
            return self.cluster.worker_cpus
        return max(1, available_cores() // self.count)


def create_executor(
    workers: Workers,
    *,
    log_folder: Path | None = None,
    memory_limit_bytes: int | None = None,
    environ: Mapping[str, str],
) -> Executor:
    """Return an executor with so many slots, whose workers are starting already.

    In a cluster there are more of them when machines join, unless a number was asked for. On this
    machine each worker sees one of the GPUs, or none. `memory_limit_bytes` ends a job whose worker
    holds more.

    `MNIST_SEARCH_TRAINER` in `environ` is this project's own seam for tests, as hyperfine has its
    mock executor: the dotted name of a module that the workers import in the place of
    `mnist_search.training`, or `module:function`, which is called with the number of workers and
    returns another executor.

    Raises:
        ClusterError: no cluster answers.
    """
    # Imported here: a report reads studies, and needs no worker.
    from mnist_search.execution.local import TRAINER, LocalExecutor

    trainer = environ.get(TRAINER_VARIABLE, TRAINER)
    module, _, function = trainer.partition(":")
    if function:
        build: Callable[[int], Executor] = getattr(importlib.import_module(module), function)
        return build(workers.count)
    cluster = workers.cluster
    if cluster is not None:
        from mnist_search.execution.cluster import ClusterExecutor
        from mnist_search.execution.connection import Connection

        return ClusterExecutor(
            workers.count,
            connection=Connection(cluster.address),
            grows=workers.reason is not None,
            worker_cpus=cluster.worker_cpus,
            worker_gpus=cluster.worker_gpus,
            trainer=trainer,
            memory_limit_bytes=memory_limit_bytes,
            variables=environ,
        )
    executor = LocalExecutor(
        workers.count,
        devices=deal_gpus(workers.count, [*workers.gpus]),
        trainer=trainer,
        log_folder=log_folder,
        memory_limit_bytes=memory_limit_bytes,
    )
    executor.start()
    return executor


def resolve_workers(
    text: str,
    cluster: ClusterOptions | None = None,
    *,
    gpus: Mapping[str, Device] | None = None,
    per_gpu: int = 1,
) -> Workers:
    """Return the workers that a number or `auto` asks for, on `gpus` if there are any.

    `auto` is what the cores and the memory of this machine, or of its container, carry, or
    `per_gpu` for each GPU, or what fits into the cluster. That is asked in any case: one that is
    not there is to be told before anything is made.

    Raises:
        UsageError: neither `auto` nor a whole number of at least 1, or more than the GPUs carry.
        ClusterError: no cluster answers.
    """
    count: int | None = None
    if text.strip().lower() != "auto":
        with suppress(ValueError):
            count = int(text)
        if count is None or count < 1:
            raise UsageError(
                f"workers must be auto or a whole number of at least 1, got {shorten(repr(text))}"
            )
    if cluster is not None:
        return _resolve_in_cluster(count, cluster)
    if gpus:
        return _resolve_on_gpus(count, gpus, per_gpu)
    if count is not None:
        if count > MOST_WORKERS:
            raise UsageError(
                f"workers must be at most {MOST_WORKERS:,} on one machine, got {shorten(text)}"
            )
        return Workers(count=count)
    capacity = measure_capacity()
    return Workers(count=capacity.workers, reason=capacity.reason)


def _resolve_on_gpus(count: int | None, gpus: Mapping[str, Device], per_gpu: int) -> Workers:
    room = len(gpus) * per_gpu
    what = "1 GPU" if len(gpus) == 1 else f"{len(gpus)} GPUs"
    if count is None:
        shared = "" if per_gpu == 1 else f", {per_gpu} workers on each"
        return Workers(count=room, reason=f"{what}{shared}", gpus=gpus)
    if count > room:
        raise UsageError(
            f"workers must be at most {room} on {what}, got {count}",
            hint=f"--workers-per-gpu {-(-count // len(gpus))} lets more share a GPU; "
            "--device cpu goes without",
        )
    return Workers(count=count, gpus=gpus)


def _resolve_in_cluster(count: int | None, cluster: ClusterOptions) -> Workers:
    from mnist_search.execution.connection import Connection

    with closing(Connection(cluster.address)) as connection:
        size = cluster.worker_cpus, cluster.worker_gpus
        fitting = [node.fitting(*size) for node in connection.nodes]
        unused = 0.0 if cluster.worker_gpus else sum(node.gpus for node in connection.nodes)
    if count is not None:
        return Workers(count=count, cluster=cluster)
    machines = sum(each > 0 for each in fitting)
    reason = f"what fits into {machines} machine{'' if machines == 1 else 's'}"
    if unused:
        reason = f"{reason}, without --device gpu for {unused:g} GPU{'' if unused == 1 else 's'}"
    # Asking for one that does not fit makes a cluster grow that can.
    return Workers(count=max(1, sum(fitting)), reason=reason, cluster=cluster)
