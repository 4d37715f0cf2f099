"""What a worker process prints: a bounded share goes to a file, the last of it is kept at hand."""

from __future__ import annotations

from pathlib import Path

JOB_BYTES = 2**20
FILE_BYTES = 8 * 2**20
TAIL_BYTES = 8 * 2**10


class OutputLog:
    """The output of one process, at most `job_bytes` per job of it in the file.

    The file is set aside as `<name>.1` when it holds `file_bytes` at the start of a job, so a
    file and its predecessor never hold more than 2 * (file_bytes + job_bytes) and the headers.
    `path` None keeps the tail only.
    """

    def __init__(
        self, path: Path | None, *, job_bytes: int = JOB_BYTES, file_bytes: int = FILE_BYTES
    ) -> None:
        self._path = path
        self._job_bytes = job_bytes
        self._file_bytes = file_bytes
        self._room = job_bytes
        self._tail = b""

    @property
    def path(self) -> Path | None:
        """Return the file, None where there is none or it could not be written."""
        return self._path

    @property
    def tail(self) -> str:
        """Return the last few kilobytes printed since `begin`."""
        return self._tail.decode(errors="replace").strip()

    @property
    def last_line(self) -> str | None:
        """Return the last line printed since `begin`, None if there was none."""
        lines = self.tail.splitlines()
        return lines[-1].strip() if lines else None

    def begin(self, title: str) -> None:
        """Start a section: a header line, a fresh allowance and an empty tail."""
        self._room = self._job_bytes
        self._tail = b""
        if self._path is None:
            return
        try:
            if self._path.exists() and self._path.stat().st_size >= self._file_bytes:
                self._path.replace(f"{self._path}.1")
        except OSError:
            self._path = None
        self._append(f"--- {title} ---\n".encode())

    def write(self, data: bytes) -> None:
        """Take what the process printed."""
        self._tail = (self._tail + data)[-TAIL_BYTES:]
        if self._room == 0:
            return
        kept = data[: self._room]
        self._room -= len(kept)
        self._append(kept)
        if self._room == 0:
            self._append(f"\n--- more than {self._job_bytes} bytes, the rest is cut ---\n".encode())

    def _append(self, data: bytes) -> None:
        if self._path is None:
            return
        try:
            with self._path.open("ab") as file:
                file.write(data)
        except OSError:
            # A log that cannot be written (a full disk) must not end the trials.
            self._path = None
