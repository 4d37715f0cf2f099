"""Progress for those who use the library: lines of its logger."""

from __future__ import annotations

import logging

from mnist_search.specs import RunResult
from mnist_search.studies.progress import Assignment, Opening, Progress, tell_ending

LOGGER = "mnist_search"


class LoggedProgress(Progress):
    """Writes a line for each run to the logger `mnist_search`, at the level INFO."""

    def __init__(self) -> None:
        """Take the logger as it is set up."""
        self._log = logging.getLogger(LOGGER)

    def begin(self, opening: Opening) -> None:
        """Write what is about to run."""
        done = f", {opening.done} of them done earlier" if opening.done else ""
        self._log.info("%s: %d %ss%s", opening.headline, opening.total, opening.noun, done)

    def finished(self, assignment: Assignment, result: RunResult, worker: int | None) -> None:
        """Write how a run ended."""
        accuracy = result.last_accuracy
        told = "" if accuracy is None else f", accuracy {accuracy:.4f}"
        ending = tell_ending(result)
        told += "" if ending is None else f", {ending}"
        self._log.info("%s, %s: %s%s", assignment.name, assignment.label, result.status, told)

    def note(self, text: str) -> None:
        """Write the sentence."""
        self._log.info("%s", text)
