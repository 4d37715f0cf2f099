"""What the repeats behind a row measured, put together."""

from __future__ import annotations

import pytest

from mnist_search.analysis.measurements import measured
from mnist_search.analysis.notes import notes_on
from mnist_search.analysis.row import Row
from mnist_search.analysis.spread import SHIPPED
from mnist_search.specs import RunResult, Timings


def run(seconds: float, *, contended: bool) -> RunResult:
    return RunResult(
        status="complete",
        config_id="made-up",
        seed=0,
        precision="float32",
        timings=Timings(fit_seconds=seconds),
        contended=contended,
    )


def row_of(*runs: RunResult) -> Row:
    found = measured(runs, None, finished=True)
    return Row(name="made-up", kind="reference", status="complete", n=len(runs), **found)


def test_times_come_from_the_runs_that_nothing_disturbed() -> None:
    row = row_of(run(10.0, contended=False), run(30.0, contended=True), run(12.0, contended=False))
    assert row.fit_seconds == pytest.approx(11.0)
    assert (row.contended, row.timed_runs) == (False, 2)


def test_disturbed_times_are_better_than_none_and_marked() -> None:
    row = row_of(run(10.0, contended=True), run(30.0, contended=True))
    assert row.fit_seconds == pytest.approx(20.0)
    assert (row.contended, row.timed_runs) == (True, 2)


def test_disturbed_repeats_are_noted() -> None:
    mixed = row_of(run(10.0, contended=False), run(30.0, contended=True))
    assert "1 repeat ran while other load" in noted(mixed)
    assert "other load" not in noted(row_of(run(10.0, contended=False)))


def noted(row: Row) -> str:
    found = notes_on(
        [row], [row], [], by_time=False, pareto=False, lettered=40, spread=SHIPPED, leads={}
    )
    return " ".join(found)
