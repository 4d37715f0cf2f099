"""Small Ray clusters for tests: a head without workers, and nodes, all on this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

ROOT = Path(__file__).parents[2]
STORE_BYTES = 80_000_000


@contextmanager
def ray_cluster(nodes: int) -> Iterator[Any]:
    """Start a cluster whose nodes have one CPU each."""
    import ray
    from ray.cluster_utils import Cluster

    with pytest.MonkeyPatch.context() as patch:
        # What the nodes import, this very project above all.
        patch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        cluster = Cluster(initialize_head=True, head_node_args=node_arguments(cpus=0))
        try:
            for _ in range(nodes):
                add_node(cluster)
            yield cluster
        finally:
            # It refuses to while this process is connected.
            ray.shutdown()
            cluster.shutdown()


def add_node(
    cluster: Any, *, cpus: int = 1, gpus: int = 0, variables: Mapping[str, str] | None = None
) -> Any:
    """Let a node join, whose processes have these variables besides."""
    more = {} if variables is None else {"env_vars": dict(variables)}
    with pytest.MonkeyPatch.context() as patch:
        # Ray would take what tests hide for all that the node has.
        patch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
        return cluster.add_node(**node_arguments(cpus=cpus), num_gpus=gpus, **more)


def node_arguments(*, cpus: int) -> dict[str, Any]:
    return {"num_cpus": cpus, "object_store_memory": STORE_BYTES, "include_dashboard": False}


def workers_of_nodes(word: str) -> list[psutil.Process]:
    """Return the processes of all nodes whose command line has a word in it."""
    found = []
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            if word in " ".join(process.cmdline()) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found
