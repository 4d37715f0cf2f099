"""Which executor a command gets, how many workers, and which number format."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never

from mnist_search.choices import Precision, PrecisionChoice
from mnist_search.errors import UsageError
from mnist_search.execution.base import Executor
from mnist_search.specs import Environment, available_cores, measure_capacity

TRAINER_VARIABLE = "MNIST_SEARCH_TRAINER"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterOptions:
    """Which Ray cluster, `auto` or HOST:PORT, and what it reserves for each worker."""

    address: str
    worker_cpus: int = 1
    worker_gpus: float = 0


def create_executor(
    workers: int,
    *,
    cluster: ClusterOptions | None = None,
    grows: bool = False,
    threads: int | None = None,
    log_folder: Path | None = None,
    memory_limit_bytes: int | None = None,
    environ: Mapping[str, str],
) -> Executor:
    """Return an executor with `workers` slots whose workers are starting already.

    With `cluster` they are actors there, of which there are more when machines join if it `grows`.
    `threads` is for each worker of this machine, None shares the cores out; `memory_limit_bytes`
    ends a job whose worker holds more. `MNIST_SEARCH_TRAINER` in `environ` is this project's own
    seam for tests, as hyperfine has its mock executor: the dotted name of a module that the
    workers import in the place of `mnist_search.training`, or `module:function`, which is called
    with `workers` and returns another executor.

    Raises:
        UsageError: fewer than one worker or thread.
        ClusterError: no cluster answers.
    """
    # Imported here: a report reads studies, and needs no worker.
    from mnist_search.execution.local import TRAINER, LocalExecutor

    trainer = environ.get(TRAINER_VARIABLE, TRAINER)
    module, _, function = trainer.partition(":")
    if function:
        build: Callable[[int], Executor] = getattr(importlib.import_module(module), function)
        return build(workers)
    if cluster is not None:
        from mnist_search.execution.cluster import ClusterExecutor
        from mnist_search.execution.connection import Connection

        return ClusterExecutor(
            workers,
            connection=Connection(cluster.address),
            grows=grows,
            worker_cpus=cluster.worker_cpus,
            worker_gpus=cluster.worker_gpus,
            trainer=trainer,
            memory_limit_bytes=memory_limit_bytes,
            variables=environ,
        )
    executor = LocalExecutor(
        workers,
        threads=threads,
        trainer=trainer,
        log_folder=log_folder,
        memory_limit_bytes=memory_limit_bytes,
    )
    executor.start()
    return executor


@dataclass(frozen=True, slots=True, kw_only=True)
class Workers:
    """How many workers, and on which cluster; `reason` is None where a number was asked for."""

    count: int
    reason: str | None = None
    cluster: ClusterOptions | None = None

    @property
    def threads(self) -> int:
        """Return how many threads each has."""
        if self.cluster is not None:
            return self.cluster.worker_cpus
        return max(1, available_cores() // self.count)


def resolve_workers(text: str, cluster: ClusterOptions | None = None) -> Workers:
    """Return the workers that a number or `auto` asks for.

    `auto` is what the cores and the memory of this machine, or of its container, carry, or what
    fits into the cluster. It is asked in any case: one that is not there is to be told before
    anything is made.

    Raises:
        UsageError: neither `auto` nor a whole number of at least 1.
        ClusterError: no cluster answers.
    """
    count: int | None = None
    if text.strip().lower() != "auto":
        with suppress(ValueError):
            count = int(text)
        if count is None or count < 1:
            raise UsageError(f"workers must be auto or a whole number of at least 1, got {text!r}")
    if cluster is not None:
        return _resolve_in_cluster(count, cluster)
    if count is not None:
        return Workers(count=count)
    capacity = measure_capacity()
    return Workers(count=capacity.workers, reason=capacity.reason)


def _resolve_in_cluster(count: int | None, cluster: ClusterOptions) -> Workers:
    from mnist_search.execution.connection import Connection

    with closing(Connection(cluster.address)) as connection:
        fitting = connection.fitting(cluster.worker_cpus, cluster.worker_gpus)
        machines = len(connection.nodes)
    if count is not None:
        return Workers(count=count, cluster=cluster)
    reason = f"what fits into {machines} machine{'' if machines == 1 else 's'}"
    # Asking for one that does not fit makes a cluster grow that can.
    return Workers(count=max(1, fitting), reason=reason, cluster=cluster)


def resolve_precision(choice: PrecisionChoice, here: Environment) -> Precision:
    """Return what a choice comes to on a machine.

    `auto` is bfloat16 where the processor multiplies in it, else float32: elsewhere bfloat16 is
    slower. A graphics card plays no part, since workers may not have TensorFlow's support for it.
    """
    match choice:
        case "auto":
            return "bfloat16" if here.fast_bfloat16 else "float32"
        case "float32" | "bfloat16":
            return choice
        case _:
            assert_never(choice)
