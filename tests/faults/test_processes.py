"""Processes short of memory or cores, and how they are started."""

from __future__ import annotations

import os
import statistics
import sys
import types
from collections.abc import Callable
from typing import Any

import pytest

WORKERS = "tests.support.surrogate"

KILLED = """
import os, signal
from pathlib import Path
import tests.support.surrogate as surrogate
run_job = surrogate.run_job

def killed(job, report):
    if job.number == 1:
        with open("attempts", "a") as file:
            file.write(Path("/proc/self/oom_score_adj").read_text().strip() + "\\n")
        if len(Path("attempts").read_text().split()) < 6:
            os.kill(os.getpid(), signal.SIGKILL)
    return run_job(job, report)

surrogate.run_job = killed
"""


def attempts_of_a_killed_trial(line: Any, more: str = "") -> list[str]:
    """Search with a trial that the kernel kills again and again; return what was told of it."""
    arguments = line.search(3, "--workers", "1", "--pruner", "none")
    ended = line.run(arguments, trainer=WORKERS, sabotage=KILLED + more)
    assert ended.code == 0, ended.err
    line.study.whole(3)
    found: list[str] = (line.folder / "attempts").read_text().split()
    return found


def test_trial_that_the_kernel_kills_again_and_again(command_line: Any) -> None:
    # The kernel takes the worker, not the coordinator; the trial gets a second attempt, no third.
    assert attempts_of_a_killed_trial(command_line) == ["1000", "1000"]
    results = command_line.study.attributes("result")
    assert [results[number]["status"] == "failed" for number in range(3)] == [False, True, False]
    failure = results[1]["failure"]
    assert failure["kind"] == "worker-died"
    assert failure["message"] == "worker killed by signal 9 (out of memory?)"


def test_control_workers_that_do_not_offer_themselves(command_line: Any) -> None:
    more = (
        "def prepare():\n"
        "    Path('/proc/self/oom_score_adj').write_text('0')\n"
        "    return 0.0\n"
        "surrogate.prepare = prepare\n"
    )
    assert "1000" not in attempts_of_a_killed_trial(command_line, more)


def test_control_attempts_without_a_bound(command_line: Any) -> None:
    more = "import mnist_search.studies.loop as loop\nloop.RERUNS['process'] = 99\n"
    assert len(attempts_of_a_killed_trial(command_line, more)) == 6


def test_trial_that_raises_is_not_tried_again(command_line: Any) -> None:
    sabotage = (
        "import tests.support.surrogate as surrogate\n"
        "run_job = surrogate.run_job\n"
        "def failing(job, report):\n"
        "    if job.number == 1:\n"
        "        with open('attempts', 'a') as file:\n"
        "            file.write('x')\n"
        "        raise ValueError('always')\n"
        "    return run_job(job, report)\n"
        "surrogate.surrogate_trainer = failing\n"
    )
    for _ in range(2):
        assert command_line.run(command_line.search(3), sabotage=sabotage).code == 0
    assert (command_line.folder / "attempts").read_text() == "x"
    command_line.study.whole(3)


WATCHED = """
import mnist_search.studies.artifacts as artifacts
import psutil
put, leaked = artifacts.WeightShelf.put, []

def watched(self, number, result):
    put(self, number, result)
    leaked.append(b"x" * LEAK)
    with open("resident", "a") as file:
        file.write(f"{psutil.Process().memory_info().rss}\\n")

artifacts.WeightShelf.put = watched
"""


def memory_over(line: Any, trials: int, *, leak_bytes: int) -> tuple[float, int]:
    """Search so often; return by how many bytes a trial the coordinator grew, and its most."""
    more = ("--sampler", "random", "--pruner", "none", "--epochs", "1", "--quiet")
    sabotage = WATCHED.replace("LEAK", str(leak_bytes))
    ended = line.run(line.search(trials, *more), sabotage=sabotage)
    assert ended.code == 0, ended.err
    resident = [int(text) for text in (line.folder / "resident").read_text().split()]
    assert len(resident) > 0.8 * trials
    # The first trials fill caches.
    settled = resident[len(resident) // 3 :]
    return statistics.linear_regression(range(len(settled)), settled).slope, max(resident)


def test_memory_of_the_coordinator_stays(command_line: Any) -> None:
    slope, most = memory_over(command_line, 200, leak_bytes=0)
    assert slope < 50_000
    assert most < 300 * 2**20


def test_control_a_leak_is_seen(command_line: Any) -> None:
    slope, _ = memory_over(command_line, 60, leak_bytes=100_000)
    assert slope > 50_000


class ResourceExhaustedError(Exception):
    """What TensorFlow raises; tests/training raises the real one."""


def kind_of(error: Exception, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    from mnist_search.training.run import describe_failure

    errors = types.SimpleNamespace(ResourceExhaustedError=ResourceExhaustedError)
    backend = types.SimpleNamespace(tf=types.SimpleNamespace(errors=errors))
    monkeypatch.setitem(sys.modules, "mnist_search.training.backend", backend)
    failure = describe_failure(error)
    return failure.kind, failure.message


EXHAUSTED = "Graph execution error:\n\nAt\n\nOOM when allocating\n\t [[{{node x}}]]\nHint: no"


def test_tensorflow_out_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    kind, message = kind_of(ResourceExhaustedError(EXHAUSTED), monkeypatch)
    assert kind == "out-of-memory"
    assert message == "ResourceExhaustedError: OOM when allocating"


def test_control_the_type_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    assert kind_of(RuntimeError(EXHAUSTED), monkeypatch) == (
        "error",
        "RuntimeError: OOM when allocating",
    )


UNFORKED = """
import atexit, os, sys

def refuse():
    raise AssertionError("a fork")

def tell():
    # Not in workers, which leave without a word.
    loaded = [name for name in ("tensorflow", "keras") if name in sys.modules]
    open("loaded", "w").write(str(loaded))

os.fork = refuse
atexit.register(tell)
"""


def test_nothing_forks_and_the_parent_never_loads_tensorflow(command_line: Any) -> None:
    arguments = command_line.search(4, "--workers", "2")
    ended = command_line.run(arguments, trainer=WORKERS, sabotage=UNFORKED)
    assert ended.code == 0, ended.err
    assert (command_line.folder / "loaded").read_text() == "[]"


def test_control_workers_that_are_forked(command_line: Any) -> None:
    more = "def forked(workers):\n    os.fork()\n"
    arguments = command_line.search(4, "--workers", "2")
    ended = command_line.run(arguments, trainer="sitecustomize:forked", sabotage=UNFORKED + more)
    assert ended.code == 1
    assert "a fork" in ended.err


TOLD_THREADS = """
import os
import tests.support.surrogate as surrogate
run_job = surrogate.run_job

def telling(job, report):
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS")
    with open("threads", "a") as file:
        file.write(" ".join(os.environ.get(name, "none") for name in names) + "\\n")
    return run_job(job, report)

surrogate.run_job = telling
"""
ON_CORES = "import os, sys; os.sched_setaffinity(0, {{{}}}); os.execv(sys.argv[1], sys.argv[1:])"


@pytest.fixture
def search_on_cores(command_line: Any) -> Callable[..., tuple[set[str], str]]:
    """Search with so many workers on two cores, or one where there is no other."""

    def run(workers: int, more: str = "", trainer: str = WORKERS) -> tuple[set[str], str]:
        cores = sorted(os.sched_getaffinity(0))[:2]
        ended = command_line.run(
            command_line.search(8, "--workers", str(workers)),
            trainer=trainer,
            sabotage=TOLD_THREADS + more,
            prefix=[sys.executable, "-c", ON_CORES.format(", ".join(map(str, cores)))],
            environ={name: None for name in os.environ if name.endswith("_THREADS")},
        )
        assert ended.code == 0, ended.err
        command_line.study.whole(8)
        return {*(command_line.folder / "threads").read_text().splitlines()}, ended.err

    return run


@pytest.mark.parametrize("workers", [1, 8])
def test_more_workers_than_cores(
    search_on_cores: Callable[..., tuple[set[str], str]], workers: int
) -> None:
    cores = min(2, len(os.sched_getaffinity(0)))
    threads, said = search_on_cores(workers)
    each = max(1, cores // workers)
    assert threads == {f"{each} {each} {each}"}
    told = f"WARNING: {workers} workers share {cores} core"
    assert (told in said) == (workers > cores)


def test_control_without_a_share(
    search_on_cores: Callable[..., tuple[set[str], str]],
) -> None:
    more = (
        "def greedy(workers):\n"
        "    from mnist_search.execution.local import LocalExecutor\n"
        f"    return LocalExecutor(workers, threads=8, trainer={WORKERS!r})\n"
    )
    assert search_on_cores(8, more, "sitecustomize:greedy")[0] == {"8 8 8"}
