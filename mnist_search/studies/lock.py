"""Who writes a study: a lock of the kernel keeps others out, a record beside it says whose it is.

The kernel lets go of the lock when its process dies, so nothing expires and no clock matters.
The record names the process by host, boot, number and start, so that whoever is refused reads
whom to wait for, and a lock file that somebody removed does not let a second writer in.

On a file system that machines share, locks of the kernel may reach no further than one machine.
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
from mnist_search.studies.folder import LOCK, OWNER, check_files, open_file, storage_errors
from mnist_search.studies.owner import Owner, is_running, this_process
from mnist_search.writing import replacing

MOUNTS = Path("/proc/self/mountinfo")

_SHARED = {
    "afs",
    "beegfs",
    "ceph",
    "cifs",
    "glusterfs",
    "lustre",
    "nfs",
    "nfs4",
    "smb3",
    "smbfs",
}
# The root of a container without privileges; its files are local ones.
_LOCAL_FUSE = {"fuse.fuse-overlayfs"}
_ESCAPE = re.compile(r"\\([0-7]{3})")


@contextmanager
def hold(folder: Path) -> Iterator[Owner]:
    """Hold a study against other writers for as long as the block runs; yields this process.

    Raises:
        StorageError: another process holds it, or it lies where locks mean nothing.
        DataError: one of its files is a link, a pipe or a device.
    """
    check_local(folder)
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
                    hint="name a folder of a local disk with --home",
                ) from error
        me, before = this_process(), read_owner(folder)
        # The lock can be free and yet the owner alive: somebody removed the file.
        if before is not None and is_running(before) and not before.is_process_of(me):
            raise _being_written(study, before)
        if shared:
            _make_record(folder, me)
        else:
            _write_record(folder, me)
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


def check_local(folder: Path) -> None:
    """Check that a folder, or the place where it is to be, may hold a study that is written.

    Raises:
        StorageError: it lies on a file system of a user's program (FUSE).
    """
    kind = file_system(folder)
    if kind is not None and _is_fuse(kind):
        raise StorageError(
            f"{folder} lies on a file system of type {kind}, where a lock may not keep others out",
            hint="name a folder of a local disk with --home",
        )


def is_shared(folder: Path) -> bool:
    """Return whether other machines may have the folder too."""
    return file_system(folder) in _SHARED


def file_system(folder: Path) -> str | None:
    """Return the type of the file system under a folder, None where that is not known."""
    try:
        lines = MOUNTS.read_text(errors="surrogateescape").splitlines()
        # Where the working folder is gone, making the study says so.
        path = folder.resolve()
    except OSError:
        return None
    found: tuple[int, str | None] = (-1, None)
    for line in lines:
        place, _, source = line.partition(" - ")
        fields = place.split()
        if len(fields) < 5 or not source:
            continue
        mounted = Path(_ESCAPE.sub(lambda match: chr(int(match[1], 8)), fields[4]))
        # Of two mounts in one place the later hides the earlier.
        if path.is_relative_to(mounted) and len(mounted.parts) >= found[0]:
            found = len(mounted.parts), source.split()[0]
    return found[1]


def _is_fuse(kind: str) -> bool:
    # fuseblk is a disk of this machine, such as one that another system formatted.
    return (kind == "fuse" or kind.startswith("fuse.")) and kind not in _LOCAL_FUSE


def _make_record(folder: Path, owner: Owner) -> None:
    """Write the record where there is none, or one that a process of this machine left behind.

    Raises:
        StorageError: there is another.
    """
    path, before = folder / OWNER, read_owner(folder)
    with storage_errors(path):
        if before is not None and before.host == owner.host:
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
