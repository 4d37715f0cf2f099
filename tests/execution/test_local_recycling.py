"""Worn workers that go once their successors are warm."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest

from mnist_search.execution.local import LocalExecutor
from tests.execution.driving import (
    EXIT,
    FINE,
    GROW,
    Build,
    MakeJob,
    failure_of,
    finish,
    wait_for,
)
from tests.processes import is_alive


@pytest.fixture
def gates(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Hold back every process but the first until a file `open` is there."""
    folder = tmp_path / "gates"
    folder.mkdir()
    monkeypatch.setenv("HOSTILE_GATES", str(folder))
    return folder


def run_past_the_gate(executor: LocalExecutor, make_job: MakeJob, gates: Path) -> None:
    """Check that the old worker serves until its successor is ready, and then goes."""
    [old] = executor.process_ids
    wait_for(lambda: len(list(gates.iterdir())) == 2, "the successor")
    for number in range(10, 13):
        assert finish(executor, make_job(number)).flops == old
    assert executor.process_ids == (old,)
    (gates / "open").touch()

    def replaced() -> bool:
        executor.poll(0.01)
        return executor.process_ids != (old,)

    wait_for(replaced, "the change of workers")
    wait_for(lambda: not is_alive(old), "the end of the old worker")
    assert finish(executor, make_job(20)).flops == executor.process_ids[0]


def test_a_worker_is_recycled_by_jobs_once_its_successor_is_warm(
    build: Build, make_job: MakeJob, gates: Path
) -> None:
    executor = build(1, recycle_jobs=2)
    for number in range(2):
        finish(executor, make_job(number))
        assert len(multiprocessing.active_children()) == number + 1
    run_past_the_gate(executor, make_job, gates)


def test_a_worker_is_recycled_by_growth_once_its_successor_is_warm(
    build: Build, make_job: MakeJob, gates: Path
) -> None:
    executor = build(1, recycle_growth_bytes=40 * 2**20)
    # The first job may fill caches: not growth.
    for number, seed in enumerate((GROW, FINE, FINE)):
        finish(executor, make_job(number, seed=seed))
    assert len(multiprocessing.active_children()) == 1
    finish(executor, make_job(3, seed=GROW))
    run_past_the_gate(executor, make_job, gates)


def test_a_worn_worker_that_dies_leaves_its_place_to_the_successor(
    build: Build, make_job: MakeJob, gates: Path
) -> None:
    executor = build(1, recycle_jobs=1)
    finish(executor, make_job(0))
    wait_for(lambda: len(list(gates.iterdir())) == 2, "the successor")
    assert failure_of(finish(executor, make_job(1, seed=EXIT))).kind == "worker-died"
    executor.submit(make_job(2))
    (gates / "open").touch()
    assert finish(executor).status == "complete"
    assert len(list(gates.iterdir())) == 3, "two processes and `open`: nobody was started twice"
