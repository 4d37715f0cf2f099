"""Who holds a study, and the record of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from mnist_search.errors import StorageError
from mnist_search.studies import lock
from mnist_search.studies.clock import utc_seconds
from mnist_search.studies.folder import LOCK, OWNER


def test_record_is_there_while_the_study_is_held(tmp_path: Path) -> None:
    with lock.hold(tmp_path) as possession:
        found = lock.read_owner(tmp_path)
        assert found is not None
        assert (found.pid, lock.is_running(found)) == (os.getpid(), True)
        possession.check()
    assert lock.read_owner(tmp_path) is None
    assert [path.name for path in tmp_path.iterdir()] == [LOCK]


def test_second_holder_is_refused(tmp_path: Path) -> None:
    refused = pytest.raises(StorageError, match="another process: process")
    with lock.hold(tmp_path), refused, lock.hold(tmp_path):
        pytest.fail("it was held twice")
    with lock.hold(tmp_path):
        pass


def test_record_goes_when_the_block_raises(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), lock.hold(tmp_path):
        raise KeyboardInterrupt
    assert lock.read_owner(tmp_path) is None
    with lock.hold(tmp_path):
        pass


@pytest.mark.parametrize("change", [{"pid": 1}, {"since": 0.0}, {"host": "elsewhere"}])
def test_record_of_another_is_noticed_and_left(tmp_path: Path, change: dict[str, object]) -> None:
    with lock.hold(tmp_path) as possession:
        other = lock.this_process().model_copy(update=change)
        (tmp_path / OWNER).write_text(other.model_dump_json())
        with pytest.raises(StorageError, match="taken from this process"):
            possession.check()
    assert lock.read_owner(tmp_path) == other


def test_dead_process_is_not_running_even_as_a_zombie() -> None:
    process = subprocess.Popen([sys.executable, "-SEc", ""])
    started = round(psutil.Process(process.pid).create_time() - psutil.boot_time(), 2)
    dead = lock.this_process().model_copy(update={"pid": process.pid, "started": started})
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert not lock.is_running(dead)
    process.wait()
    assert not lock.is_running(dead)


def test_process_of_another_host_or_boot_or_start_counts_as_dead() -> None:
    me = lock.this_process()
    for change in ({"host": "elsewhere"}, {"booted": 1.0}, {"started": me.started + 1}):
        assert not lock.is_running(me.model_copy(update=change))
    # The clock of a machine is set a little now and then, and with it the time of its start.
    assert lock.is_running(me.model_copy(update={"booted": me.booted + 1}))


@pytest.mark.parametrize("pid", [-1, 0, 2**31, 2**80])
def test_numbers_that_are_no_process(pid: int) -> None:
    assert not lock.is_running(lock.this_process().model_copy(update={"pid": pid}))


def test_lock_holds_where_the_system_has_no_proc(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As on macOS: whatever is known of processes comes from psutil.
    real = Path.read_text

    def read_text(path: Path, *arguments: object, **more: object) -> str:
        if path.is_relative_to("/proc"):
            raise FileNotFoundError(2, "No such file", str(path))
        return real(path, *arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "read_text", read_text)
    refused = pytest.raises(StorageError, match="another process: process")
    with lock.hold(tmp_path), refused, lock.hold(tmp_path):
        pytest.fail("it was held twice")


def test_command_is_one_bounded_line_without_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["/x/mnist_search/__main__.py", "run", "a\nb", "u://me:secret@host", "y" * 999]
    monkeypatch.setattr(sys, "argv", words)
    command = lock.this_process().command
    assert command.startswith("mnist-search run a b u://me:***@host yyy")
    assert len(command) <= 160


def test_time_does_not_go_back() -> None:
    times = [utc_seconds() for _ in range(100)]
    assert times == sorted(times)
