"""Which runs a benchmark plans."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from mnist_search.analysis import build_leaderboard
from mnist_search.errors import UsageError
from mnist_search.references import REFERENCES, get_reference
from mnist_search.specs import Adadelta, DatasetRef, Failure, Job, Record, RunResult
from mnist_search.studies import (
    Interrupt,
    Ledger,
    Limits,
    Outcome,
    Run,
    StudySpec,
    open_benchmark,
    plan_runs,
    run_benchmark,
)
from mnist_search.studies.progress import Progress
from tests.support.fake import FakeExecutor
from tests.support.surrogate import run_job

MNIST = DatasetRef(name="mnist", digest="m", train_images=60_000, test_images=10_000)
PLAIN = get_reference("cnn-plain")
SIMPLE = get_reference("cnn-simple")
SIGMOID = get_reference("cnn-mnist-4")


def train(run: Run) -> Record:
    job = Job(number=0, config=run.config, seed=run.seed, dataset=MNIST)
    return Record(
        study="s",
        number=0,
        kind="reference",
        state="complete",
        reference=run.reference,
        config=run.config,
        dataset=MNIST,
        result=run_job(job, lambda step, accuracy: False),
    )


def test_every_reference_comes_once_before_any_comes_again() -> None:
    runs = plan_runs([PLAIN, SIMPLE], protocol="documented", repeats=2, seed=5)
    assert [(run.reference, run.seed) for run in runs] == [
        ("cnn-plain", 5),
        ("cnn-simple", 5),
        ("cnn-plain", 6),
        ("cnn-simple", 6),
    ]
    assert [run.config for run in runs[:2]] == [PLAIN.config, SIMPLE.config]


def test_a_quick_run_is_one_epoch_of_a_part() -> None:
    for run in plan_runs(REFERENCES, protocol="documented", repeats=1, seed=0, quick=True):
        assert run.config.training.epochs == 1
        assert run.config.training.train_images is not None
        assert 4_000 <= run.config.training.train_images <= 30_000


def test_another_learning_rate_is_another_configuration() -> None:
    (run,) = plan_runs([PLAIN], protocol="documented", repeats=1, seed=0, learning_rate=0.001)
    assert run.config.training.optimizer == Adadelta(learning_rate=0.001, rho=0.95)
    assert run.config.config_id != PLAIN.config.config_id
    (same,) = plan_runs([PLAIN], protocol="documented", repeats=1, seed=0, learning_rate=1.0)
    assert same.config == PLAIN.config


def test_test_pixels_are_as_documented_unless_told() -> None:
    def raw(test_pixels: str, name: str = "cnn-plain", protocol: str = "documented") -> bool:
        (run,) = plan_runs(
            [get_reference(name)],
            protocol=protocol,  # type: ignore[arg-type]
            repeats=1,
            seed=0,
            test_pixels=test_pixels,  # type: ignore[arg-type]
        )
        return run.config.raw_test_pixels

    assert raw("as-documented")
    assert not raw("as-documented", protocol="corrected")
    assert not raw("as-documented", "cnn-simple")
    assert not raw("scaled")
    assert raw("raw", "cnn-simple")
    assert raw("raw", protocol="corrected")


@pytest.mark.parametrize(
    ("names", "change", "said"),
    [
        (["cnn-plain"], {"learning_rate": 0.0}, "learning rate must be a positive number, got 0"),
        (["cnn-plain"], {"learning_rate": float("nan")}, "must be a positive number, got nan"),
        (["cnn-plain", "logistic"], {"learning_rate": 0.1}, "logistic: its policy optimal sets"),
        (["cnn-plain"], {"test_pixels": "raw", "protocol": "held-out"}, "must be as-documented"),
    ],
)
def test_a_change_that_cannot_be_made_is_refused(
    names: list[str], change: dict[str, object], said: str
) -> None:
    arguments = {"protocol": "documented", "repeats": 1, "seed": 0} | change
    with pytest.raises(UsageError, match=said):
        plan_runs([get_reference(name) for name in names], **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("cnn-plain", {"learning_rate": 0.001}),
        ("cnn-mnist-4", {"test_pixels": "raw"}),
    ],
)
def test_mistakes_that_the_references_avoid_come_out_as_lower(
    name: str, change: dict[str, object]
) -> None:
    reference = get_reference(name)
    (run,) = plan_runs(
        [reference],
        protocol="documented",
        repeats=1,
        seed=0,
        **change,  # type: ignore[arg-type]
    )
    board = build_leaderboard([train(run)], [reference])
    measured = next(row for row in board.rows if row.status == "complete")
    assert measured.verdict == "lower"
    assert measured.changes != ()
    assert [row.status for row in board.rows if not row.changes] == ["published"]


def bench(ledger: Ledger, runs: list[Run], train: Any = run_job) -> Outcome:
    with ledger.exclusive():
        return run_benchmark(
            ledger,
            runs,
            lambda: FakeExecutor(2, train),
            progress=Progress(),
            interrupt=Interrupt(),
            limits=Limits(),
            clock=lambda: 0.0,
        )


def killed(job: Job, report: object) -> RunResult:
    raise KeyboardInterrupt


def test_only_runs_that_are_not_there_are_trained(tmp_path: Path) -> None:
    spec = StudySpec(name="bench", dataset=MNIST)
    runs = plan_runs([PLAIN, SIMPLE], protocol="documented", repeats=2, seed=5)
    with closing(open_benchmark(tmp_path / "bench", spec)) as ledger:
        assert bench(ledger, runs[:1]).complete == 1
        # Two of the others begin and are interrupted.
        with pytest.raises(KeyboardInterrupt):
            bench(ledger, runs[1:], killed)
        assert ledger.states()[0] == "complete"
        assert set(ledger.states()[1:]) == {"running"}
        assert bench(ledger, runs).complete == 3
        assert bench(ledger, runs) == Outcome()
        found = [(record.reference, record.seed) for record in ledger.records()]
    assert sorted(found) == sorted((run.reference, run.seed) for run in runs)


def test_runs_that_are_not_wanted_now_go_on_waiting(tmp_path: Path) -> None:
    spec = StudySpec(name="bench", dataset=MNIST)
    runs = plan_runs([PLAIN, SIMPLE], protocol="documented", repeats=1, seed=5)
    with closing(open_benchmark(tmp_path / "bench", spec)) as ledger:
        with pytest.raises(KeyboardInterrupt):
            bench(ledger, runs[:1], killed)
        assert bench(ledger, runs[1:]).complete == 1
        assert ledger.states() == ["waiting", "complete"]
        assert bench(ledger, runs).complete == 1
        assert ledger.states() == ["complete", "complete"]


def test_run_that_failed_is_tried_again_as_another(tmp_path: Path) -> None:
    def fail(job: Job, report: object) -> RunResult:
        failure = Failure(kind="error", message="boom")
        return RunResult(
            status="failed", config_id=job.config.config_id, seed=job.seed, failure=failure
        )

    spec = StudySpec(name="bench", dataset=MNIST)
    runs = plan_runs([PLAIN], protocol="documented", repeats=1, seed=5)
    with closing(open_benchmark(tmp_path / "bench", spec)) as ledger:
        assert bench(ledger, runs, fail).failed == 1
        assert bench(ledger, runs).complete == 1
        assert ledger.states() == ["failed", "complete"]


def test_study_of_something_else_is_refused(tmp_path: Path) -> None:
    spec = StudySpec(name="bench", dataset=MNIST)
    open_benchmark(tmp_path / "bench", spec).close()
    other = spec.model_copy(update={"precision": "mixed_bfloat16"})
    with pytest.raises(UsageError, match="precision float32, not mixed_bfloat16"):
        open_benchmark(tmp_path / "bench", other)
