"""The live area as a function of what has happened."""

from __future__ import annotations

import itertools

import pytest

from mnist_search.studies.progress import Opening
from tests.reporting.watching import (
    LABEL,
    busy_state,
    make_state,
    reference,
    result,
    shown,
    trial,
)


def test_view_at_80_columns() -> None:
    assert shown(busy_state(), 372.0, width=80) == [
        "",
        "search cnn · tpe",
        # mean (600 + 40) / 13 s, 36 waiting, 18 s and 43 s still to run, two workers: 917 s
        "━" * 9 + "─" * 31 + "  12/50  24%  6:12  ~15 min left",
        f"best 0.9921, trial 7  {LABEL}",
        "5 complete · 6 pruned · 1 failed",
        "trial 13  epoch 2.25/5   val 0.9871  0:22  C32 C64 D128 relu adam 1.2e-3",
        "trial 14  epoch 0.00/10  val -       0:06  D512 D256 relu sgd 3e-2",
    ]


@pytest.mark.parametrize("width", [30, 40, 63, 64, 99, 100, 300])
def test_every_line_fits_its_terminal(width: int) -> None:
    lines = shown(busy_state(), 372.0, width=width)
    assert len(lines) == 7
    assert max(len(line) for line in lines) <= width


def test_a_narrow_terminal_keeps_name_epoch_and_accuracy() -> None:
    assert shown(busy_state(), 372.0, width=40)[5].startswith("trial 13  2.25/5   0.9871  0:22")


def test_a_wide_terminal_shows_a_bar_per_run() -> None:
    row = shown(busy_state(), 372.0, width=110)[5]
    assert "━━━━──────" in row
    assert row.endswith(LABEL)


def test_a_run_moves_within_its_epoch() -> None:
    state = busy_state()
    state.step(14, 1.5, 370.0)
    assert "epoch 0.38/10  val -" in shown(state, 372.0, width=80)[6]


def test_test_accuracies_are_called_so_and_have_no_best() -> None:
    state = make_state()
    state.opening = Opening(headline="bench", total=9, noun="run")
    run = reference(5)
    state.start(run, 0, 0.0)
    state.step(5, 4.0, 1.0, 0.98)
    assert "cnn-plain, seed 2  epoch 1.00/3  test 0.9800" in shown(state, 1.0, width=80)[4]
    assert not state.finish(run, result(run, "complete", 0.99), 2.0)
    assert state.best is None


def test_workers_that_start_and_that_idle_are_there() -> None:
    assert shown(make_state(workers=3), 1.0, width=80)[4:] == ["starting"] * 3
    state = busy_state()
    state.opening = Opening(headline="x", total=50, workers=3)
    assert shown(state, 372.0, width=80)[7] == "idle"


def test_an_empty_budget_draws() -> None:
    lines = shown(make_state(total=0), 0.0, width=80)
    assert "0/0  100%" in lines[2]


def test_markup_in_a_label_is_shown_as_it_is() -> None:
    state = make_state()
    state.start(trial(1, "[red]x[/red] :smile:"), 0, 0.0)
    assert shown(state, 0.0, width=90)[4].endswith("[red]x[/red] :smile:")


def test_only_complete_trials_become_the_best() -> None:
    state = make_state()
    events = itertools.count()

    def finish(status: str, accuracy: float | None) -> bool:
        run = trial(next(events))
        return state.finish(run, result(run, status, accuracy), 1.0)

    assert not finish("pruned", 0.999)
    assert not finish("complete", float("nan"))
    assert state.best is None
    assert finish("complete", 0.98)
    assert state.best is not None
    assert state.best.name == "trial 2"
    assert not finish("complete", 0.98)
    assert not finish("failed", None)
    assert (state.complete, state.pruned, state.failed, state.done) == (3, 1, 1, 5)


def test_a_step_of_a_run_that_is_not_running_changes_nothing() -> None:
    state = busy_state()
    state.step(99, 4, 400.0, 0.5)
    assert shown(state, 372.0, width=80) == shown(busy_state(), 372.0, width=80)


def test_a_restarted_number_replaces_its_line() -> None:
    state = busy_state()
    state.start(trial(13, "again"), 2, 380.0)
    assert [line.split()[1] for line in shown(state, 381.0, width=80)[5:]] == ["14", "13"]


def test_nothing_is_estimated_before_the_first_step() -> None:
    state = make_state()
    assert state.remaining_seconds(5.0) is None
    state.start(trial(0), 0, 0.0)
    assert state.remaining_seconds(5.0) is None
    assert state.left_text(5.0) == ""


def test_equal_runs_are_estimated_exactly() -> None:
    """100 s each, two workers, 10 runs: 4 over, 2 half done, 4 waiting = 250 s."""
    state = make_state(total=10, complete=4, busy_seconds=400.0)
    for number in (4, 5):
        state.start(trial(number), number, 200.0)
        state.step(number, 10, 250.0)
    assert state.remaining_seconds(250.0) == pytest.approx(250.0)
    assert state.remaining_seconds(260.0) == pytest.approx(240.0)


@pytest.mark.parametrize(
    ("budget", "told"),
    [
        (None, "~4 min left"),
        (10_000.0, "~4 min left"),
        (310.0, "~60 s left of the time budget"),
        (100.0, "~5 s left of the time budget"),
    ],
)
def test_a_time_budget_ends_it_earlier(budget: float | None, told: str) -> None:
    state = make_state(total=10, complete=4, busy_seconds=400.0)
    state.opening = Opening(headline="x", total=10, workers=2, budget_seconds=budget)
    for number in (4, 5):
        state.start(trial(number), number, 200.0)
        state.step(number, 10, 250.0)
    assert state.left_text(250.0) == told


def test_early_pruned_runs_do_not_hide_the_long_ones() -> None:
    """Two runs were pruned after 5 s; the two running ones project to 100 s each."""
    state = make_state(total=10, pruned=2, busy_seconds=10.0)
    for number in (2, 3):
        state.start(trial(number), number, 0.0)
        state.step(number, 2, 10.0)
    naive = (6 * 5.0) / 2
    estimate = state.remaining_seconds(10.0)
    assert estimate is not None
    assert estimate > 10 * naive
    assert estimate == pytest.approx((6 * (10 + 200) / 4 + 2 * 90) / 2)


def test_the_last_long_run_bounds_the_estimate_whatever_the_workers() -> None:
    state = make_state(total=9, workers=8, complete=8, busy_seconds=80.0)
    state.start(trial(8, epochs=4), 0, 0.0)
    state.step(8, 4, 30.0)
    assert state.remaining_seconds(30.0) == pytest.approx(90.0)


def test_time_on_the_worker_is_the_clocks() -> None:
    state, run = make_state(), trial(0)
    state.start(run, 0, 10.0)
    state.finish(run, result(run, "complete", 0.9, 20.0), 40.0)
    assert state.busy_seconds == 30.0
    assert state.running == {}
