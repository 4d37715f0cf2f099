"""Who writes a study: a lock of the kernel keeps others out, a record beside it says whose it is.

The kernel lets go of the lock when its process dies, so nothing expires and no clock matters.
The record names the process by host, boot, number and start, so that whoever is refused reads
whom to wait for, and a lock file that somebody removed does not let a second writer in.
"""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import filelock
from pydantic import ValidationError

from mnist_search.errors import StorageError
from mnist_search.specs import Frozen
from mnist_search.studies.clock import utc_seconds
from mnist_search.studies.filesystems import check_local
from mnist_search.writing import replacing

LOCK, RECORD = "lock", "owner.json"
DATABASE = "study.db"

PROCESSES = Path("/proc")
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_COMMAND_CHARACTERS = 160


class Owner(Frozen):
    """A process, told apart from every other that had or will have its number.

    `started_ticks` counts from the start of the machine; it and `boot_id` are None where the
    system does not tell. `since` is in seconds since 1970.
    """

    host: str
    boot_id: str | None
    pid: int
    started_ticks: int | None
    since: float
    command: str

    def __str__(self) -> str:
        """Say who it is, for a sentence."""
        since = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(self.since))
        return f"process {self.pid} on {self.host} since {since} ({self.command})"


class Possession:
    """A study that this process holds, until somebody takes it away."""

    def __init__(self, folder: Path, owner: Owner, *, study: str) -> None:
        """Take note of the file that is written."""
        self._folder = folder
        self._owner = owner
        self._study = study
        self._file = _identity(folder / DATABASE)

    def check(self) -> None:
        """Check that the study is still there and still this process's.

        Raises:
            StorageError: its files were removed or replaced, or another process has taken it
                over, as it may after the lock was removed by hand.
        """
        path = self._folder / DATABASE
        if _identity(path) != self._file:
            raise StorageError(
                f"{path} was removed or replaced while study {self._study} was written",
                hint="what was told as done until then went with it",
            )
        found = read_owner(self._folder)
        if found != self._owner:
            whom = "its owner's record was removed" if found is None else f"{found} writes it now"
            raise StorageError(
                f"study {self._study} was taken from this process: {whom}",
                hint="no trial was written after that; the same command goes on",
            )


@contextmanager
def hold(folder: Path, *, study: str) -> Iterator[Possession]:
    """Hold a study against other writers for as long as the block runs.

    Raises:
        StorageError: another process holds it, or it lies where locks mean nothing.
    """
    check_local(folder)
    lock = filelock.FileLock(folder / LOCK, timeout=0)
    try:
        lock.acquire()
    except filelock.Timeout:
        raise _being_written(study, read_owner(folder)) from None
    try:
        me, before = this_process(), read_owner(folder)
        # The lock can be free and yet the owner alive: somebody removed the file.
        if before is not None and is_running(before) and not _same_process(before, me):
            raise _being_written(study, before)
        _write_record(folder, me)
        _remove_drafts(folder)
        try:
            yield Possession(folder, me, study=study)
        finally:
            if read_owner(folder) == me:
                with suppress(OSError):
                    (folder / RECORD).unlink()
    finally:
        lock.release()


def read_owner(folder: Path) -> Owner | None:
    """Return whom the record names, None where there is none that can be read."""
    try:
        return Owner.model_validate_json((folder / RECORD).read_bytes())
    except (OSError, ValidationError):
        return None


def _write_record(folder: Path, owner: Owner) -> None:
    try:
        with replacing(folder / RECORD) as draft:
            draft.write_text(owner.model_dump_json())
    except OSError as error:
        if error.filename is None:
            # So that a failing disk is not taken for a closed output.
            error.filename = str(folder / RECORD)
        raise


def _remove_drafts(folder: Path) -> None:
    # What processes left that died while they created this study; living ones clean up themselves.
    for found in folder.glob(f"{DATABASE}.*.new*"):
        pid = found.name.removeprefix(f"{DATABASE}.").partition(".")[0]
        if pid.isdecimal() and PROCESSES.is_dir() and _state(int(pid)) in (None, "Z", "X"):
            with suppress(OSError):
                found.unlink()


def this_process() -> Owner:
    """Return the process that asks, as an owner from now on."""
    from mnist_search.studies.sessions import without_secrets

    program, *words = sys.argv
    name = Path(program).parent.name if Path(program).stem == "__main__" else Path(program).name
    command = " ".join(" ".join([name.replace("_", "-"), *without_secrets(words)]).split())
    return Owner(
        host=platform.node(),
        boot_id=_boot_id(),
        pid=os.getpid(),
        started_ticks=_started_ticks(os.getpid()),
        since=utc_seconds(),
        command=command[:_COMMAND_CHARACTERS],
    )


def is_running(owner: Owner) -> bool:
    """Return whether that very process runs on this machine, now.

    A number that another process has by now, a machine that was started again and a process of
    another machine all mean no: then the lock alone decides.
    """
    if owner.host != platform.node() or owner.boot_id != _boot_id():
        return False
    return owner.started_ticks is not None and owner.started_ticks == _started_ticks(owner.pid)


def _being_written(study: str, owner: Owner | None) -> StorageError:
    message, hint = f"study {study} is being written by another process", "wait for it, stop it"
    if owner is not None and is_running(owner):
        message = f"{message}: {owner}"
        if _state(owner.pid) in ("T", "t"):
            message = f"{message}, which is stopped"
            hint = f"`kill -CONT {owner.pid}` lets it go on, `kill -KILL {owner.pid}` ends it"
    return StorageError(message, hint=f"{hint}, or choose another --study")


def _same_process(one: Owner, other: Owner) -> bool:
    return (one.pid, one.started_ticks) == (other.pid, other.started_ticks)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _boot_id() -> str | None:
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return None


def _started_ticks(pid: int) -> int | None:
    fields = _read_stat(pid)
    # A dead process whose parent has not asked for it yet holds no study.
    return None if fields is None or fields[0] in ("Z", "X") else int(fields[19])


def _state(pid: int) -> str | None:
    fields = _read_stat(pid)
    return None if fields is None else fields[0]


def _read_stat(pid: int) -> list[str] | None:
    """Return what the kernel says of a process, from its state (the third field) on."""
    try:
        # The name before it may hold spaces and brackets.
        return (PROCESSES / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
