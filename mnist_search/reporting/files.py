"""Writing reports."""

from __future__ import annotations

from pathlib import Path

from mnist_search.writing import output_file


def write_atomically(path: Path, text: str) -> None:
    """Write UTF-8 text, the whole file or none of it.

    Raises:
        UsageError: the folder is missing or not writable, or the target is a folder, a
            symbolic link (which a rename would replace), a device or a study.
        ResourceError: the disk is full.
    """
    with output_file(path) as temporary:
        # Names from a file system may hold what UTF-8 cannot.
        temporary.write_bytes(text.encode("utf-8", "backslashreplace"))
