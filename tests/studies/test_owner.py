"""The record of who writes a study."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mnist_search.errors import StorageError
from mnist_search.studies import owner
from mnist_search.studies.clock import utc_seconds


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / owner.DATABASE).touch()
    return tmp_path


def test_record_is_there_while_the_study_is_held(folder: Path) -> None:
    with owner.hold(folder, study="s") as possession:
        found = owner.read_owner(folder)
        assert found is not None
        assert (found.pid, owner.is_running(found)) == (os.getpid(), True)
        possession.check()
    assert owner.read_owner(folder) is None
    assert not list(folder.glob(".*"))


def test_record_goes_when_the_block_raises(folder: Path) -> None:
    with pytest.raises(KeyboardInterrupt), owner.hold(folder, study="s"):
        raise KeyboardInterrupt
    assert owner.read_owner(folder) is None
    with owner.hold(folder, study="s"):
        pass


@pytest.mark.parametrize("change", [{"pid": 1}, {"since": 0.0}, {"host": "elsewhere"}])
def test_record_of_another_is_noticed_and_left(folder: Path, change: dict[str, object]) -> None:
    with owner.hold(folder, study="s") as possession:
        other = owner.this_process().model_copy(update=change)
        (folder / owner.RECORD).write_text(other.model_dump_json())
        with pytest.raises(StorageError, match="taken from this process"):
            possession.check()
    assert owner.read_owner(folder) == other


def test_dead_process_is_not_running_even_as_a_zombie() -> None:
    process = subprocess.Popen([sys.executable, "-SEc", ""])
    dead = owner.this_process().model_copy(
        update={"pid": process.pid, "started_ticks": owner._started_ticks(process.pid)}
    )
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert not owner.is_running(dead)
    process.wait()
    assert not owner.is_running(dead)


def test_process_of_another_host_or_boot_counts_as_dead() -> None:
    me = owner.this_process()
    for change in ({"host": "elsewhere"}, {"boot_id": "another"}, {"started_ticks": None}):
        assert not owner.is_running(me.model_copy(update=change))


def test_command_is_one_bounded_line_without_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["/x/mnist_search/__main__.py", "run", "a\nb", "u://me:secret@host", "y" * 999]
    monkeypatch.setattr(sys, "argv", words)
    command = owner.this_process().command
    assert command.startswith("mnist-search run a b u://me:***@host yyy")
    assert len(command) <= 160


def test_time_does_not_go_back() -> None:
    times = [utc_seconds() for _ in range(100)]
    assert times == sorted(times)
