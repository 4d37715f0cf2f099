"""Worn workers, and new ones in their places."""

from __future__ import annotations

import psutil
import pytest

from mnist_search.execution.local import LocalExecutor
from tests.execution.driving import FINE, GROW, LAST, Build, MakeJob, finish, wait_for
from tests.processes import is_alive


def children() -> set[int]:
    return {child.pid for child in psutil.Process().children()}


@pytest.fixture
def others() -> set[int]:
    """Return the processes that other tests have left."""
    return children()


def check_replaced(
    executor: LocalExecutor, make_job: MakeJob, old: int | None, others: set[int]
) -> None:
    """Check that the next job has another process, and that the old one goes."""
    result = finish(executor, make_job(100))
    assert result.status == "complete"
    assert executor.process_ids == (result.flops,)
    assert result.flops != old
    assert old is not None
    wait_for(lambda: not is_alive(old), "the end of the old worker")
    executor.poll(0.0)
    assert children() - others == {result.flops}


def test_a_worker_is_replaced_after_so_many_jobs(
    build: Build, make_job: MakeJob, others: set[int]
) -> None:
    executor = build(1, recycle_jobs=3)
    first, second, third = (finish(executor, make_job(number)).flops for number in range(3))
    assert first == second == third
    check_replaced(executor, make_job, first, others)


def test_a_worker_that_grows_is_replaced(build: Build, make_job: MakeJob, others: set[int]) -> None:
    executor = build(1, recycle_growth_bytes=40 * 2**20)
    # The first job may fill caches: not growth.
    pids = {
        finish(executor, make_job(number, seed=seed)).flops
        for number, seed in enumerate((GROW, FINE, FINE))
    }
    assert len(pids) == 1
    assert finish(executor, make_job(3, seed=GROW)).flops in pids
    check_replaced(executor, make_job, pids.pop(), others)


def test_a_worn_worker_that_dies_after_its_result_is_replaced_once(
    build: Build, make_job: MakeJob, others: set[int]
) -> None:
    executor = build(1, recycle_jobs=1)
    executor.submit(make_job(0, seed=LAST))
    [pid] = executor.process_ids
    # Nobody looks until it has said all and is dead.
    wait_for(lambda: not is_alive(pid), "its death")
    assert finish(executor).status == "complete"

    def is_replaced() -> bool:
        executor.poll(0.0)
        return children() - others == set(executor.process_ids)

    wait_for(is_replaced, "one worker in its place")


def test_a_job_that_follows_at_once_is_not_lost(build: Build, make_job: MakeJob) -> None:
    executor = build(1, recycle_jobs=1)
    pids = [finish(executor, make_job(number)).flops for number in range(3)]
    assert len(set(pids)) == 3
