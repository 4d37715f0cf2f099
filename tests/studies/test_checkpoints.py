"""Trials that go on from others: which checkpoints stay, and what a search makes of them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from mnist_search.execution.results import Report
from mnist_search.spaces import find_space
from mnist_search.specs import DatasetRef, Job, Record, Rung, RunResult, Score
from mnist_search.studies import (
    Interrupt,
    Limits,
    SearchSpec,
    StudySpec,
    open_search,
    run_search,
)
from mnist_search.studies.checkpoints import CheckpointShelf
from tests.support.fake import FakeExecutor
from tests.support.surrogate import run_job

DATASET = DatasetRef(name="made-up", digest="0" * 16, train_images=6_000, test_images=1_000)
# The defaults, then brackets of nine epochs: 9, 3, 1 trials and the start of the second one.
TRIALS = 20


def rung(place: int, continues: int | None = None, *, promotes: int = 2) -> Rung:
    return Rung(
        bracket=0,
        round=place,
        initial_epoch=0 if continues is None else place,
        epochs=place + 1,
        continues=continues,
        promotes=promotes,
        values={},
    )


def result(
    accuracy: float, *, sha256: str | None = "0" * 64, status: str = "complete"
) -> RunResult:
    return RunResult.model_validate(
        {
            "status": status,
            "config_id": "x",
            "seed": 7,
            "validation": Score(correct=round(1000 * accuracy), total=1000),
            "checkpoint_sha256": sha256,
        }
    )


def make_file(folder: Path, number: int) -> Path:
    path = folder / "artifacts" / f"run-{number}.checkpoint.npz"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"state")
    return path


def files(folder: Path) -> set[str]:
    return {path.name for path in (folder / "artifacts").iterdir()}


def finish(shelf: CheckpointShelf, folder: Path, number: int, where: Rung, accuracy: float) -> None:
    shelf.claim(number, where)
    make_file(folder, number)
    shelf.put(number, result(accuracy))


def test_as_many_stay_as_may_go_on_and_the_best_of_them(tmp_path: Path) -> None:
    shelf = CheckpointShelf(tmp_path, [])
    for number, accuracy in enumerate([0.5, 0.9, 0.7, 0.8, 0.6]):
        finish(shelf, tmp_path, number, rung(0), accuracy)
    assert shelf.kept() == {1, 3}
    assert files(tmp_path) == {"run-1.checkpoint.npz", "run-3.checkpoint.npz"}


def test_one_that_is_gone_on_from_stays_until_that_is_over(tmp_path: Path) -> None:
    shelf = CheckpointShelf(tmp_path, [])
    for number, accuracy in enumerate([0.5, 0.9, 0.7]):
        finish(shelf, tmp_path, number, rung(0), accuracy)
    going_on = rung(1, continues=1, promotes=0)
    shelf.claim(3, going_on)
    assert shelf.kept() == {1, 2}
    continuation = shelf.continuation(3)
    assert continuation is not None
    assert (continuation.number, continuation.epochs) == (1, 1)
    assert shelf.seed(going_on) == 7
    assert shelf.place(3) is None
    shelf.put(3, result(0.95, sha256=None))
    assert files(tmp_path) == {"run-2.checkpoint.npz"}
    shelf.claim(4, rung(1, continues=2, promotes=0))
    shelf.put(4, result(0.95, sha256=None, status="failed"))
    assert files(tmp_path) == set()


def test_files_of_running_trials_are_left_alone(tmp_path: Path) -> None:
    shelf = CheckpointShelf(tmp_path, [])
    shelf.claim(0, rung(0))
    make_file(tmp_path, 0)
    finish(shelf, tmp_path, 1, rung(0), 0.5)
    assert files(tmp_path) == {"run-0.checkpoint.npz", "run-1.checkpoint.npz"}
    place = shelf.place(0)
    assert place is not None
    assert Path(place) == tmp_path.resolve() / "artifacts" / "run-0.checkpoint.npz"


def test_a_new_start_tidies_up(tmp_path: Path) -> None:
    for number in range(4):
        make_file(tmp_path, number)
    leftover = tmp_path / "artifacts" / ".run-9.checkpoint.1-0123abcd.part.npz"
    leftover.touch()
    other = make_file(tmp_path, 5).with_name("run-5.weights.npz")
    other.touch()
    records = [
        Record(
            study="s", number=number, kind="trial", state="complete", rung=rung(0), result=result(a)
        )
        for number, a in enumerate([0.5, 0.9, 0.7])
    ]
    shelf = CheckpointShelf(tmp_path, records)
    assert shelf.kept() == {1, 2}
    assert files(tmp_path) == {"run-1.checkpoint.npz", "run-2.checkpoint.npz", other.name}


class Killed(BaseException):
    """Stands in for a signal that nobody can answer."""


class Killer:
    """Kills the search in the middle of some of its trials, once each."""

    def __init__(self, numbers: set[int]) -> None:
        self._numbers = numbers

    def started(self, number: int, worker: int, label: str, epochs: int) -> None: ...

    def reported(self, number: int, worker: int, step: int, accuracy: float) -> None:
        if number in self._numbers:
            self._numbers.remove(number)
            raise Killed

    def finished(self, *told: object) -> None: ...

    def note(self, text: str) -> None: ...


def search(
    folder: Path,
    space_file: Path,
    trainer: Callable[[Job, Report], RunResult] = run_job,
    *,
    trials: int = TRIALS,
    kills: set[int] | None = None,
) -> list[Record]:
    spec = StudySpec(
        name="test",
        dataset=DATASET,
        search=SearchSpec(
            space=find_space(str(space_file)),
            engine="keras-tuner",
            sampler="hyperband",
            pruner="none",
            epochs=9,
            seed=0,
        ),
    )
    with closing(open_search(folder, spec, slots=trials)) as ledger:
        with ledger.exclusive():
            run_search(
                ledger,
                lambda: FakeExecutor(1, trainer),
                trials=trials,
                progress=Killer(set() if kills is None else kills),
                interrupt=Interrupt(),
                limits=Limits(),
                clock=lambda: 0.0,
            )
        return ledger.records()


def told(records: list[Record]) -> list[object]:
    return [(r.values, r.config, r.seed, r.rung, r.state, r.result) for r in records]


@pytest.mark.slow
def test_a_search_that_was_killed_goes_on_as_if_it_had_not(
    tmp_path: Path, space_file: Path
) -> None:
    whole = search(tmp_path / "whole", space_file)
    gone_on = [r for r in whole if r.rung is not None and r.rung.continues is not None]
    assert len(gone_on) == 5
    for record in gone_on:
        assert record.rung is not None
        assert record.rung.continues is not None
        assert record.result is not None
        parent = whole[record.rung.continues]
        assert record.seed == parent.seed
        assert record.values == parent.values
        assert record.result.initial_epoch == record.rung.initial_epoch > 0
        assert record.result.restarted is None
        assert record.result.duplicate_of is None
        assert record.config is not None
        assert parent.config is not None
        assert record.config.config_id != parent.config.config_id
    # Two rounds wait for the rest of the second bracket.
    assert len(list((tmp_path / "whole" / "artifacts").glob("*.checkpoint.npz"))) <= 2

    kills = {gone_on[0].number, gone_on[-1].number, 16}
    for _ in range(3):
        with pytest.raises(Killed):
            search(tmp_path / "parts", space_file, kills=kills)
    parts = search(tmp_path / "parts", space_file, kills=kills)
    assert told(parts) == told(whole)


@pytest.mark.slow
def test_a_lost_checkpoint_is_trained_again_and_told(tmp_path: Path, space_file: Path) -> None:
    artifacts = tmp_path / "study" / "artifacts"

    def losing(job: Job, report: Report) -> RunResult:
        if job.continues is not None:
            Path(job.continues.path).unlink()
        return run_job(job, report)

    records = search(tmp_path / "study", space_file, losing, trials=14)
    gone_on = [r for r in records if r.rung is not None and r.rung.continues is not None]
    assert gone_on
    for record in gone_on:
        assert record.result is not None
        assert record.result.status == "complete"
        assert record.result.initial_epoch == 0
        assert record.result.restarted == "the checkpoint cannot be read: No such file or directory"
        assert len(record.result.epochs) == record.rung.epochs if record.rung else False
    assert artifacts.is_dir()
