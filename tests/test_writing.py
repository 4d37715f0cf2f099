"""Atomic writing, and each way in which it may not work."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from mnist_search.errors import ResourceError, UsageError
from mnist_search.writing import write_atomically


def test_it_writes_and_replaces_and_leaves_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "report.md"
    write_atomically(path, "eins ±\n")
    write_atomically(path, "zwei\n")
    assert path.read_bytes() == b"zwei\n"
    assert list(tmp_path.iterdir()) == [path]


def test_permissions_follow_the_umask_and_the_file_replaced(tmp_path: Path) -> None:
    path = tmp_path / "report.md"
    before = os.umask(0o027)
    try:
        write_atomically(path, "x")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    path.chmod(0o604)
    write_atomically(path, "y")
    assert stat.S_IMODE(path.stat().st_mode) == 0o604


def test_text_that_utf8_cannot_hold_is_escaped(tmp_path: Path) -> None:
    write_atomically(tmp_path / "x", "a\ud800b")
    assert (tmp_path / "x").read_bytes() == b"a\\ud800b"


def test_a_symbolic_link_is_refused_and_kept(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("kept")
    link.symlink_to(target)
    with pytest.raises(UsageError, match="must not be a symbolic link"):
        write_atomically(link, "lost")
    assert link.is_symlink()
    assert target.read_text() == "kept"


def test_a_dangling_link_is_refused(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="symbolic link"):
        write_atomically(link, "x")
    assert not (tmp_path / "nowhere").exists()


def test_folders_devices_and_missing_folders_are_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="must be a file, got a folder"):
        write_atomically(tmp_path, "x")
    with pytest.raises(UsageError, match=r"the folder .*missing does not exist"):
        write_atomically(tmp_path / "missing" / "x", "x")
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match=r"/file is not a folder"):
        write_atomically(tmp_path / "file" / "x", "x")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match="device or pipe"):
        write_atomically(tmp_path / "pipe", "x")


@pytest.mark.parametrize(
    ("number", "error", "said"),
    [
        (errno.ENOSPC, ResourceError, "no space left"),
        (errno.EDQUOT, ResourceError, "no space left"),
        (errno.EACCES, UsageError, "cannot be written: Permission denied"),
    ],
)
def test_a_failed_write_keeps_the_old_file(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    error: type[Exception],
    said: str,
) -> None:
    path = tmp_path / "report.md"
    path.write_text("old")

    def fail(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(error, match=said):
        write_atomically(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_text_is_on_disk_before_the_name_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "report.md"
    seen: list[bool] = []
    sync = os.fsync

    def watch(descriptor: int) -> None:
        seen.append(path.exists())
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", watch)
    write_atomically(path, "x")
    # The file before the rename, the folder after it.
    assert seen == [False, True]
