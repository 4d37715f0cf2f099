"""Who writes a study: a lock of the kernel keeps others out, a record beside it says whose it is.

The kernel lets go of the lock when its process dies, so nothing expires and no clock matters.
The record names the process by host, boot, number and start, so that whoever is refused reads
whom to wait for, and a lock file that somebody removed does not let a second writer in.

On a file system that machines may share, locks of the kernel may reach no further than one machine,
or be none. That cannot be asked, so all are taken for such a one that are no disk of this machine.
There the record itself keeps others out: it is made where there is none, which the server does for
one of them only, and none but its own machine takes over one that was left behind. No time limit
does, since a writer that is cut off for a while would go on beside its successor.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
from pydantic import ValidationError

from mnist_search.errors import StorageError
from mnist_search.studies.folder import (
    LOCK,
    OWNER,
    check_files,
    named_errors,
    open_file,
    storage_errors,
)
from mnist_search.studies.owner import Owner, is_running, this_process

MOUNTS = Path("/proc/self/mountinfo")

# Own file systems of a machine that lie on no single device, the root of a container among them.
_OWN = {"aufs", "bcachefs", "btrfs", "fuse.fuse-overlayfs", "overlay", "ramfs", "tmpfs", "zfs"}
_ELSEWHERE = "name a folder of another disk with --home"
_ESCAPE = re.compile(r"\\([0-7]{3})")


@contextmanager
def hold(folder: Path) -> Iterator[Owner]:
    """Hold a study against other writers for as long as the block runs; yields this process.

    Raises:
        StorageError: another process holds it, or its disk cannot lock.
        DataError: one of its files is a link, a pipe or a device.
    """
    check_files(folder)
    study, shared = folder.name, is_shared(folder)
    with storage_errors(folder / LOCK):
        lock = open_file(folder / LOCK, os.O_RDWR | os.O_CREAT)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _being_written(study, read_owner(folder)) from None
        except OSError as error:
            if not shared:
                raise StorageError(
                    f"{folder / LOCK} cannot be locked: {error.strerror}",
                    hint=_ELSEWHERE,
                ) from error
        if not shared and not keeps_others_out(folder / LOCK):
            raise StorageError(
                f"{folder / LOCK} can be locked twice: locks keep nobody out there",
                hint=_ELSEWHERE,
            )
        me, before = this_process(), read_owner(folder)
        # The lock can be free and yet the owner alive: somebody removed the file.
        if before is not None and is_running(before) and not before.is_process_of(me):
            raise _being_written(study, before)
        _write_record(folder, me, shared=shared)
        try:
            yield me
        finally:
            if read_owner(folder) == me:
                with suppress(OSError):
                    (folder / OWNER).unlink()
    finally:
        # The kernel lets go of the lock with the last descriptor; workers have none.
        os.close(lock)


def check_owner(folder: Path, owner: Owner) -> None:
    """Check that a study which was held is still its owner's.

    Raises:
        StorageError: another process has taken it over, as it may after the lock was removed by
            hand.
    """
    found = read_owner(folder)
    if found != owner:
        whom = "its owner's record was removed" if found is None else f"{found} writes it now"
        raise StorageError(
            f"study {folder.name} was taken from this process: {whom}",
            hint="no trial was written after that; the same command goes on",
        )


def read_owner(folder: Path) -> Owner | None:
    """Return whom the record names, None where there is none that can be read."""
    try:
        return Owner.model_validate_json((folder / OWNER).read_bytes())
    except (OSError, ValidationError):
        return None


def keeps_others_out(locked: Path) -> bool:
    """Return whether a file that is locked cannot be locked once more."""
    with locked.open("rb") as again:
        try:
            fcntl.flock(again, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def is_shared(folder: Path) -> bool:
    """Return whether other machines may have the folder too."""
    mount = mount_of(folder)
    # What lies on a device, such as a disk, has its number; what a server or program has, 0.
    return mount is not None and mount[0].startswith("0:") and mount[1] not in _OWN


def mount_of(folder: Path) -> tuple[str, str] | None:
    """Return device and type of the file system under a folder, None where they are not known."""
    try:
        lines = MOUNTS.read_text(errors="surrogateescape").splitlines()
        # Where the working folder is gone, making the study says so.
        path = folder.resolve()
    except OSError:
        return None
    depth, found = -1, None
    for line in lines:
        place, _, source = line.partition(" - ")
        fields = place.split()
        if len(fields) < 5 or not source:
            continue
        mounted = Path(_ESCAPE.sub(lambda match: chr(int(match[1], 8)), fields[4]))
        # Of two mounts in one place the later hides the earlier.
        if path.is_relative_to(mounted) and len(mounted.parts) >= depth:
            depth, found = len(mounted.parts), (fields[2], source.split()[0])
    return found


def _write_record(folder: Path, owner: Owner, *, shared: bool) -> None:
    """Write the record where there is none, or in the place of one that was left behind.

    Of a folder that machines share only a process of this one is known to have left it.

    Raises:
        StorageError: there is another.
    """
    path, before = folder / OWNER, read_owner(folder)
    with storage_errors(path), named_errors(path):
        if not shared or (before is not None and before.host == owner.host):
            path.unlink(missing_ok=True)
        try:
            file = open_file(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        except FileExistsError:
            who = "another process" if before is None else str(before)
            raise StorageError(
                f"study {folder.name} is being written by {who}",
                hint=f"once that is certain to have ended, remove {path}",
            ) from None
        with os.fdopen(file, "w") as record:
            record.write(owner.model_dump_json())
            record.flush()
            os.fsync(file)


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
