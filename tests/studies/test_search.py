"""A search between engine, executor and ledger: what is closed without training."""

from __future__ import annotations

from pathlib import Path

import pytest

from mnist_search.spaces import find_space
from mnist_search.specs import DatasetRef, Job, RunResult
from mnist_search.studies import Interrupt, Limits, SearchSpec, StudySpec, open_search, run_search
from tests.support.fake import FakeExecutor

DATASET = DatasetRef(name="made-up", digest="0" * 16, train_images=60, test_images=10)


class Watcher:
    """Notes what is finished, and wishes to stop after some of it."""

    def __init__(self, interrupt: Interrupt, stop_after: int) -> None:
        self.messages: list[str | None] = []
        self._interrupt = interrupt
        self._stop_after = stop_after

    def started(self, number: int, worker: int, label: str, epochs: int) -> None: ...

    def reported(self, number: int, worker: int, step: int, accuracy: float) -> None: ...

    def note(self, text: str) -> None: ...

    def finished(
        self,
        number: int,
        worker: int | None,
        label: str,
        status: str,
        accuracy: float | None,
        seconds: float | None,
        message: str | None,
    ) -> None:
        self.messages.append(message)
        if len(self.messages) == self._stop_after:
            self._interrupt.request(exit_code=130)


def never(job: Job, report: object) -> RunResult:
    raise AssertionError("nothing is to be trained here")


@pytest.mark.parametrize(("stop_after", "ending"), [(3, "interrupted"), (100, "done")])
def test_wish_to_stop_is_heard_between_trials_without_training(
    tmp_path: Path, space_file: Path, stop_after: int, ending: str
) -> None:
    search = SearchSpec(
        space=find_space(str(space_file)),
        sampler="random",
        pruner="none",
        epochs=1,
        seed=0,
        max_params=10,
    )
    spec = StudySpec(name="test", dataset=DATASET, search=search)
    ledger = open_search(tmp_path / "test", spec, slots=8)
    interrupt = Interrupt()
    watcher = Watcher(interrupt, stop_after)
    with ledger.exclusive():
        summary = run_search(
            ledger,
            lambda: FakeExecutor(1, never),
            trials=8,
            progress=watcher,
            interrupt=interrupt,
            limits=Limits(),
            clock=lambda: 0.0,
        )
    ledger.close()
    assert summary.outcome.ending == ending
    assert summary.finished == len(watcher.messages) == min(stop_after, 8)
    assert not summary.exhausted
    assert all("too-large" in str(message) for message in watcher.messages)
