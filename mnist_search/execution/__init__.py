"""Where jobs run: warm worker processes of this machine, or a function in their place."""

from mnist_search.execution.base import (
    Event,
    Executor,
    Finished,
    Notice,
    Reported,
    Started,
    Stepped,
)
from mnist_search.execution.devices import find_gpus, gpu_is_there
from mnist_search.execution.factory import (
    ClusterOptions,
    Workers,
    create_executor,
    resolve_workers,
)

__all__ = [
    "ClusterOptions",
    "Event",
    "Executor",
    "Finished",
    "Notice",
    "Reported",
    "Started",
    "Stepped",
    "Workers",
    "create_executor",
    "find_gpus",
    "gpu_is_there",
    "resolve_workers",
]
