"""Studies on file systems that several machines may share."""

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


@pytest.mark.parametrize("kind", ["nfs4", "gpfs", "9p", "virtiofs", "vboxsf", "fuse.sshfs", "new"])
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
