"""The machine and the versions behind a measurement."""

from __future__ import annotations

import hashlib
import os
import platform
from functools import cache, cached_property
from importlib import metadata
from pathlib import Path

from mnist_search.specs._frozen import Frozen
from mnist_search.specs.machine import ROOT, available_cores

PACKAGES = ("mnist-search", "tensorflow", "keras", "optuna", "keras-tuner", "scikit-learn", "numpy")


class Environment(Frozen):
    """Where a run was measured; times of different `machine_id`s are never ranked together."""

    system: str
    python: str
    processor: str
    cores: int
    memory_bytes: int | None
    features: tuple[str, ...]
    packages: dict[str, str]

    @cached_property
    def machine_id(self) -> str:
        """Return 8 hex digits for processor and features, cores, memory in GiB and system."""
        memory = None if self.memory_bytes is None else round(self.memory_bytes / 2**30)
        # Virtual machines give processors of several generations one name.
        processor = " ".join((self.processor, *self.features))
        facts = f"{processor}|{self.cores}|{memory}|{self.system.split('-')[0]}"
        return hashlib.blake2b(facts.encode(), digest_size=4).hexdigest()

    @property
    def fast_bfloat16(self) -> tuple[str, ...]:
        """Return the processor's features by which bfloat16 is faster than float32."""
        return tuple(name for name in self.features if name in ("avx512_bf16", "amx_bf16"))

    @property
    def summary(self) -> str:
        """Return one line for the foot of a table."""
        tensorflow = self.packages.get("tensorflow", "?")
        keras = self.packages.get("keras", "?")
        return (
            f"{self.processor}, {self.cores} cores, Python {self.python}, "
            f"TensorFlow {tensorflow}, Keras {keras} (machine {self.machine_id})"
        )


def describe_environment(root: Path = ROOT) -> Environment:
    """Describe this machine and the installed versions, without importing any of them.

    `root` is where the system's files lie.
    """
    info = _cpu_info(root)
    flags = set(info.get("flags", "").split())
    wanted = ("avx2", "avx512f", "avx512_bf16", "amx_bf16")
    return Environment(
        system=platform.platform(aliased=True, terse=True),
        python=platform.python_version(),
        processor=info.get("model name") or _brand(root) or platform.machine(),
        cores=available_cores(root),
        memory_bytes=_memory_bytes(),
        features=tuple(name for name in wanted if name in flags),
        packages=_versions(),
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
