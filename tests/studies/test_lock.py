"""Who holds a study, and the record of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from mnist_search.errors import StorageError
from mnist_search.studies import lock, owner
from mnist_search.studies.folder import LOCK, OWNER
from mnist_search.studies.lock import is_shared, mount_of
from mnist_search.studies.owner import utc_seconds


def test_record_is_there_while_the_study_is_held(tmp_path: Path) -> None:
    with lock.hold(tmp_path) as me:
        found = lock.read_owner(tmp_path)
        assert found is not None
        assert (found.pid, owner.is_running(found)) == (os.getpid(), True)
        lock.check_owner(tmp_path, me)
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
    with lock.hold(tmp_path) as me:
        other = owner.this_process().model_copy(update=change)
        (tmp_path / OWNER).write_text(other.model_dump_json())
        with pytest.raises(StorageError, match="taken from this process"):
            lock.check_owner(tmp_path, me)
    assert lock.read_owner(tmp_path) == other


def test_dead_process_is_not_running_even_as_a_zombie() -> None:
    process = subprocess.Popen([sys.executable, "-SEc", ""])
    started = round(psutil.Process(process.pid).create_time() - psutil.boot_time(), 2)
    dead = owner.this_process().model_copy(update={"pid": process.pid, "started": started})
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert not owner.is_running(dead)
    process.wait()
    assert not owner.is_running(dead)


def test_process_of_another_host_or_boot_or_start_counts_as_dead() -> None:
    me = owner.this_process()
    for change in ({"host": "elsewhere"}, {"booted": 1.0}, {"started": me.started + 1}):
        assert not owner.is_running(me.model_copy(update=change))
    # The clock of a machine is set a little now and then, and with it the time of its start.
    assert owner.is_running(me.model_copy(update={"booted": me.booted + 1}))


@pytest.mark.parametrize("pid", [-1, 0, 2**31, 2**80])
def test_numbers_that_are_no_process(pid: int) -> None:
    assert not owner.is_running(owner.this_process().model_copy(update={"pid": pid}))


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
    command = owner.this_process().command
    assert command.startswith("mnist-search run a b u://me:***@host yyy")
    assert len(command) <= 160


def test_time_does_not_go_back() -> None:
    times = [utc_seconds() for _ in range(100)]
    assert times == sorted(times)


@pytest.fixture
def mounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "mountinfo"
    path.write_text(
        "22 1 254:0 / / rw - ext4 /dev/root rw\n"
        "30 22 8:17 / /data rw shared:1 master:2 - xfs /dev/sdb rw\n"
        "31 30 0:41 / /data/my\\040disk rw - nfs4 server:/a rw\n"
        "32 22 0:42 / /over rw - cifs //server/b rw\n"
        "33 32 0:43 / /over rw - tmpfs none rw\n"
        "34 22 0:44 / /home/me/drive rw - fuse.rclone remote: rw\n"
        "half a line\n"
    )
    monkeypatch.setattr(lock, "MOUNTS", path)
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
    mount = mount_of(Path(folder))
    assert mount is not None
    assert mount[1] == kind


def test_what_is_no_disk_of_this_machine_may_be_shared(mounts: Path) -> None:
    for folder in ("/", "/data", "/over"):
        assert not is_shared(Path(folder))
    for folder in ("/data/my disk", "/home/me/drive"):
        assert is_shared(Path(folder))


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder that is said to lie on NFS, where locks of the kernel keep nobody out."""
    mountinfo = tmp_path / "mountinfo"
    mountinfo.write_text(f"40 22 0:45 / {tmp_path} rw - nfs4 server:/share rw\n")
    monkeypatch.setattr(lock, "MOUNTS", mountinfo)
    monkeypatch.setattr("fcntl.flock", lambda *_: None)
    (tmp_path / "s").mkdir()
    return tmp_path / "s"


def write_record(folder: Path, **changes: object) -> Path:
    record = folder / OWNER
    other = owner.this_process().model_copy(update=changes)
    record.write_text(other.model_dump_json())
    return record


def test_writer_on_another_machine_keeps_this_one_out(shared: Path) -> None:
    record = write_record(shared, host="node7", pid=77)
    told = pytest.raises(StorageError, match="written by process 77 on node7")
    with told as refused, lock.hold(shared):
        pass
    assert refused.value.hint == f"once that is certain to have ended, remove {record}"
    record.unlink()
    with lock.hold(shared) as me:
        assert lock.read_owner(shared) == me
    assert not record.exists()


def test_record_that_cannot_be_read_keeps_others_out_too(shared: Path) -> None:
    (shared / OWNER).write_text("")
    with pytest.raises(StorageError, match="written by another process"), lock.hold(shared):
        pass


def test_control_of_a_local_disk_only_the_lock_of_the_kernel_decides(tmp_path: Path) -> None:
    write_record(tmp_path, host="node7", pid=77)
    with lock.hold(tmp_path) as me:
        assert lock.read_owner(tmp_path) == me


def test_record_that_this_machine_left_behind_is_taken_over(shared: Path) -> None:
    write_record(shared, started=0.0)
    with lock.hold(shared) as me:
        assert lock.read_owner(shared) == me


def test_living_process_of_this_machine_keeps_others_out(shared: Path) -> None:
    parent = psutil.Process(os.getppid())
    started = round(parent.create_time() - psutil.boot_time(), 2)
    write_record(shared, pid=parent.pid, started=started)
    with pytest.raises(StorageError, match="another process: process"), lock.hold(shared):
        pass


def test_link_is_followed_to_where_it_leads(mounts: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/data/my disk")
    assert is_shared(tmp_path / "link" / "s")


def test_nothing_is_shared_where_mounts_are_not_known(mounts: Path) -> None:
    mounts.unlink()
    assert not is_shared(Path("/data/my disk"))
