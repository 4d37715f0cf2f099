"""Which file systems a study may be written on: those whose locks everybody sees."""

from __future__ import annotations

import re
from pathlib import Path

from mnist_search.errors import StorageError

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


def check_local(folder: Path) -> None:
    """Check that a folder, or the place where it is to be, may hold a study that is written.

    Raises:
        StorageError: it lies on a network file system, or on one of a user's program (FUSE).
    """
    kind = file_system(folder)
    if kind is not None and (kind in _SHARED or _is_fuse(kind)):
        raise StorageError(
            f"{folder} lies on a file system of type {kind}, where a lock may not keep others out",
            hint="name a folder of a local disk with --home",
        )


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
