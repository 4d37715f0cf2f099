"""Kind J: cores and memory are those that a container leaves."""

from __future__ import annotations

import os
from pathlib import Path

import psutil
import pytest

from mnist_search.specs import Capacity, available_cores, measure_capacity
from mnist_search.specs.environment import WORKER_MEMORY_BYTES, available_memory_bytes
from tests.troubles.conftest import Shell

GIB = 2**30
NONE_V1 = "9223372036854771712"


@pytest.fixture
def cores(monkeypatch: pytest.MonkeyPatch) -> int:
    """Let this process have eight cores, as the system tells."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)
    return 8


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


V2 = {"proc/self/cgroup": "0::/a/b\n"}
V1 = {
    "proc/self/cgroup": "9:name=systemd:/\n4:memory:/docker/x\n2:cpu,cpuacct:/docker/x\n3:pids:/\n"
}
GROUPS = {
    "no groups": ({}, 8),
    "no file of the group": (V2, 8),
    "nothing to read": (V2 | {"sys/fs/cgroup/a/b/cpu.max": "nonsense"}, 8),
    "no quota": (V2 | {"sys/fs/cgroup/a/b/cpu.max": "max 100000\n"}, 8),
    "its own": (V2 | {"sys/fs/cgroup/a/b/cpu.max": "300000 100000\n"}, 3),
    "a part of a core more": (V2 | {"sys/fs/cgroup/a/b/cpu.max": "370000 100000\n"}, 3),
    "periods of nothing": (V2 | {"sys/fs/cgroup/a/b/cpu.max": "100000 0\n"}, 8),
    "less than one": (V2 | {"sys/fs/cgroup/a/b/cpu.max": "50000 100000\n"}, 1),
    "more than there are": (V2 | {"sys/fs/cgroup/a/b/cpu.max": "6400000 100000\n"}, 8),
    "of a group above": (
        V2
        | {
            "sys/fs/cgroup/a/b/cpu.max": "max 100000\n",
            "sys/fs/cgroup/a/cpu.max": "200000 100000\n",
            "sys/fs/cgroup/cpu.max": "500000 100000\n",
        },
        2,
    ),
    "the container's own root": (V2 | {"sys/fs/cgroup/cpu.max": "200000 100000\n"}, 2),
    "leads out of the container": (
        {"proc/self/cgroup": "0::/../../x\n", "sys/fs/cgroup/cpu.max": "200000 100000\n"},
        2,
    ),
    "version 1": (
        V1
        | {
            "sys/fs/cgroup/cpu,cpuacct/docker/x/cpu.cfs_quota_us": "400000\n",
            "sys/fs/cgroup/cpu,cpuacct/docker/x/cpu.cfs_period_us": "100000\n",
        },
        4,
    ),
    "version 1, no quota": (
        V1
        | {
            "sys/fs/cgroup/cpu/docker/x/cpu.cfs_quota_us": "-1\n",
            "sys/fs/cgroup/cpu/docker/x/cpu.cfs_period_us": "100000\n",
        },
        8,
    ),
    "version 1, mounted from the container's root": (
        V1
        | {
            "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "150000\n",
            "sys/fs/cgroup/cpu/cpu.cfs_period_us": "50000\n",
        },
        3,
    ),
}


@pytest.mark.parametrize("case", GROUPS)
def test_cores_are_those_of_affinity_and_quota(case: str, tmp_path: Path, cores: int) -> None:
    files, expected = GROUPS[case]
    assert available_cores(write(tmp_path, files)) == expected


def test_cores_without_affinity(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert available_cores(tmp_path) == os.cpu_count()


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> int:
    """Let 64 GiB be free, as the system tells."""
    found = psutil.virtual_memory()._replace(available=64 * GIB)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: found)
    return 64 * GIB


def group_v2(folder: str, limit: int | str, used: int, cache: int = 0) -> dict[str, str]:
    return {
        f"sys/fs/cgroup/{folder}memory.max": f"{limit}\n",
        f"sys/fs/cgroup/{folder}memory.current": f"{used}\n",
        f"sys/fs/cgroup/{folder}memory.stat": f"anon 1\ninactive_file {cache}\nactive_file 7\n",
    }


def group_v1(folder: str, limit: int | str, used: int, cache: int = 0) -> dict[str, str]:
    return {
        f"sys/fs/cgroup/memory/{folder}memory.limit_in_bytes": f"{limit}\n",
        f"sys/fs/cgroup/memory/{folder}memory.usage_in_bytes": f"{used}\n",
        f"sys/fs/cgroup/memory/{folder}memory.stat": f"cache 5\ntotal_inactive_file {cache}\n",
    }


MEMORY = {
    "no groups": ({}, 64 * GIB),
    "no limit": (V2 | group_v2("a/b/", "max", GIB), 64 * GIB),
    "what is not used yet": (V2 | group_v2("a/b/", 8 * GIB, 3 * GIB), 5 * GIB),
    "pages of files give way": (V2 | group_v2("a/b/", 8 * GIB, 3 * GIB, 2 * GIB), 7 * GIB),
    "nothing left": (V2 | group_v2("a/b/", GIB, 2 * GIB), 0),
    "more than there is": (V2 | group_v2("a/b/", 512 * GIB, GIB), 64 * GIB),
    "of a group above": (
        V2 | group_v2("a/b/", "max", GIB) | group_v2("a/", 4 * GIB, GIB) | group_v2("", 9 * GIB, 0),
        3 * GIB,
    ),
    "what slows a group down": (
        V2 | group_v2("a/b/", "max", GIB) | {"sys/fs/cgroup/a/b/memory.high": f"{3 * GIB}\n"},
        2 * GIB,
    ),
    "version 1": (V1 | group_v1("docker/x/", 6 * GIB, 2 * GIB, GIB), 5 * GIB),
    "version 1, no limit": (V1 | group_v1("docker/x/", NONE_V1, 2 * GIB), 64 * GIB),
    "version 1, mounted from the container's root": (V1 | group_v1("", 2 * GIB, GIB), GIB),
}


@pytest.mark.parametrize("case", MEMORY)
def test_memory_is_what_the_machine_and_the_container_have_left(
    case: str, tmp_path: Path, free: int
) -> None:
    files, expected = MEMORY[case]
    assert available_memory_bytes(write(tmp_path, files)) == expected


@pytest.mark.parametrize(
    ("cores", "memory_bytes", "workers", "reason"),
    [
        (2, 17 * WORKER_MEMORY_BYTES, 2, "2 cores; memory for 17"),
        (8, 3 * WORKER_MEMORY_BYTES + 5, 3, "8 cores; memory for 3"),
        (1, 10**12, 1, "1 core; memory for 769"),
        (4, 10**6, 1, "4 cores; memory for 0"),
        (4, None, 4, "4 cores; memory unknown"),
    ],
)
def test_workers_are_what_both_carry(
    cores: int, memory_bytes: int | None, workers: int, reason: str
) -> None:
    capacity = Capacity(cores=cores, memory_bytes=memory_bytes)
    assert (capacity.workers, capacity.reason) == (workers, reason)


def test_this_machine_carries_a_worker() -> None:
    capacity = measure_capacity()
    assert capacity.cores == available_cores() >= 1
    assert capacity.memory_bytes is not None
    assert capacity.memory_bytes > 0


HALF_A_CORE = {
    "version 2": V2 | {"sys/fs/cgroup/a/cpu.max": "50000 100000\n"} | group_v2("a/", 3 * GIB, 0),
    "version 1": V1
    | {
        "sys/fs/cgroup/cpu,cpuacct/docker/x/cpu.cfs_quota_us": "25000\n",
        "sys/fs/cgroup/cpu,cpuacct/docker/x/cpu.cfs_period_us": "50000\n",
    }
    | group_v1("docker/x/", 3 * GIB, 0),
}


@pytest.mark.parametrize("version", HALF_A_CORE)
@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("run --space mlp -n 2 --study s", "1 worker x 1 thread (1 core; memory for 2)"),
        ("plan --space mlp", "1 at a time (1 core; memory for 2)"),
        ("bench mlp-784 --quick --workers auto", "1 worker x 1 thread (1 core; memory for 2)"),
        ("vary mlp-784 --set dropout=0,0.1 --seeds 1", "1 worker x 1 thread (1 core"),
        ("doctor --quick", "a quota of the container or service allows 0.5 of them"),
    ],
    ids=lambda words: words.split()[0],
)
def test_commands_under_a_quota(
    shell: Shell, tmp_path: Path, words: str, told: str, version: str
) -> None:
    root = write(tmp_path / "root", HALF_A_CORE[version])
    faked = (
        "import os\n"
        "from pathlib import Path\n"
        "os.sched_getaffinity = lambda pid: set(range(8))\n"
        "from mnist_search.commands import machine_checks\n"
        "from mnist_search.specs import environment as e\n"
        "for each in (e.available_cores, e.core_quota, e.available_memory_bytes,\n"
        "             e.measure_capacity, e.describe_environment, machine_checks.check_machine):\n"
        f"    each.__defaults__ = (Path({str(root)!r}),)\n"
    )
    done = shell(*words.split(), before=faked)
    assert done.returncode == 0, done.stderr
    assert told in (done.stdout + done.stderr).decode()
