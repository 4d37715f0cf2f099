"""How many cores and how much memory this process may use, also where a container limits them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

# What a worker holds with TensorFlow, MNIST and a network of the spaces.
WORKER_MEMORY_BYTES = 1_300_000_000
ROOT = Path("/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """What this machine can carry now; `memory_bytes` is None where nobody tells."""

    cores: int
    memory_bytes: int | None

    @property
    def workers(self) -> int:
        """Return how many workers have a core and memory of their own, at least 1."""
        fitting = self.cores if self._memory_for is None else min(self.cores, self._memory_for)
        return max(1, fitting)

    @property
    def reason(self) -> str:
        """Return why it is as many, such as `2 cores; memory for 17`."""
        cores = "1 core" if self.cores == 1 else f"{self.cores} cores"
        memory = "memory unknown" if self._memory_for is None else f"memory for {self._memory_for}"
        return f"{cores}; {memory}"

    @property
    def _memory_for(self) -> int | None:
        return None if self.memory_bytes is None else self.memory_bytes // WORKER_MEMORY_BYTES


def measure_capacity(root: Path = ROOT) -> Capacity:
    """Return the cores and the free memory; `root` is where the kernel's files lie."""
    return Capacity(cores=available_cores(root), memory_bytes=available_memory_bytes(root))


def available_cores(root: Path = ROOT) -> int:
    """Return how many cores this process may keep busy, by affinity and by quota, at least 1."""
    # macOS has no affinity.
    affine = hasattr(os, "sched_getaffinity")
    cores = len(os.sched_getaffinity(0)) if affine else os.cpu_count() or 1
    return max(1, min([cores, *map(int, _core_quotas(root))]))


def available_memory_bytes(root: Path = ROOT) -> int | None:
    """Return how much memory new processes can have, None where the system does not tell."""
    import psutil

    with suppress(OSError, psutil.Error):
        return min([int(psutil.virtual_memory().available), *_memory_left(root)])
    return None


def _core_quotas(root: Path) -> Iterator[float]:
    for group in _groups(root, "cpu"):
        with suppress(OSError, ValueError):
            quota, period = (group / "cpu.max").read_text().split()
            yield int(quota) / int(period)
        with suppress(OSError, ValueError):
            quota = (group / "cpu.cfs_quota_us").read_text()
            if int(quota) > 0:
                yield int(quota) / int((group / "cpu.cfs_period_us").read_text())


def _memory_left(root: Path) -> Iterator[int]:
    names = (
        ("memory.max", "memory.current", "inactive_file"),
        ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    )
    for group in _groups(root, "memory"):
        for limit, used, cache in names:
            with suppress(OSError, ValueError):
                left = int((group / limit).read_text()) - int((group / used).read_text())
                # Pages of files give way, as in what the kernel calls available.
                yield max(0, left + _statistic(group / "memory.stat", cache))


def _statistic(path: Path, name: str) -> int:
    for line in path.read_text().splitlines():
        key, _, value = line.partition(" ")
        if key == name:
            return int(value)
    return 0


def _groups(root: Path, controller: str) -> Iterator[Path]:
    """Yield the control groups that bound this process, from its own to the outermost.

    A limit may be set on any of them. Within a container the path may be the host's, or lead out
    of what is mounted; the outermost group that is to be seen is then the container's own.
    """
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controllers == "":
            mounts = ["sys/fs/cgroup", "sys/fs/cgroup/unified"]
        elif controller in controllers.split(","):
            mounts = [f"sys/fs/cgroup/{controllers}"]
            mounts += [f"sys/fs/cgroup/{controller}"] * (controller != controllers)
        else:
            continue
        for mount in mounts:
            inner = Path(path.lstrip("/"))
            if ".." in inner.parts:
                inner = Path()
            for part in (inner, *inner.parents):
                yield root / mount / part
