"""Which trained weights a study keeps, and which it lets be read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

from mnist_search.errors import DataError
from mnist_search.references import get_reference
from mnist_search.spaces import find_space
from mnist_search.specs import DatasetRef, Job, Record, RunResult, Score
from mnist_search.studies import (
    Interrupt,
    Ledger,
    Limits,
    SearchSpec,
    StudySpec,
    create_ledger,
    plan_runs,
    run_benchmark,
    run_search,
    stored_weights,
    weights_path,
)
from mnist_search.studies.artifacts import WeightShelf
from mnist_search.studies.progress import Progress
from tests.support.fake import FakeExecutor

DATASET = DatasetRef(name="made-up", digest="0" * 16, train_images=60, test_images=100)
Report = Callable[[int, float], bool]


def result_of(job: Job, correct: int, status: str = "complete") -> RunResult:
    stored = status == "complete" and job.weights_path is not None
    return RunResult(
        status=status,
        config_id=job.config.config_id,
        seed=job.seed,
        validation=Score(correct=correct, total=100),
        reports=((4, correct / 100),),
        weights_sha256="0" * 64 if stored else None,
    )


class Trainer:
    """Writes `weights` as the real one does; the accuracies come from a list, by number."""

    def __init__(self, correct: Sequence[int], statuses: dict[int, str] | None = None) -> None:
        self.correct = correct
        self.statuses = {} if statuses is None else statuses
        self.paths: dict[int, str | None] = {}

    def __call__(self, job: Job, report: Report) -> RunResult:
        status = self.statuses.get(job.number, "complete")
        self.paths[job.number] = job.weights_path
        if job.weights_path is not None and status == "complete":
            Path(job.weights_path).parent.mkdir(exist_ok=True)
            Path(job.weights_path).write_bytes(b"weights")
        return result_of(job, self.correct[job.number], status)


def search(
    ledger: Ledger, trainer: Trainer, trials: int, *, keep_models: int | None = None
) -> None:
    ticks = count()
    with ledger.exclusive():
        run_search(
            ledger,
            lambda: FakeExecutor(1, trainer),
            trials=trials,
            progress=Progress(),
            interrupt=Interrupt(),
            limits=Limits(),
            clock=lambda: float(next(ticks)),
            keep_models=keep_models,
        )


def kept(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "artifacts").iterdir())


def files(*numbers: int) -> list[str]:
    return [f"run-{number}.weights.npz" for number in numbers]


@pytest.fixture
def ledger(tmp_path: Path, space_file: Path) -> Ledger:
    spec = SearchSpec(
        space=find_space(str(space_file)), sampler="random", pruner="none", epochs=1, seed=0
    )
    return create_ledger(tmp_path / "study", StudySpec(name="study", dataset=DATASET, search=spec))


def test_search_keeps_the_weights_of_its_three_best_trials(ledger: Ledger) -> None:
    search(ledger, Trainer([70, 90, 80, 60, 95, 80, 80]), 4)
    assert kept(ledger.folder) == files(0, 1, 2)
    # Of equals the earlier stays: the trials 5 and 6 are as good as 2.
    search(ledger, Trainer([70, 90, 80, 60, 95, 80, 80]), 7)
    assert kept(ledger.folder) == files(1, 2, 4)
    assert [stored_weights(ledger.folder, record) is not None for record in ledger.records()] == [
        False, True, True, False, True, False, False,
    ]  # fmt: skip


def test_a_study_remembers_how_many_it_keeps(ledger: Ledger) -> None:
    trainer = Trainer([70, 90, 80, 60, 95, 80, 85])
    search(ledger, trainer, 3, keep_models=1)
    assert kept(ledger.folder) == files(1)
    # Another session that does not say keeps as many, one that does changes it.
    search(ledger, trainer, 5)
    assert kept(ledger.folder) == files(4)
    search(ledger, trainer, 6, keep_models=2)
    assert kept(ledger.folder) == files(4)
    search(ledger, trainer, 7)
    assert kept(ledger.folder) == files(4)
    search(ledger, trainer, 7, keep_models=0)
    assert kept(ledger.folder) == []


def test_a_search_that_keeps_nothing_lets_nothing_be_written(ledger: Ledger) -> None:
    trainer = Trainer([70, 90, 80])
    search(ledger, trainer, 3, keep_models=0)
    assert trainer.paths == {0: None, 1: None, 2: None}
    assert not (ledger.folder / "artifacts").exists()


def test_stopped_and_failed_trials_have_no_place(ledger: Ledger) -> None:
    statuses = {0: "pruned", 2: "failed"}
    search(ledger, Trainer([99, 50, 98, 60], statuses), 4)
    assert kept(ledger.folder) == files(1, 3)


def test_start_removes_what_a_crash_left_behind(ledger: Ledger) -> None:
    trainer = Trainer([70, 90, 80, 60, 50])
    search(ledger, trainer, 4)
    artifacts = ledger.folder / "artifacts"
    for name in (*files(3, 17), ".run-4.weights.99-0123abcd.part.npz"):
        (artifacts / name).write_bytes(b"left behind")
    (artifacts / "mine.npz").write_bytes(b"not of the study")
    search(ledger, trainer, 5)
    assert kept(ledger.folder) == ["mine.npz", *files(0, 1, 2)]


def test_weights_that_a_worker_is_writing_stay(ledger: Ledger, tmp_path: Path) -> None:
    shelf = WeightShelf(ledger.folder, [], keep=1)
    for number in (0, 1, 2):
        path = weights_path(ledger.folder, number)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"weights")
    search_space = ledger.spec.search
    assert search_space is not None
    config = search_space.space.config(search_space.space.defaults(), epochs=1)
    for number, correct in ((0, 50), (1, 60)):
        job = Job(number=number, config=config, seed=0, dataset=DATASET, weights_path="there")
        shelf.put(number, result_of(job, correct))
    assert kept(ledger.folder) == files(1, 2)


def test_benchmark_keeps_the_weights_of_the_first_run_of_each_configuration(
    tmp_path: Path,
) -> None:
    references = [get_reference("mlp-784"), get_reference("cnn-simple")]
    spec = StudySpec(name="bench", dataset=DATASET)

    def bench(ledger: Ledger, trainer: Trainer, repeats: int) -> None:
        run_benchmark(
            ledger,
            plan_runs(references, protocol="documented", repeats=repeats, seed=0),
            lambda: FakeExecutor(2, trainer),
            progress=Progress(),
            interrupt=Interrupt(),
            limits=Limits(),
            clock=lambda: 0.0,
        )

    with closing(create_ledger(tmp_path / "bench", spec)) as ledger, ledger.exclusive():
        first = Trainer([90] * 4, {1: "failed"})
        bench(ledger, first, 2)
        # The first run of cnn-simple failed, so the second one has its place.
        assert [n for n, path in sorted(first.paths.items()) if path is not None] == [0, 1, 3]
        assert kept(ledger.folder) == files(0, 3)
        again = Trainer([90] * 7)
        bench(ledger, again, 3)
        assert again.paths == {4: None, 5: None, 6: None}
        assert kept(ledger.folder) == files(0, 3)


def record_of(result: RunResult | None, number: int = 0) -> Record:
    state = "waiting" if result is None else result.status
    return Record(study="study", number=number, kind="reference", state=state, result=result)


def stored_result(sha256: str | None) -> RunResult:
    return RunResult(status="complete", config_id="0" * 16, seed=0, weights_sha256=sha256)


def test_only_weights_that_the_ledger_knows_are_found(tmp_path: Path) -> None:
    path = weights_path(tmp_path, 0)
    assert stored_weights(tmp_path, record_of(stored_result("0" * 64))) is None
    path.parent.mkdir()
    path.write_bytes(b"weights")
    assert stored_weights(tmp_path, record_of(stored_result("0" * 64))) == path
    assert stored_weights(tmp_path, record_of(stored_result(None))) is None
    assert stored_weights(tmp_path, record_of(None)) is None


def test_weights_that_lie_elsewhere_are_refused(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.npz"
    elsewhere.write_bytes(b"weights")
    path = weights_path(tmp_path / "study", 0)
    path.parent.mkdir(parents=True)
    path.symlink_to(elsewhere)
    with pytest.raises(DataError, match="must be a file of its study"):
        stored_weights(tmp_path / "study", record_of(stored_result("0" * 64)))
