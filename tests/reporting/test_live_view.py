"""The live area as a pure function of what has happened."""

from __future__ import annotations

import itertools

import pytest

from mnist_search.reporting.live_state import (
    Best,
    finish_run,
    remaining_seconds,
    report_run,
    start_run,
)
from tests.reporting.watching import (
    LABEL,
    busy_state,
    draw,
    make_state,
)


def test_view_at_80_columns() -> None:
    assert draw(busy_state(), 372.0, width=80) == [
        "",
        "search cnn · tpe",
        # mean (600 + 40) / 13 s, 36 waiting, 18 s and 43 s still to run, two workers: 917 s
        "━" * 9 + "─" * 31 + "  12/50  24%  6:12  ~15 min left",
        "  trial 13  epoch 2.25/5   rung 3   0.9871   0:22  C32 C64 D128 relu adam 1.2e-3",
        "  trial 14  epoch 0.00/10  rung 0   -        0:06  D512 D256 relu sgd 3e-2",
        "best  0.9921  trial 7  C32 C64 D128 relu adam 1.2e-3",
        "5 complete · 6 pruned · 1 failed",
    ]


@pytest.mark.parametrize("width", [20, 40, 63, 64, 99, 100, 300])
def test_every_line_fits_its_terminal(width: int) -> None:
    lines = draw(busy_state(), 372.0, width=width)
    assert len(lines) == 7
    assert max(len(line) for line in lines) <= width


def test_a_narrow_terminal_keeps_number_epoch_and_accuracy() -> None:
    row = draw(busy_state(), 372.0, width=40)[3]
    assert row.startswith("13  2.25/5   0.9871   0:22  C32")


def test_a_wide_terminal_shows_a_bar_per_worker() -> None:
    row = draw(busy_state(), 372.0, width=110)[3]
    assert "━━━━──────" in row
    assert row.endswith(LABEL)


def test_workers_beyond_the_height_are_counted() -> None:
    lines = draw(make_state(workers=40), 1.0, width=80, height=12)
    assert lines[3:9] == [*["  starting"] * 5, "  and 35 more workers"]
    assert len(lines) == 11


def test_an_empty_budget_draws() -> None:
    lines = draw(make_state(total=0), 0.0, width=80)
    assert "0/0  100%" in lines[2]


def test_markup_in_a_label_is_shown_as_it_is() -> None:
    state = start_run(
        make_state(), number=1, worker=0, label="[red]x[/red] :smile:", epochs=3, now=0.0
    )
    assert draw(state, 0.0, width=90)[3].endswith("[red]x[/red] :smile:")


def test_only_complete_runs_become_the_best() -> None:
    state = make_state()
    events = itertools.count()

    def finish(status: str, accuracy: float | None) -> Best | None:
        nonlocal state
        state = finish_run(
            state, number=next(events), label="x", status=status, accuracy=accuracy,
            seconds=1.0, now=1.0,
        )  # fmt: skip
        return state.best

    assert finish("pruned", 0.999) is None
    assert finish("complete", float("nan")) is None
    first = finish("complete", 0.98)
    assert first is not None
    assert first.number == 2
    assert finish("complete", 0.98) is first
    assert finish("failed", None) is first
    assert (state.complete, state.pruned, state.failed, state.done) == (3, 1, 1, 5)


def test_a_report_of_a_run_that_is_not_running_changes_nothing() -> None:
    state = busy_state()
    assert report_run(state, number=99, step=4, accuracy=0.5, now=400.0) == state


def test_a_restarted_number_replaces_its_line() -> None:
    state = start_run(busy_state(), number=13, worker=2, label="again", epochs=5, now=380.0)
    assert [(run.number, run.worker) for run in state.running] == [(14, 1), (13, 2)]


def test_nothing_is_estimated_before_the_first_report() -> None:
    assert remaining_seconds(make_state(), 5.0) is None
    started = start_run(make_state(), number=0, worker=0, label="x", epochs=5, now=0.0)
    assert remaining_seconds(started, 5.0) is None


def test_equal_runs_are_estimated_exactly() -> None:
    """100 s each, two workers, 10 runs: 4 over, 2 half done, 4 waiting = 250 s."""
    state = make_state(total=10, complete=4, busy_seconds=400.0)
    for number in (4, 5):
        state = start_run(state, number=number, worker=number, label="x", epochs=5, now=200.0)
        state = report_run(state, number=number, step=10, accuracy=0.9, now=250.0)
    assert remaining_seconds(state, 250.0) == pytest.approx(250.0)
    assert remaining_seconds(state, 260.0) == pytest.approx(240.0)


def test_early_pruned_runs_do_not_hide_the_long_ones() -> None:
    """Two runs were pruned after 5 s; the two running ones project to 100 s each."""
    state = make_state(total=10, pruned=2, busy_seconds=10.0)
    for number in (2, 3):
        state = start_run(state, number=number, worker=number, label="x", epochs=5, now=0.0)
        state = report_run(state, number=number, step=2, accuracy=0.9, now=10.0)
    naive = (6 * 5.0) / 2
    estimate = remaining_seconds(state, 10.0)
    assert estimate is not None
    assert estimate > 10 * naive
    assert estimate == pytest.approx((6 * (10 + 200) / 4 + 2 * 90) / 2)


def test_the_last_long_run_bounds_the_estimate_whatever_the_workers() -> None:
    state = make_state(total=9, workers=8, complete=8, busy_seconds=80.0)
    state = start_run(state, number=8, worker=0, label="x", epochs=4, now=0.0)
    state = report_run(state, number=8, step=4, accuracy=0.9, now=30.0)
    assert remaining_seconds(state, 30.0) == pytest.approx(90.0)


def test_time_on_the_worker_is_the_clocks() -> None:
    state = start_run(make_state(), number=0, worker=0, label="x", epochs=5, now=10.0)
    done = finish_run(
        state, number=0, label="x", status="complete", accuracy=0.9, seconds=20.0, now=40.0
    )
    assert done.busy_seconds == 30.0
    assert done.running == ()
