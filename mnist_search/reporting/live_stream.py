"""Where progress comes from and goes to: the workers' logs, and a stream that may break."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO


def can_be_live(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Return whether a stream is a UTF-8 terminal with a movable cursor, outside of CI."""
    in_ci = environ.get("CI", "").lower() not in ("", "0", "false")
    no_cursor = environ.get("TERM", "").lower() in ("dumb", "unknown")
    # Some streams (io.StringIO) have no encoding.
    encoding = str(getattr(stream, "encoding", None)).lower()
    if in_ci or no_cursor or environ.get("NO_PROGRESS") or not encoding.startswith("utf"):
        return False
    try:
        return stream.isatty()
    except ValueError:
        return False


class GuardedStream:
    """A text stream whose reader may go away: no write to it ever raises.

    rich ends the process on a broken pipe, but a search outlives the terminal it reports to.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.encoding = getattr(stream, "encoding", None)

    def write(self, text: str) -> int:
        try:
            self._stream.write(text)
        except UnicodeEncodeError:
            return self.write(text.encode("ascii", "replace").decode("ascii"))
        except (OSError, ValueError) as error:
            self._give_up(error)
        return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except (OSError, ValueError) as error:
            self._give_up(error)

    def isatty(self) -> bool:
        return self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()

    def _give_up(self, error: Exception) -> None:
        if not isinstance(error, BrokenPipeError):
            return
        # What is buffered would fail again when Python flushes it at exit, which makes the exit
        # code 120 whatever the search achieved.
        with contextlib.suppress(OSError, ValueError):
            descriptor = os.open(os.devnull, os.O_WRONLY)
            os.dup2(descriptor, self._stream.fileno())
            os.close(descriptor)


class WorkerLogs:
    """What the workers of a study print from now on."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ends = dict(self._sizes())

    def lines(self) -> list[str]:
        """Return the lines since the last call, each after the name of its log."""
        found = []
        for path, size in self._sizes():
            # A log that was cut goes on from where it ends now.
            start = min(self._ends.get(path, 0), size)
            with contextlib.suppress(OSError), path.open("rb") as log:
                log.seek(start)
                text = log.read(size - start)
                # The rest of the last line comes with the next call.
                self._ends[path] = start + text.rfind(b"\n") + 1
                whole = text[: text.rfind(b"\n") + 1].decode(errors="replace")
                found += [f"{path.stem}: {line}" for line in whole.splitlines() if line.strip()]
        return found

    def _sizes(self) -> list[tuple[Path, int]]:
        try:
            return [(path, path.stat().st_size) for path in sorted(self._folder.glob("*.log"))]
        except OSError:
            return []
