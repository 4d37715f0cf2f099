"""Starting worker processes, and giving up when none of them comes up."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from mnist_search.errors import MnistSearchError, ResourceError
from mnist_search.execution._messages import Settings
from mnist_search.execution._output import OutputLog
from mnist_search.execution._process import WorkerProcess

START_FAILURES = 3


class Launcher:
    """Starts the workers of an executor and counts those that die before they are ready."""

    def __init__(self, *, trainer: str, threads: int, log_folder: Path | None) -> None:
        """Plan workers; what slot n prints goes to `worker-n.log` in `log_folder`."""
        self.threads = threads
        self.error: MnistSearchError | None = None
        self.trainer = trainer
        self._log_folder = log_folder
        self._failures = 0

    def prepare(self) -> None:
        """Create the folder of the logs.

        Raises:
            ResourceError: the system does not let it.
        """
        if self._log_folder is None:
            return
        try:
            self._log_folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ResourceError(f"cannot create {self._log_folder}: {error.strerror}") from error

    def launch(self, slot: int) -> WorkerProcess:
        """Start a worker for a slot.

        Raises:
            ResourceError: the system has no process, memory or open file left for it.
        """
        folder = self._log_folder
        log = OutputLog(None if folder is None else folder / f"worker-{slot}.log")
        settings = Settings(
            trainer=self.trainer,
            threads=self.threads,
            parent_pid=os.getpid(),
            # The kernel means the thread, not the process, when it speaks of a parent's death.
            die_with_thread=threading.current_thread() is threading.main_thread(),
        )
        try:
            return WorkerProcess(slot, settings, log)
        except OSError as error:
            raise ResourceError(
                f"cannot start the worker of slot {slot}: {error.strerror}",
                hint="fewer --workers need less of everything",
            ) from error

    def note_ready(self) -> None:
        """Forget earlier failures."""
        self._failures = 0

    def note_failure(self, worker: WorkerProcess) -> None:
        """Count a worker that died before it was ready.

        Raises:
            MnistSearchError: it was the third in a row; `error` holds it from then on.
        """
        self._failures += 1
        if self._failures < START_FAILURES:
            return
        cause, said, path = worker.cause_of_death, worker.log.last_line, worker.log.path
        message = f"no worker could be started, {START_FAILURES} in a row died: {cause}"
        if said is not None:
            message = f"{message}; its last line was: {said}"
        hint = None if path is None else f"all that it printed is in {path}"
        kind = ResourceError if worker.killed else MnistSearchError
        self.error = kind(message, hint=hint)
        raise self.error
