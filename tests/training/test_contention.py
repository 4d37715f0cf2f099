"""Whether other load made the times of a run unfit."""

from __future__ import annotations

import dataclasses
import os

import pytest

from mnist_search.training.contention import (
    Load,
    busy_ticks,
    is_contended,
    read_load,
    read_waiting,
)

START = Load(wall_seconds=100.0, busy_seconds=50.0, own_seconds=10.0, cores=2)


def after(seconds, *, own, others):
    return Load(
        wall_seconds=100.0 + seconds,
        busy_seconds=50.0 + own + others,
        own_seconds=10.0 + own,
        cores=2,
    )


@pytest.mark.parametrize(
    ("threads", "own", "others", "contended"),
    [
        (2, 10.0, 0.0, False),
        (2, 8.5, 1.5, False),
        (2, 17.0, 3.0, True),
        (1, 10.0, 9.9, False),
        (1, 8.0, 11.9, False),
        (1, 7.0, 13.0, True),
        (None, 10.0, 3.0, True),
        (8, 10.0, 3.0, True),
    ],
)
def test_others_may_use_the_cores_beyond_the_threads_of_the_run(threads, own, others, contended):
    assert is_contended(START, after(10.0, own=own, others=others), threads) is contended


@pytest.mark.parametrize(
    ("waited", "contended"), [(1.5, False), (5.0, False), (9.0, True), (None, True)]
)
def test_others_that_yield_do_not_count(waited, contended):
    end = dataclasses.replace(after(10.0, own=17.0, others=3.0), waiting_seconds=waited)
    start = dataclasses.replace(START, waiting_seconds=0.0)
    assert is_contended(start, end, 2) is contended


def test_waiting_of_all_threads_is_added_up(tmp_path):
    for name, line in (("7", "5000000000 250000000 12\n"), ("8", "1 500000000 3\n")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "schedstat").write_text(line)
    assert read_waiting(tmp_path) == 0.75
    (tmp_path / "9").mkdir()
    assert read_waiting(tmp_path) is None


def test_unknown_stays_unknown():
    assert is_contended(None, START, 1) is None
    assert is_contended(START, None, 1) is None
    assert is_contended(START, after(0.1, own=0.1, others=0.1), 1) is None


def test_busy_ticks_leave_out_idle_wait_and_guests():
    assert busy_ticks("cpu0 1 2 4 1000 2000 8 16 32 64 128") == 1 + 2 + 4 + 8 + 16 + 32


def test_only_usable_cores_count(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {1}, raising=False)
    stat = tmp_path / "stat"
    stat.write_text("cpu  30 0 0 9\ncpu0 10 0 0 4\ncpu1 200 0 0 5\ncpu10 3000 0 0 5\nintr 1\n")
    load = read_load(stat)
    assert load is not None
    assert load.cores == 1
    assert load.busy_seconds == 200 / os.sysconf("SC_CLK_TCK")


def test_no_reading_without_proc(tmp_path):
    assert read_load(tmp_path / "stat") is None
