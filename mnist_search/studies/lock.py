"""Who writes a study: a lock of the kernel keeps others out, a record beside it says whose it is.

The kernel lets go of the lock when its process dies, so nothing expires and no clock matters.
The record names the process by host, boot, number and start, so that whoever is refused reads
whom to wait for, and a lock file that somebody removed does not let a second writer in.
"""

from __future__ import annotations

import fcntl
import os
import platform
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
from pydantic import ValidationError

from mnist_search.errors import StorageError
from mnist_search.specs import Frozen
from mnist_search.studies.clock import utc_seconds
from mnist_search.studies.filesystems import check_local
from mnist_search.studies.folder import LOCK, OWNER, check_files, open_file, storage_errors
from mnist_search.studies.redacting import without_secrets
from mnist_search.writing import replacing

# The start of the machine is told in whole seconds, and again when its clock was set a little.
BOOT_SECONDS = 5
_COMMAND_CHARACTERS = 160


class Owner(Frozen):
    """A process, unique across reuse of its number and restarts of the machine.

    `booted` is when the machine was started and `since` when the process took the study, both in
    seconds since 1970; `started` counts the seconds from the one to the start of the process.
    """

    host: str
    booted: float
    pid: int
    started: float
    since: float
    command: str

    def __str__(self) -> str:
        """Say who it is, for a sentence."""
        since = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(self.since))
        return f"process {self.pid} on {self.host} since {since} ({self.command})"

    def is_process_of(self, other: Owner) -> bool:
        """Return whether both are the same process, whenever it took the study."""
        return (
            (self.host, self.pid, self.started) == (other.host, other.pid, other.started)
            # Neither changes while the machine runs, but for the setting of its clock.
            and abs(self.booted - other.booted) <= BOOT_SECONDS
        )


class Possession:
    """A study that this process holds, until somebody takes it away."""

    def __init__(self, folder: Path, owner: Owner, *, study: str) -> None:
        """Take note of whose it is."""
        self._folder = folder
        self._owner = owner
        self._study = study

    def check(self) -> None:
        """Check that the study is still this process's.

        Raises:
            StorageError: another process has taken it over, as it may after the lock was removed
                by hand.
        """
        found = read_owner(self._folder)
        if found != self._owner:
            whom = "its owner's record was removed" if found is None else f"{found} writes it now"
            raise StorageError(
                f"study {self._study} was taken from this process: {whom}",
                hint="no trial was written after that; the same command goes on",
            )


@contextmanager
def hold(folder: Path) -> Iterator[Possession]:
    """Hold a study against other writers for as long as the block runs.

    Raises:
        StorageError: another process holds it, or it lies where locks mean nothing.
        DataError: one of its files is a link, a pipe or a device.
    """
    check_local(folder)
    check_files(folder)
    study = folder.name
    with storage_errors(folder / LOCK):
        lock = open_file(folder / LOCK, os.O_RDWR | os.O_CREAT)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _being_written(study, read_owner(folder)) from None
        except OSError as error:
            raise StorageError(
                f"{folder / LOCK} cannot be locked: {error.strerror}",
                hint="name a folder of a local disk with --home",
            ) from error
        me, before = this_process(), read_owner(folder)
        # The lock can be free and yet the owner alive: somebody removed the file.
        if before is not None and is_running(before) and not before.is_process_of(me):
            raise _being_written(study, before)
        _write_record(folder, me)
        try:
            yield Possession(folder, me, study=study)
        finally:
            if read_owner(folder) == me:
                with suppress(OSError):
                    (folder / OWNER).unlink()
    finally:
        # The kernel lets go of the lock with the last descriptor; workers have none.
        os.close(lock)


def read_owner(folder: Path) -> Owner | None:
    """Return whom the record names, None where there is none that can be read."""
    try:
        return Owner.model_validate_json((folder / OWNER).read_bytes())
    except (OSError, ValidationError):
        return None


def this_process() -> Owner:
    """Return the process that asks, as an owner from now on."""
    program, *words = sys.argv
    name = Path(program).parent.name if Path(program).stem == "__main__" else Path(program).name
    command = " ".join(" ".join([name.replace("_", "-"), *without_secrets(words)]).split())
    booted = psutil.boot_time()
    return Owner(
        host=platform.node(),
        booted=booted,
        pid=os.getpid(),
        started=round(psutil.Process().create_time() - booted, 2),
        since=utc_seconds(),
        command=command[:_COMMAND_CHARACTERS],
    )


def is_running(owner: Owner) -> bool:
    """Return whether that very process runs on this machine, now.

    A number that another process has by now, a machine that was started again and a process of
    another machine all mean no: then the lock alone decides.
    """
    if owner.host != platform.node():
        return False
    try:
        process, booted = psutil.Process(owner.pid), psutil.boot_time()
        started = round(process.create_time() - booted, 2)
        status = process.status()
    except (psutil.Error, OSError, ValueError, OverflowError):
        return False
    # A dead process whose parent has not asked for it yet holds no study.
    if status in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD):
        return False
    return owner.is_process_of(owner.model_copy(update={"booted": booted, "started": started}))


def _write_record(folder: Path, owner: Owner) -> None:
    try:
        with replacing(folder / OWNER) as draft:
            draft.write_text(owner.model_dump_json())
    except OSError as error:
        if error.filename is None:
            # So that a failing disk is not taken for a closed output.
            error.filename = str(folder / OWNER)
        with storage_errors(folder):
            raise


def _being_written(study: str, owner: Owner | None) -> StorageError:
    message, hint = f"study {study} is being written by another process", "wait for it, stop it"
    if owner is not None and is_running(owner):
        message = f"{message}: {owner}"
        if psutil.Process(owner.pid).status() in (
            psutil.STATUS_STOPPED,
            psutil.STATUS_TRACING_STOP,
        ):
            message = f"{message}, which is stopped"
            hint = f"`kill -CONT {owner.pid}` lets it go on, `kill -KILL {owner.pid}` ends it"
    return StorageError(message, hint=f"{hint}, or choose another --study")
