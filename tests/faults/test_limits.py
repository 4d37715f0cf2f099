"""Limits of a trial and of the system."""

from __future__ import annotations

import errno
import faulthandler
import os
import resource
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest

from mnist_search.execution._log import BoundedLog, header, open_log, read_tail
from mnist_search.studies import folder, loop
from tests.faults.striking import WORKERS
from tests.support import surrogate

Here = Callable[..., Any]
Search = Callable[..., list[str]]

OPEN_FILES = Path("/proc/self/fd")
FREE_FILES = 20
needs_proc = pytest.mark.skipif(not OPEN_FILES.exists(), reason="open files cannot be counted")


def allow_few_files() -> None:
    """Leave room for a study and a worker or two."""
    os.environ["MNIST_SEARCH_TRAINER"] = WORKERS
    taken = {int(path.name) for path in OPEN_FILES.iterdir()}
    free = [number for number in range(len(taken) + FREE_FILES) if number not in taken]
    # A limit bounds the numbers of files, of which a new one gets the lowest that is free.
    limit = free[FREE_FILES - 1] + 1
    resource.setrlimit(
        resource.RLIMIT_NOFILE, (limit, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    )


def check_few_files(
    forks: Any, here: Here, search: Search, study: Any, sabotage: Callable[[], object]
) -> None:
    forks.run(search(4, "--workers", "16"), sabotage).refused(6, "open files")
    assert here(*search(4)).code == 0
    study.whole(4)


@needs_proc
def test_too_few_open_files(forks: Any, here: Here, search: Search, study: Any) -> None:
    check_few_files(forks, here, search, study, allow_few_files)


def untranslated(workers: int) -> NoReturn:
    """Be an executor that lets through what the system says."""
    raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))


def test_control_without_a_translation(forks: Any, here: Here, search: Search, study: Any) -> None:
    def sabotage() -> None:
        os.environ["MNIST_SEARCH_TRAINER"] = f"{untranslated.__module__}:untranslated"
        folder._explain = lambda path, error: None  # type: ignore[assignment]

    with pytest.raises(AssertionError, match="exit code 1, not 6"):
        check_few_files(forks, here, search, study, sabotage)


DEATHS = {"12 abort": (os.abort, -signal.SIGABRT), "13 exit": (lambda: os._exit(0), 0)}


@pytest.mark.parametrize("death", DEATHS)
def test_control_trials_without_a_process_of_their_own(
    forks: Any, search: Search, study: Any, death: str
) -> None:
    die, code = DEATHS[death]

    def sabotage() -> None:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        faulthandler.disable()
        surrogate.surrogate_trainer = lambda job, report: die()

    assert forks.run(search(2), sabotage).code == code
    with pytest.raises(AssertionError, match="trials left behind"):
        study.whole(2)


def check_bounded(path: Path, **bounds: int) -> None:
    descriptor, head = open_log(path), header(1, "a job that does not stop printing")
    log = BoundedLog(descriptor, **bounds)
    log.begin(head)
    for _ in range(16):
        os.write(descriptor, b"x" * 2**20)
    log.trim()
    assert path.stat().st_size < 2 * 2**20
    assert read_tail(descriptor, head) != ""
    os.close(descriptor)


def test_output_is_bounded(tmp_path: Path) -> None:
    check_bounded(tmp_path / "log")


def test_control_without_a_bound(tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        check_bounded(tmp_path / "log", job_bytes=2**40)


def check_hanging(
    forks: Any, search: Search, study: Any, monkeypatch: pytest.MonkeyPatch, budget: str
) -> None:
    monkeypatch.setenv("MNIST_SEARCH_TRAINER", WORKERS)
    monkeypatch.setenv("MNIST_SEARCH_SURROGATE_SECONDS", "600")
    limits = ("--trial-timeout", "0.2s", "--time-budget", budget)
    forks.run(search(1, "--workers", "1", *limits)).refused(3, "no trial succeeded")
    assert study.states() == {0: "FAIL"}
    failure = study.attributes("result")[0]["failure"]
    assert (failure["kind"], failure["message"]) == ("timeout", "ran longer than 0.2 s")


def test_trial_that_hangs(
    forks: Any, search: Search, study: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_hanging(forks, search, study, monkeypatch, "10m")


def test_control_without_counting_its_time(
    forks: Any, search: Search, study: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "ROUND_SECONDS", 0.0)
    with pytest.raises(AssertionError, match="WAITING"):
        check_hanging(forks, search, study, monkeypatch, "1s")
