"""A process that dies, or a disk that fails, at a chosen step of a write."""

from __future__ import annotations

import ctypes
import errno
import hashlib
import os
import platform
import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mnist_search.engines import optuna
from mnist_search.studies import artifacts, ledger
from mnist_search.studies.folder import ARTIFACTS
from mnist_search.training import weights
from tests.faults.striking import check_values
from tests.support import surrogate

Here = Callable[..., Any]
Search = Callable[..., list[str]]
Sabotage = Callable[[], object]

OWNERS = {
    "open_trial": ledger.Ledger,
    "close_trial": ledger.Ledger,
    "tell": optuna.OptunaEngine,
    "put": artifacts.WeightShelf,
}


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def at(point: str, when: str, do: Callable[[], object], *, call: int = 2) -> None:
    """Do something before or after a method is called for that time."""
    owner, calls = OWNERS[point], []
    inner: Any = getattr(owner, point)

    def outer(*args: Any, **named: Any) -> Any:
        calls.append(1)
        if len(calls) == call and when == "before":
            do()
        result = inner(*args, **named)
        if len(calls) == call and when == "after":
            do()
        return result

    setattr(owner, point, outer)


def check_struck(forks: Any, here: Here, search: Search, study: Any, sabotage: Sabotage) -> None:
    """Whatever a killed process leaves is either state of each trial, never half of one."""
    struck = forks.run(search(4), sabotage)
    assert struck.code == -signal.SIGKILL, struck.err
    results, values = study.attributes("result"), study.values()
    for number, state in study.states().items():
        if state in ("COMPLETE", "PRUNED"):
            assert number in results, f"trial {number} is over and has no result"
            assert number in values
    assert here(*search(4)).code == 0
    study.whole(4)
    check_values(SimpleNamespace(study=study))


POINTS = [
    ("open_trial", "before"),
    ("open_trial", "after"),
    ("close_trial", "before"),
    ("close_trial", "after"),
    ("tell", "after"),
]


@pytest.mark.parametrize(("point", "when"), POINTS, ids=lambda word: word)
def test_killed_at_a_write(
    forks: Any, here: Here, search: Search, study: Any, point: str, when: str
) -> None:
    check_struck(forks, here, search, study, lambda: at(point, when, die))


def test_control_state_before_the_result(
    forks: Any, here: Here, search: Search, study: Any
) -> None:
    def sabotage() -> None:
        def close_trial(self: Any, number: int, result: Any, *, worker: int | None) -> None:
            self.study.tell(number, result.last_accuracy)
            die()

        ledger.Ledger.close_trial = close_trial  # type: ignore[method-assign]

    with pytest.raises(AssertionError, match="has no result"):
        check_struck(forks, here, search, study, sabotage)


def train_with_weights(job: Any, report: Any) -> Any:
    """Be the surrogate that saves weights, as real training does."""
    result = surrogate.run_job(job, report)
    if result.status != "complete":
        return result
    path = Path(job.weights_path)
    digest = weights.save_weights({"1.kernel": weights.np.full((8, 8), job.number)}, path)
    return result.model_copy(update={"weights_sha256": digest})


def check_weights(study: Any) -> list[int]:
    """I7: each complete trial that has weights has them whole; return those trials."""
    results = study.attributes("result")
    kept = [number for number, state in study.states().items() if state == "COMPLETE"]
    for number in kept:
        path = artifacts.weights_path(study.path.parent, number)
        assert path.exists(), f"trial {number} is complete, its weights are not there"
        found = hashlib.sha256(path.read_bytes()).hexdigest()
        assert found == results[number]["weights_sha256"], f"other weights of trial {number}"
    return kept


def check_struck_weights(
    forks: Any, here: Here, search: Search, study: Any, sabotage: Sabotage
) -> None:
    # As many trials as a study keeps the weights of, each trained to its end.
    arguments = search(artifacts.KEPT_TRIALS, "--pruner", "none")
    struck = forks.run(arguments, sabotage)
    assert struck.code == -signal.SIGKILL, struck.err
    check_weights(study)
    assert here(*arguments).code == 0
    assert check_weights(study) == list(range(artifacts.KEPT_TRIALS))
    folder = study.path.parent / ARTIFACTS
    assert len(list(folder.iterdir())) == artifacts.KEPT_TRIALS


@pytest.fixture
def weighty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surrogate, "surrogate_trainer", train_with_weights)


def kill_at_the_rename() -> None:
    """Die when a second file of weights is written, and not yet renamed."""
    rename, calls = Path.replace, []

    def replace(self: Path, target: Any) -> Path:
        calls.append(str(target).endswith(".npz"))
        if calls.count(True) == 2:
            die()
        return rename(self, target)

    Path.replace = replace  # type: ignore[method-assign]


@pytest.mark.usefixtures("weighty")
@pytest.mark.parametrize(
    "sabotage",
    [
        kill_at_the_rename,
        lambda: at("close_trial", "before", die),
        lambda: at("tell", "after", die),
        lambda: at("put", "after", die),
    ],
    ids=["rename", "before the result", "after the state", "after all"],
)
def test_weights_are_there_before_a_trial_is_complete(
    forks: Any, here: Here, search: Search, study: Any, sabotage: Sabotage
) -> None:
    check_struck_weights(forks, here, search, study, sabotage)


@pytest.mark.usefixtures("weighty")
def test_control_complete_before_the_rename(
    forks: Any, here: Here, search: Search, study: Any
) -> None:
    def sabotage() -> None:
        rename, later = Path.replace, []

        def replace(self: Path, target: Any) -> Path:
            if str(target).endswith(".npz"):
                later.append((self, target))
                return Path(target)
            return rename(self, target)

        def put(self: Any, number: int, result: Any) -> None:
            rename(*later.pop(0))

        Path.replace = replace  # type: ignore[method-assign]
        artifacts.WeightShelf.put = put  # type: ignore[method-assign]
        at("put", "before", die)

    with pytest.raises(AssertionError, match="its weights are not there"):
        check_struck_weights(forks, here, search, study, sabotage)


# fsync and fdatasync, by the machine.
SYNCS = {"x86_64": (74, 75), "aarch64": (82, 83)}
CALLS = SYNCS.get(platform.machine()) if sys.platform == "linux" else None
needs_filter = pytest.mark.skipif(CALLS is None, reason="no filter of system calls known here")


def fail_to_sync() -> None:
    """Let the kernel answer every fsync of this process with EIO, as a failing disk does."""

    class Step(ctypes.Structure):
        _fields_ = (
            ("code", ctypes.c_ushort),
            ("jt", ctypes.c_ubyte),
            ("jf", ctypes.c_ubyte),
            ("k", ctypes.c_uint32),
        )

    class Program(ctypes.Structure):
        _fields_ = (("len", ctypes.c_ushort), ("filter", ctypes.POINTER(Step)))

    assert CALLS is not None
    # Load the number of the call; where it is one of these, the error; else let it pass.
    steps = [Step(0x20, 0, 0, 0)]
    for call in CALLS:
        steps += [Step(0x15, 0, 1, call), Step(0x06, 0, 0, 0x00050000 | errno.EIO)]
    steps.append(Step(0x06, 0, 0, 0x7FFF0000))
    program = Program(len(steps), (Step * len(steps))(*steps))
    libc = ctypes.CDLL(None)
    # Nobody gets rights by it, so that it needs none; then the filter.
    assert libc.prctl(38, 1, 0, 0, 0) == 0
    assert libc.prctl(22, 2, ctypes.byref(program), 0, 0) == 0


def check_failing_disk(
    forks: Any, here: Here, search: Search, study: Any, sabotage: Sabotage
) -> None:
    ended = forks.run(search(4), sabotage)
    ended.refused(4, "journal.log")
    told = {int(number) for number in re.findall(r"\] trial (\d+) +\w", ended.err)}
    # I1: whatever was told as done is in the file; what failed may be there or not.
    states = study.states()
    assert all(states[number] in ("COMPLETE", "PRUNED") for number in told)
    assert here(*search(4)).code == 0
    study.whole(4)
    check_values(SimpleNamespace(study=study))


@needs_filter
@pytest.mark.parametrize("point", ["open_trial", "close_trial", "tell"])
def test_disk_that_fails_to_sync(
    forks: Any, here: Here, search: Search, study: Any, point: str
) -> None:
    def sabotage() -> None:
        at(point, "before", fail_to_sync)

    check_failing_disk(forks, here, search, study, sabotage)


@needs_filter
def test_control_without_syncs(
    forks: Any, here: Here, search: Search, study: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda file: None)
    with pytest.raises(AssertionError, match="exit code 0, not 4"):
        check_failing_disk(
            forks, here, search, study, lambda: at("close_trial", "before", fail_to_sync)
        )
