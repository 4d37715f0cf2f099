"""The machine: what is measured on it with which versions, and how much it can carry."""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import metadata
from pathlib import Path

from mnist_search.choices import DeviceKind
from mnist_search.specs._frozen import Frozen

# What a worker holds with TensorFlow, MNIST and a network of the spaces.
WORKER_MEMORY_BYTES = 1_300_000_000
ROOT = Path("/")
PACKAGES = ("mnist-search", "tensorflow", "keras", "optuna", "keras-tuner", "scikit-learn", "numpy")


# In the environment of a worker that trains on a GPU: how many workers share that GPU.
GPU_WORKERS = "MNIST_SEARCH_GPU_WORKERS"
# From this compute capability on (Ampere), NVIDIA's GPUs multiply in bfloat16.
FAST_BFLOAT16 = (8, 0)


class Device(Frozen):
    """What networks are trained on, by `workers` processes at once; a name of None is unknown."""

    kind: DeviceKind = "cpu"
    name: str | None = None
    compute_capability: tuple[int, int] | None = None
    workers: int = 1

    @property
    def label(self) -> str:
        """Return the name, and how many workers share it."""
        name = f"unknown {self.kind}" if self.name is None else self.name
        return name if self.workers == 1 else f"{name} shared by {self.workers} workers"


class Environment(Frozen):
    """Where a run was measured; times of different `machine_id`s are never ranked together.

    Records that are older than `device` are of the CPU.
    """

    system: str
    python: str
    processor: str
    cores: int
    memory_bytes: int | None
    features: tuple[str, ...]
    packages: dict[str, str]
    device: Device = Device()

    @cached_property
    def machine_id(self) -> str:
        """Return 8 hex digits for processor and features, cores, memory in GiB, system and GPU."""
        memory = None if self.memory_bytes is None else round(self.memory_bytes / 2**30)
        # Virtual machines give processors of several generations one name.
        processor = " ".join((self.processor, *self.features))
        facts = f"{processor}|{self.cores}|{memory}|{self.system.split('-')[0]}"
        if self.device.kind == "gpu":
            facts = f"{facts}|{self.device.label}"
        return hashlib.blake2b(facts.encode(), digest_size=4).hexdigest()

    @property
    def fast_bfloat16(self) -> tuple[str, ...]:
        """Return the features of the device by which bfloat16 is faster than float32."""
        if self.device.kind == "gpu":
            capability = self.device.compute_capability
            if capability is None or capability < FAST_BFLOAT16:
                return ()
            return (f"compute capability {capability[0]}.{capability[1]}",)
        return tuple(name for name in self.features if name in ("avx512_bf16", "amx_bf16"))

    @property
    def summary(self) -> str:
        """Return one line for the foot of a table."""
        tensorflow = self.packages.get("tensorflow", "?")
        keras = self.packages.get("keras", "?")
        gpu = f"{self.device.label} beside " if self.device.kind == "gpu" else ""
        return (
            f"{gpu}{self.processor}, {self.cores} cores, Python {self.python}, "
            f"TensorFlow {tensorflow}, Keras {keras} (machine {self.machine_id})"
        )


def describe_environment(root: Path = ROOT, *, device: Device | None = None) -> Environment:
    """Describe this machine and the installed versions, without importing any of them.

    `root` is where the system's files lie; a `device` of None is the processor.
    """
    info = _cpu_info(root)
    flags = set(info.get("flags", "").split())
    wanted = ("avx2", "avx512f", "avx512_bf16", "amx_bf16")
    processor = info.get("model name") or _brand(root) or platform.machine()
    return Environment(
        system=platform.platform(aliased=True, terse=True),
        python=platform.python_version(),
        processor=processor,
        cores=available_cores(root),
        memory_bytes=_memory_bytes(),
        features=tuple(name for name in wanted if name in flags),
        packages=_versions(),
        device=Device(name=processor) if device is None else device,
    )


def _cpu_info(root: Path) -> dict[str, str]:
    try:
        text = (root / "proc/cpuinfo").read_text()
    except OSError:
        return {}
    first = text.split("\n\n", 1)[0]
    pairs = (line.split(":", 1) for line in first.splitlines() if ":" in line)
    return {key.strip(): value.strip() for key, value in pairs}


def _brand(root: Path) -> str:
    """Return the processor's name where `sysctl` knows it, as on macOS, else nothing."""
    import subprocess

    command = [str(root / "usr/sbin/sysctl"), "-n", "machdep.cpu.brand_string"]
    try:
        told = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return told.stdout.strip()


def _memory_bytes() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return None


@cache
def _versions() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


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


def core_quota(root: Path = ROOT) -> float | None:
    """Return how many cores the quota of a container or service allows, None without one."""
    return min(_core_quotas(root), default=None)


def available_memory_bytes(root: Path = ROOT) -> int | None:
    """Return how much memory new processes can have, None where the system does not tell."""
    import psutil

    with suppress(OSError, psutil.Error):
        return min([int(psutil.virtual_memory().available), *_memory_left(root)])
    return None


def _core_quotas(root: Path) -> Iterator[float]:
    for group in _groups(root, "cpu"):
        with suppress(OSError, ValueError, ZeroDivisionError):
            quota, period = (group / "cpu.max").read_text().split()
            yield int(quota) / int(period)
        with suppress(OSError, ValueError, ZeroDivisionError):
            quota = (group / "cpu.cfs_quota_us").read_text()
            if int(quota) > 0:
                yield int(quota) / int((group / "cpu.cfs_period_us").read_text())


def _memory_left(root: Path) -> Iterator[int]:
    names = (
        ("memory.max", "memory.current", "inactive_file"),
        # Beyond this one a group is slowed down until it is of no use.
        ("memory.high", "memory.current", "inactive_file"),
        ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    )
    for group in _groups(root, "memory"):
        for limit, used, inactive in names:
            with suppress(OSError, ValueError):
                left = int((group / limit).read_text()) - int((group / used).read_text())
                # Pages of files give way, as in what the kernel calls available.
                yield max(0, left + _statistic(group / "memory.stat", inactive))


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
