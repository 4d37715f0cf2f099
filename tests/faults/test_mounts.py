"""Studies on file systems that several machines share, or a program makes up."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mnist_search.studies import lock
from mnist_search.studies.folder import OWNER
from mnist_search.studies.owner import this_process

Here = Callable[..., Any]
Search = Callable[..., list[str]]


@pytest.fixture
def finished(over: Callable[[int], Any]) -> Any:
    """A study of two trials that is over."""
    return over(2)


def mounted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str) -> None:
    """Let the kernel say that the home of studies is a mount of that kind."""
    place = str(tmp_path / "mnist-search-runs").replace(" ", "\\040")
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        "22 1 254:0 / / rw,relatime - ext4 /dev/root rw\n"
        f"40 22 0:45 / {place} rw shared:1 - {kind} server:/share rw,vers=4.2\n"
        "41 22 0:46 / /elsewhere rw - nfs server:/other rw\n"
    )
    monkeypatch.setattr(lock, "MOUNTS", mounts)


def check_made_up_refused(here: Here, search: Search, study: Any, kind: str) -> None:
    here(*search(4)).refused(4, f"file system of type {kind}", "--home")
    assert not study.path.exists()


@pytest.mark.parametrize("kind", ["fuse.sshfs", "fuse"])
def test_file_systems_of_programs_are_refused(
    here: Here,
    search: Search,
    study: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    kind: str,
) -> None:
    mounted(monkeypatch, tmp_path, kind)
    check_made_up_refused(here, search, study, kind)


def test_study_that_was_moved_there_can_be_read_only(
    here: Here, search: Search, finished: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mounted(monkeypatch, tmp_path, "fuse.sshfs")
    here(*search(4)).refused(4, "file system of type fuse.sshfs")
    assert here("report", "s").code == 0
    finished.whole(2)


@pytest.mark.parametrize("kind", ["nfs4", "lustre", "cifs"])
def test_home_that_machines_share_holds_studies(
    here: Here,
    search: Search,
    study: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    kind: str,
) -> None:
    mounted(monkeypatch, tmp_path, kind)
    # As where the server knows nothing of such locks.
    monkeypatch.setattr("fcntl.flock", no_locks)
    assert here(*search(2)).code == 0
    record = study.path.with_name(OWNER)
    assert not record.exists()
    other = this_process().model_copy(update={"host": "node7", "pid": 77})
    record.write_text(other.model_dump_json())
    here(*search(4)).refused(4, "being written by process 77 on node7")
    record.unlink()
    assert here(*search(4)).code == 0
    study.whole(4)


def no_locks(*_: object) -> None:
    raise OSError(errno.ENOLCK, "No locks available")


def test_control_where_locks_are_needed(
    here: Here, search: Search, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fcntl.flock", no_locks)
    here(*search(2)).refused(4, "cannot be locked: No locks available")


@pytest.mark.parametrize("kind", ["ext4", "fuseblk", "fuse.fuse-overlayfs"])
def test_control_local_disks_are_not_refused(
    here: Here,
    search: Search,
    study: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    kind: str,
) -> None:
    mounted(monkeypatch, tmp_path, kind)
    with pytest.raises(AssertionError):
        check_made_up_refused(here, search, study, kind)
