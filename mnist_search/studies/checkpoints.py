"""The checkpoints of a search whose trials go on from others: where they lie, which stay."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from mnist_search.specs import Continuation, Record, RunConfig, Rung, RunResult
from mnist_search.studies.artifacts import FOLDER
from mnist_search.writing import is_leftover

_CHECKPOINT = re.compile(r"run-(\d+)\.checkpoint\.npz")
_STEMS = r"run-\d+\.checkpoint"


def first_epochs(config: RunConfig, epochs: int) -> RunConfig:
    """Return the first epochs of a configuration: the learning rate stays that of the whole."""
    whole = config.training
    planned = None if whole.schedule == "constant" else whole.planned_epochs
    changes = {"epochs": epochs, "schedule_epochs": None if planned == epochs else planned}
    return config.model_copy(update={"training": whole.model_copy(update=changes)})


class CheckpointShelf:
    """Keeps the checkpoints of trials that may still be gone on from, and removes the others.

    A trial may be when its round promotes more trials than have gone on and no better ones wait
    in it, or when the one that goes on from it is not over. What is known comes from the ledger,
    what is removed from the folder, as with the weights.
    """

    def __init__(self, folder: Path, records: Iterable[Record]) -> None:
        """Take stock; no worker may be writing."""
        self._folder = folder.resolve() / FOLDER
        self._rungs: dict[int, Rung] = {}
        self._results: dict[int, RunResult] = {}
        for record in records:
            if record.rung is not None:
                self._rungs[record.number] = record.rung
            if record.result is not None and record.state in ("complete", "pruned", "failed"):
                self._results[record.number] = record.result
        for found in self._folder.glob(".run-*"):
            # What a killed worker was writing.
            if is_leftover(found.name, of=_STEMS):
                found.unlink(missing_ok=True)
        self._remove(self._files() - self.kept())

    def claim(self, number: int, rung: Rung) -> None:
        """Take up a claimed trial."""
        self._rungs[number] = rung

    def place(self, number: int) -> str | None:
        """Return where a trial is to leave its checkpoint, None where nothing goes on from it."""
        rung = self._rungs.get(number)
        return None if rung is None or rung.promotes == 0 else str(self._path(number))

    def continuation(self, number: int) -> Continuation | None:
        """Return what a trial goes on from, None where it begins anew."""
        rung = self._rungs.get(number)
        if rung is None or rung.continues is None:
            return None
        return Continuation(
            number=rung.continues,
            epochs=rung.initial_epoch,
            path=str(self._path(rung.continues)),
            sha256=self._results[rung.continues].checkpoint_sha256,
        )

    def seed(self, rung: Rung) -> int | None:
        """Return the seed of the trial that one on this rung goes on from, if it does."""
        return None if rung.continues is None else self._results[rung.continues].seed

    def put(self, number: int, result: RunResult) -> None:
        """Take up a finished trial, whose result the ledger holds; remove what fell out."""
        self._results[number] = result
        self._remove(self._files().intersection(self._results) - self.kept())

    def kept(self) -> set[int]:
        """Return the trials whose checkpoints stay."""
        kept: set[int] = set()
        going_on = {rung.continues: number for number, rung in self._rungs.items()}
        waiting: dict[tuple[int, int], list[int]] = {}
        room: dict[tuple[int, int], int] = {}
        for number, rung in self._rungs.items():
            place = rung.bracket, rung.round
            room.setdefault(place, rung.promotes)
            if number in going_on:
                room[place] -= 1
                if going_on[number] not in self._results:
                    kept.add(number)
            elif self._left_one(number):
                waiting.setdefault(place, []).append(number)
        for place, numbers in waiting.items():
            best = sorted(numbers, key=lambda number: (-self._accuracy(number), number))
            kept.update(best[: max(0, room[place])])
        return kept

    def _left_one(self, number: int) -> bool:
        result = self._results.get(number)
        return result is not None and result.checkpoint_sha256 is not None

    def _accuracy(self, number: int) -> float:
        accuracy = self._results[number].last_accuracy
        return 0.0 if accuracy is None else accuracy

    def _path(self, number: int) -> Path:
        return self._folder / f"run-{number}.checkpoint.npz"

    def _files(self) -> set[int]:
        found = (_CHECKPOINT.fullmatch(path.name) for path in self._folder.glob("run-*"))
        return {int(match[1]) for match in found if match is not None}

    def _remove(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            self._path(number).unlink(missing_ok=True)
