"""What every display of progress does, plain lines, and the streams and logs behind them."""

from __future__ import annotations

import contextlib
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from mnist_search.reporting.cells import clean
from mnist_search.reporting.live_state import State, begin_state, best_text
from mnist_search.specs import RunResult
from mnist_search.studies.progress import Assignment, Opening, Progress


class Display(Progress, ABC):
    """Shows what the loop tells; used as a context manager it always puts the cursor back."""

    def __init__(self, *, clock: Callable[[], float], verbose: bool) -> None:
        self._clock = clock
        self._verbose = verbose
        self._logs: WorkerLogs | None = None
        self._state: State | None = None

    @abstractmethod
    def _open(self, state: State) -> None: ...

    @abstractmethod
    def _close(self, state: State) -> None: ...

    @abstractmethod
    def _finished(self, state: State, line: str, result: RunResult, is_best: bool) -> None: ...

    @abstractmethod
    def _line(self, text: str, style: str = "") -> None: ...

    def note(self, text: str) -> None:
        """Show a sentence, even if quiet."""
        self._line(clean(text), "yellow")

    def begin(self, opening: Opening) -> None:
        """Open the display."""
        self.end()
        self._state = begin_state(opening, self._clock())
        self._open(self._state)
        folder = opening.log_folder
        if self._verbose and folder is not None:
            self.note(f"the workers' logs are in {folder}")
            self._logs = WorkerLogs(folder)

    def started(self, assignment: Assignment, worker: int) -> None:
        """Show that a worker took up a run."""
        if self._state is not None:
            self._state.start(assignment, worker, self._clock())

    def stepped(self, assignment: Assignment, step: float) -> None:
        """Show how far a run has trained."""
        if self._state is not None:
            self._state.step(assignment.number, step, self._clock())
        self._tell_logs()

    def reported(self, assignment: Assignment, step: int, accuracy: float) -> None:
        """Show how accurate a run is so far."""
        if self._state is not None:
            self._state.step(assignment.number, step, self._clock(), accuracy)
        self._tell_logs()

    def finished(self, assignment: Assignment, result: RunResult, worker: int | None) -> None:
        """Show that a run is over."""
        self._tell_logs()
        if self._state is not None:
            is_best = self._state.finish(assignment, result, self._clock())
            line = self._state.finished_line(assignment, result, "*" if is_best else "")
            self._finished(self._state, line, result, is_best)

    def end(self) -> None:
        """Close the display and sum it up; further calls change nothing."""
        self._tell_logs()
        self._logs = None
        state, self._state = self._state, None
        if state is not None:
            self._close(state)

    def _tell_logs(self) -> None:
        for line in [] if self._logs is None else self._logs.lines():
            self._line(clean(line), "dim")

    def __enter__(self) -> Self:
        """Return the display itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the display, whatever happened."""
        self.end()


class PlainProgress(Display):
    """One line for each run that ended, for pipes, logs and CI; if quiet, notes alone."""

    def __init__(
        self,
        stream: TextIO,
        *,
        clock: Callable[[], float],
        quiet: bool = False,
        verbose: bool = False,
    ) -> None:
        super().__init__(clock=clock, verbose=verbose)
        self._stream = stream
        self._quiet = quiet

    def _open(self, state: State) -> None:
        opening = state.opening
        earlier = f", {opening.done} of them done earlier" if opening.done else ""
        self._say(f"{opening.headline}: {opening.total} {opening.noun}s{earlier}")

    def _close(self, state: State) -> None:
        self._say(state.summary_line(self._clock()))

    def _finished(self, state: State, line: str, result: RunResult, is_best: bool) -> None:
        tail = "" if state.best is None else f"  ({best_text(state.best)})"
        self._say(line + tail)

    def _say(self, line: str) -> None:
        if not self._quiet:
            self._line(line)

    def _line(self, text: str, style: str = "") -> None:
        self._stream.write(text + "\n")
        self._stream.flush()


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
