"""Who may write a study: dead, stopped and foreign owners."""

from __future__ import annotations

import fcntl
import os
import platform
import shutil
import signal
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import psutil
import pytest

from mnist_search.studies import journal, ledger, lock, opening, owner
from mnist_search.studies.folder import LOCK, OWNER

Here = Callable[..., Any]
Search = Callable[..., list[str]]


@pytest.fixture
def finished(over: Callable[[int], Any]) -> Any:
    """A study of two trials that is over."""
    return over(2)


def leave_record(study: Any, **changes: Any) -> owner.Owner:
    """Leave a record as an owner does that dies, of this very process but for some changes."""
    left = owner.this_process().model_copy(update=changes)
    (study.path.parent / OWNER).write_text(left.model_dump_json())
    return left


def check_goes_on(here: Here, search: Search, study: Any) -> None:
    assert here(*search(4)).code == 0
    study.whole(4)
    assert not (study.path.parent / OWNER).exists()


# The parent of the tests lives, and is none of ours.
ALIVE = os.getppid()


def test_number_of_a_dead_owner_that_another_process_has(
    here: Here, search: Search, finished: Any
) -> None:
    leave_record(finished, pid=ALIVE, started=1.0)
    check_goes_on(here, search, finished)


def of_any_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tell processes from each other by their number alone."""
    same = owner.Owner.is_process_of

    def by_number(self: owner.Owner, other: owner.Owner) -> bool:
        return same(self.model_copy(update={"started": other.started}), other)

    monkeypatch.setattr(owner.Owner, "is_process_of", by_number)


def test_control_without_the_time_of_the_start(
    here: Here, search: Search, finished: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_record(finished, pid=ALIVE, started=1.0)
    of_any_start(monkeypatch)
    with pytest.raises(AssertionError):
        check_goes_on(here, search, finished)


def start_of(pid: int) -> float:
    return round(psutil.Process(pid).create_time() - psutil.boot_time(), 2)


def of_another_boot(study: Any) -> None:
    leave_record(study, pid=ALIVE, started=start_of(ALIVE), booted=1.0)


def test_owner_before_the_machine_was_started_again(
    here: Here, search: Search, finished: Any
) -> None:
    of_another_boot(finished)
    check_goes_on(here, search, finished)


def test_control_without_the_boot(
    here: Here, search: Search, finished: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_another_boot(finished)
    monkeypatch.setattr(owner, "BOOT_SECONDS", float("inf"))
    with pytest.raises(AssertionError):
        check_goes_on(here, search, finished)


@pytest.mark.parametrize("text", ["", '{"pid": "x"}', "\0" * 64])
def test_record_that_cannot_be_read_is_none(
    here: Here, search: Search, finished: Any, text: str
) -> None:
    (finished.path.parent / OWNER).write_text(text)
    check_goes_on(here, search, finished)


def held_by(stopped: bool) -> Callable[[Path, Any], None]:
    def hold(folder: Path, connection: Any) -> None:
        with lock.hold(folder):
            connection.send(os.getpid())
            if stopped:
                os.kill(os.getpid(), signal.SIGSTOP)
            connection.recv()

    return hold


class Holder:
    """A process that holds a study and, as a coordinator that is stopped, may do nothing else."""

    def __init__(self, study: Any, *, stopped: bool) -> None:
        # A fork: it starts at once.
        context = get_context("fork")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=held_by(stopped), args=(study.path.parent, theirs))
        self.process.start()
        self.pid = self.connection.recv()
        if stopped:
            os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WNOWAIT)

    def end(self) -> None:
        with suppress(BrokenPipeError):
            self.connection.send(None)
        os.kill(self.pid, signal.SIGCONT)
        self.process.join()
        self.connection.close()


def check_refused(here: Here, search: Search, study: Any, pid: int, *words: str) -> None:
    """A second coordinator is told whom to wait for; readers are let in; nothing changes."""
    here(*search(4)).refused(4, "another process", f"{pid} on {platform.node()} since 20", *words)
    assert here("report", "s").code == 0
    assert sorted(study.states()) == [0, 1]


@pytest.mark.parametrize("lock_removed", [False, True], ids=["locked", "lock file removed"])
@pytest.mark.parametrize("stopped", [False, True], ids=["alive", "stopped"])
def test_living_owner_is_named_and_waited_for(
    here: Here, search: Search, finished: Any, stopped: bool, lock_removed: bool
) -> None:
    holder = Holder(finished, stopped=stopped)
    try:
        if lock_removed:
            (finished.path.parent / LOCK).unlink()
        words = (f"kill -CONT {holder.pid}", "which is stopped") if stopped else ()
        check_refused(here, search, finished, holder.pid, *words)
    finally:
        holder.end()
    check_goes_on(here, search, finished)


@pytest.mark.parametrize("protection", ["lock", "record"])
def test_control_without_lock_or_record(
    here: Here,
    search: Search,
    finished: Any,
    monkeypatch: pytest.MonkeyPatch,
    protection: str,
) -> None:
    holder = Holder(finished, stopped=False)
    try:
        (finished.path.parent / LOCK).unlink()
        if protection == "lock":
            (finished.path.parent / OWNER).unlink()
        else:
            monkeypatch.setattr(lock, "is_running", lambda _: False)
        with pytest.raises(AssertionError):
            check_refused(here, search, finished, holder.pid)
    finally:
        holder.end()


def stop_in_a_trial(forks: Any, search: Search) -> int:
    """Start a search that is stopped when its third trial has ended, before it is written."""

    def sabotage() -> None:
        from mnist_search.studies.search import SearchWork

        finish, calls = SearchWork.finish, []

        def stopping(self: Any, *args: Any, **named: Any) -> None:
            calls.append(1)
            if len(calls) == 3:
                os.kill(os.getpid(), signal.SIGSTOP)
            finish(self, *args, **named)

        SearchWork.finish = stopping  # type: ignore[method-assign]

    pid = forks.start(search(4), sabotage)
    os.waitid(os.P_PID, pid, os.WSTOPPED)
    return int(pid)


def everything(study: Any) -> tuple[Any, ...]:
    return study.states(), study.values(), study.attributes("result"), study.path.read_bytes()


def check_woken(forks: Any, here: Here, search: Search, study: Any, pid: int) -> None:
    """Its study was taken over and finished meanwhile: the one that wakes changes nothing."""
    for name in (LOCK, OWNER):
        (study.path.parent / name).unlink()
    assert here(*search(4)).code == 0
    before = everything(study)
    os.kill(pid, signal.SIGCONT)
    forks.end(pid).refused(4, "taken from this process")
    study.whole(4)
    assert everything(study) == before


def test_owner_that_wakes_after_its_study_was_taken_over(
    forks: Any, here: Here, search: Search, study: Any
) -> None:
    check_woken(forks, here, search, study, stop_in_a_trial(forks, search))


def test_control_without_a_look_at_the_record(
    forks: Any,
    here: Here,
    search: Search,
    study: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ledger, "check_owner", lambda *_: None)
    pid = stop_in_a_trial(forks, search)
    with pytest.raises(AssertionError):
        check_woken(forks, here, search, study, pid)


COORDINATORS = 8


def race(forks: Any, search: Search, tmp_path: Path) -> list[Any]:
    """Let coordinators find no study, all of them, before any of them creates it."""
    barrier = get_context("fork").Barrier(COORDINATORS)
    creating = opening.check_room

    def wait_for_all(folder: Path) -> None:
        barrier.wait(60)
        creating(folder)

    def sabotage() -> None:
        opening.check_room = wait_for_all
        write = opening.write_study

        def counted(*arguments: Any) -> None:
            write(*arguments)
            (tmp_path / f"created-by-{os.getpid()}").touch()

        opening.write_study = counted

    pids = [forks.start(search(4), sabotage) for _ in range(COORDINATORS)]
    return [forks.end(pid) for pid in pids]


def check_race(forks: Any, here: Here, search: Search, study: Any, tmp_path: Path) -> None:
    ended = race(forks, search, tmp_path)
    for each in ended:
        if each.code != 0:
            each.refused(4, "is being written by another process")
    assert 0 in {each.code for each in ended}
    assert len(list(tmp_path.glob("created-by-*"))) == 1
    study.whole(4)
    left = {path.name for path in study.path.parent.iterdir()}
    assert left <= {"journal.log", "lock", "artifacts", "logs"}


def test_many_coordinators_at_once_make_one_study(
    forks: Any, here: Here, search: Search, study: Any, tmp_path: Path
) -> None:
    check_race(forks, here, search, study, tmp_path)


def test_control_without_a_lock(
    forks: Any,
    here: Here,
    search: Search,
    study: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fcntl, "flock", lambda *_: None)
    monkeypatch.setattr(lock, "is_running", lambda _: False)
    monkeypatch.setattr(ledger, "check_owner", lambda *_: None)
    with pytest.raises((AssertionError, ValueError)):
        check_race(forks, here, search, study, tmp_path)


def check_removed(
    here: Here, search: Search, study: Any, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """The folder of a study goes while its third trial runs, and maybe another comes instead."""
    from tests.support import surrogate

    train = surrogate.run_job

    def removing(job: Any, report: Any) -> Any:
        if job.number == 2 and how == "removed":
            shutil.rmtree(study.path.parent)
        if job.number == 2 and how == "replaced":
            shutil.copy(study.path, study.path.with_suffix(".copy")).replace(study.path)
        return train(job, report)

    monkeypatch.setattr(surrogate, "surrogate_trainer", removing)
    here(*search(4)).refused(4, "journal.log was removed or replaced")


@pytest.mark.parametrize("how", ["removed", "replaced"])
def test_study_that_is_removed_while_it_is_written(
    here: Here, search: Search, study: Any, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    check_removed(here, search, study, monkeypatch, how)


@pytest.mark.parametrize("how", ["removed", "replaced"])
def test_control_without_a_look_at_the_file(
    here: Here, search: Search, study: Any, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(journal.Journal, "check_place", lambda self: None)
    monkeypatch.setattr(ledger, "check_owner", lambda *_: None)
    with pytest.raises(AssertionError):
        check_removed(here, search, study, monkeypatch, how)
