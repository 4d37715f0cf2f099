"""The file system under a folder, as the kernel lists mounts."""

from __future__ import annotations

from pathlib import Path

import pytest

from mnist_search.errors import StorageError
from mnist_search.studies import filesystems
from mnist_search.studies.filesystems import check_local, file_system


@pytest.fixture
def mounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "mountinfo"
    path.write_text(
        "22 1 254:0 / / rw - ext4 /dev/root rw\n"
        "30 22 0:40 / /data rw shared:1 master:2 - xfs /dev/sdb rw\n"
        "31 30 0:41 / /data/my\\040disk rw - nfs4 server:/a rw\n"
        "32 22 0:42 / /over rw - cifs //server/b rw\n"
        "33 32 0:43 / /over rw - tmpfs none rw\n"
        "34 22 0:44 / /home/me/drive rw - fuse.rclone remote: rw\n"
        "half a line\n"
    )
    monkeypatch.setattr(filesystems, "MOUNTS", path)
    return path


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/", "ext4"),
        ("/database", "ext4"),
        ("/data/deep/down", "xfs"),
        ("/data/my disk/studies", "nfs4"),
        ("/over", "tmpfs"),
        ("/home/me/drive/../drive/x", "fuse.rclone"),
    ],
)
def test_longest_and_latest_mount_counts(mounts: Path, folder: str, kind: str) -> None:
    assert file_system(Path(folder)) == kind


def test_only_what_others_share_is_refused(mounts: Path) -> None:
    for folder in ("/", "/data", "/over"):
        check_local(Path(folder))
    for folder in ("/data/my disk", "/home/me/drive"):
        with pytest.raises(StorageError, match="lies on a file system of type") as refused:
            check_local(Path(folder))
        assert refused.value.hint is not None
        assert "--home" in refused.value.hint


def test_link_is_followed_to_where_it_leads(mounts: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/data/my disk")
    assert file_system(tmp_path / "link" / "s") == "nfs4"


def test_nothing_is_refused_where_mounts_are_not_known(mounts: Path) -> None:
    mounts.unlink()
    assert file_system(Path("/data/my disk")) is None
    check_local(Path("/data/my disk"))
