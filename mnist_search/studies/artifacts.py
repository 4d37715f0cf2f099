"""The trained weights of a study: where they lie, which of them stay."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import NonNegativeInt

from mnist_search.specs import Record, RunResult
from mnist_search.studies.folder import ARTIFACTS, check_file, check_files, check_folder
from mnist_search.writing import is_leftover

if TYPE_CHECKING:
    from mnist_search.studies.ledger import Ledger

KEPT_TRIALS = 3
# The study remembers how many it keeps, under this name.
KEEP = "keep_models"

_WEIGHTS = re.compile(r"run-(\d+)\.weights\.npz")
_STEMS = r"run-\d+\.weights"


def weights_path(folder: Path, number: int) -> Path:
    """Return where the study in `folder` has the weights of a run."""
    return folder.absolute() / ARTIFACTS / f"run-{number}.weights.npz"


def stored_weights(folder: Path, record: Record) -> Path | None:
    """Return the file of a run's weights, None where none is kept.

    Whoever reads it compares the checksum in the result.

    Raises:
        DataError: the file or its folder is a link, a pipe or a device.
    """
    if record.result is None or record.result.weights_sha256 is None:
        return None
    path = weights_path(folder, record.number)
    check_folder(path.parent)
    check_file(path)
    return path if path.exists() else None


def decide_kept(ledger: Ledger, wanted: int | None) -> int:
    """Return of how many trials a search keeps the weights: as asked, as before, or three."""
    before = ledger.attribute(KEEP, NonNegativeInt, KEPT_TRIALS)
    if wanted is None:
        return before
    if wanted != before:
        ledger.set_attribute(KEEP, wanted)
    return wanted


class WeightShelf:
    """Keeps the weights of a search's best complete trials and removes the others.

    What it knows comes from the ledger, what it removes from the folder: a crash between the two
    leaves a file that the next start removes. Files of runs that are not over stay untouched
    while workers write.
    """

    def __init__(self, folder: Path, records: Iterable[Record], *, keep: int = KEPT_TRIALS) -> None:
        """Take stock of what to keep, 0: nothing; no worker may be writing."""
        check_files(folder)
        self._folder = folder
        self._keep = keep
        self._finished: set[int] = set()
        self._accuracies: dict[int, float] = {}
        for record in records:
            if record.result is not None and record.state in ("complete", "pruned", "failed"):
                self._note(record.number, record.result)
        for found in (folder / ARTIFACTS).glob(".run-*"):
            # What a killed worker was writing.
            if is_leftover(found.name, of=_STEMS):
                found.unlink(missing_ok=True)
        best = self.best()
        self._remove(number for number in self._files() if number not in best)

    def place(self, number: int) -> str | None:
        """Return where a run is to leave its weights, None where none are kept."""
        return str(weights_path(self._folder, number)) if self._keep > 0 else None

    def best(self) -> list[int]:
        """Return the runs whose weights stay, the most accurate first, of equals the earlier."""
        ranked = sorted(self._accuracies, key=lambda number: (-self._accuracies[number], number))
        return ranked[: self._keep]

    def put(self, number: int, result: RunResult) -> None:
        """Take up a finished run, whose result the ledger holds, and remove what fell out."""
        self._note(number, result)
        self._remove(self._finished.difference(self.best()).intersection(self._files()))

    def _note(self, number: int, result: RunResult) -> None:
        self._finished.add(number)
        stored = result.status == "complete" and result.weights_sha256 is not None
        if stored and result.chosen_by is not None:
            self._accuracies[number] = result.chosen_by.accuracy

    def _files(self) -> set[int]:
        found = (_WEIGHTS.fullmatch(path.name) for path in (self._folder / ARTIFACTS).glob("run-*"))
        return {int(match[1]) for match in found if match is not None}

    def _remove(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            path = weights_path(self._folder, number)
            check_file(path)
            path.unlink(missing_ok=True)
