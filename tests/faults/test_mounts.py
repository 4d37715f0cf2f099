"""Studies on file systems that several machines share, or a program makes up."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mnist_search.studies import lock

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


def check_network_refused(here: Here, search: Search, study: Any, kind: str) -> None:
    here(*search(4)).refused(4, f"file system of type {kind}", "--home")
    assert not study.path.exists()


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "smb3", "fuse.sshfs"])
def test_network_file_systems_are_refused(
    here: Here,
    search: Search,
    study: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    kind: str,
) -> None:
    mounted(monkeypatch, tmp_path, kind)
    check_network_refused(here, search, study, kind)


def test_study_that_was_moved_there_can_be_read_only(
    here: Here, search: Search, finished: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mounted(monkeypatch, tmp_path, "nfs4")
    here(*search(4)).refused(4, "file system of type nfs4")
    assert here("report", "s").code == 0
    finished.whole(2)


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
        check_network_refused(here, search, study, kind)
