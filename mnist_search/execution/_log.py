"""What a worker prints: straight into a file, out of which the middle is cut where it is too long.

Not through a pipe: the last words before a crash, faulthandler's among them, would die with a
reader that is a thread of the worker, and a library that prints while it holds Python's lock would
wait for that thread for ever. The price: until the next look, a job can be over its bound by what
it prints in LOOK_SECONDS.
"""

from __future__ import annotations

import fcntl
import io
import os
import stat
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from mnist_search.errors import DataError
from mnist_search.paths import temporary_file

# Of what a job prints, the first half of this and the last TAIL_BYTES are kept.
JOB_BYTES = 2**20
# A file that is longer when a job starts keeps its last half.
FILE_BYTES = 8 * 2**20
TAIL_BYTES = 8 * 2**10
LOOK_SECONDS = 0.1


def open_log(path: Path | None) -> int:
    """Return a descriptor that appends to a log; None: to a file without a name.

    Raises:
        DataError: something else than a regular file is there, such as a link.
        OSError: the system does not let it.
    """
    if path is None:
        with temporary_file() as file:
            descriptor = os.dup(file.fileno())
        fcntl.fcntl(descriptor, fcntl.F_SETFL, os.O_APPEND)
        return descriptor
    path.parent.mkdir(parents=True, exist_ok=True)
    # Never through a link, and not waiting for the reader of a named pipe.
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
    refusal = DataError(
        f"{path} is not a regular file, so it cannot be the log of a worker",
        hint="remove it, or move it away",
    )
    try:
        descriptor = os.open(path, flags, 0o666)
    except OSError:
        if path.is_symlink() or (path.exists() and not path.is_file()):
            raise refusal from None
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise refusal
    return descriptor


def header(pid: int, what: str) -> str:
    """Return the line at the head of what a process prints for a job, or at its start."""
    return f"--- process {pid}, {what} ---\n"


def read_tail(descriptor: int, head: str) -> str:
    """Return the last few kilobytes of what was printed under a header."""
    start = max(0, os.fstat(descriptor).st_size - TAIL_BYTES)
    text = os.pread(descriptor, TAIL_BYTES, start).decode(errors="replace")
    return text.rpartition(head)[2].strip()


class BoundedLog:
    """The log as its worker has it: it keeps each job, and the file, within bounds."""

    def __init__(
        self, descriptor: int, *, job_bytes: int = JOB_BYTES, file_bytes: int = FILE_BYTES
    ) -> None:
        """Take the file behind a descriptor that appends."""
        self._descriptor = descriptor
        self._job_bytes = job_bytes
        self._file_bytes = file_bytes
        self._start = self._size
        # Whoever holds it while a trial forks is not in the fork. A handler of signals may print.
        self.lock = threading.RLock()
        os.register_at_fork(after_in_child=self._renew)

    def _renew(self) -> None:
        self.lock = threading.RLock()

    def watch(self) -> None:
        """Look at the length now and then, in a thread that ends with the process."""

        def look() -> None:
            while True:
                time.sleep(LOOK_SECONDS)
                self.trim()

        threading.Thread(target=look, daemon=True).start()

    def begin(self, head: str) -> None:
        """Start a job, or whatever the header says."""
        self.trim()
        with self.lock, suppress(OSError):
            if self._size > self._file_bytes:
                self._cut(0, self._file_bytes // 2)
            os.write(self._descriptor, head.encode())
            self._start = self._size

    def trim(self) -> None:
        """Cut out the middle of what the job has printed, if that is too much."""
        with self.lock, suppress(OSError):
            if self._size - self._start > self._job_bytes:
                self._cut(self._start + self._job_bytes // 2, TAIL_BYTES)

    @property
    def _size(self) -> int:
        return os.fstat(self._descriptor).st_size

    def _cut(self, start: int, kept_bytes: int) -> None:
        """Remove what lies between `start` and the last bytes."""
        kept = os.pread(self._descriptor, kept_bytes, self._size - kept_bytes)
        os.ftruncate(self._descriptor, start)
        os.write(self._descriptor, b"\n--- a part is cut out here ---\n" + kept)


class PatientFile(io.FileIO):
    """A log as a file for prints, which waits while a part is cut out.

    It forgets what a full disk does not take: no trial may fail of it.
    """

    def __init__(self, descriptor: int, log: BoundedLog) -> None:
        """Print to a descriptor of the log, and leave it open."""
        super().__init__(descriptor, "w", closefd=False)
        self._log = log

    def write(self, data: Any) -> int:
        """Write what can be written."""
        with self._log.lock, suppress(OSError):
            super().write(data)
        return memoryview(data).nbytes
