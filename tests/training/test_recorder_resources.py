"""Seconds, memory and other load of a run."""

from __future__ import annotations

import dataclasses
import itertools
import os

import pytest

from mnist_search.specs import Conv, Dense, Flatten, Network
from mnist_search.specs.shapes import measure
from mnist_search.training.evaluate import time_per_image
from mnist_search.training.recorder import (
    Load,
    check_fits,
    is_contended,
    least_step_bytes,
    peak_bytes,
    read_load,
    read_waiting,
    reset_peak,
)


def timed_per_image(call_seconds, batch_size):
    """Time calls that each take what `call_seconds` yields; return it and their number."""
    now, calls, durations = [0.0], [0], iter(call_seconds)

    def predict():
        calls[0] += 1
        now[0] += next(durations)

    return time_per_image(predict, batch_size, clock=lambda: now[0]), calls[0]


def test_the_first_call_warms_up_and_the_median_counts():
    microseconds, calls = timed_per_image([9.0, 0.01, 0.02, 0.09], 10)
    assert microseconds == pytest.approx(2000)
    assert calls == 4


def test_quick_answers_are_repeated_within_bounds():
    assert timed_per_image(itertools.repeat(0.001), 1)[1] in (101, 102)
    assert timed_per_image(itertools.repeat(1e-6), 1)[1] == 201


def test_slow_answers_are_still_measured_three_times():
    microseconds, calls = timed_per_image(itertools.repeat(5.0), 5)
    assert (microseconds, calls) == (pytest.approx(1e6), 4)


def test_peak_is_read_in_bytes(tmp_path):
    (tmp_path / "status").write_text("Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\n")
    assert peak_bytes(tmp_path) == 2048 * 1024


def test_peak_is_unknown_without_proc(tmp_path):
    assert peak_bytes(tmp_path) is None
    (tmp_path / "status").write_text("Name:\tx\n")
    assert peak_bytes(tmp_path) is None


def test_reset_writes_what_linux_wants(tmp_path):
    (tmp_path / "clear_refs").write_text("")
    assert reset_peak(tmp_path)
    assert (tmp_path / "clear_refs").read_text() == "5"
    assert not reset_peak(tmp_path / "nowhere")


def test_least_bytes_of_a_step():
    size = measure(Network(layers=(Conv(filters=2, kernel=3), Flatten(), Dense(units=5))))
    parameters = (9 + 1) * 2 + (26 * 26 * 2 + 1) * 5 + (5 + 1) * 10
    outputs = 26 * 26 * 2 + 5 + 10
    both_ways = 2 * parameters * 4
    assert least_step_bytes(size, batch_images=7, precision="float32") == outputs * 28 + both_ways
    assert least_step_bytes(size, batch_images=7, precision="bfloat16") == outputs * 14 + both_ways


def test_what_cannot_fit_is_refused_in_one_sentence():
    size = measure(Network(layers=(Conv(filters=4096, kernel=5), Flatten())))
    with pytest.raises(MemoryError, match=r"4000 images needs \d+\.\d GiB or more, .* has 16\.0"):
        check_fits(size, batch_images=4000, precision="float32", memory_bytes=2**34)


def test_what_may_fit_is_let_through():
    size = measure(Network(layers=(Flatten(), Dense(units=10))))
    needed = least_step_bytes(size, batch_images=32, precision="float32")
    check_fits(size, batch_images=32, precision="float32", memory_bytes=needed)
    check_fits(size, batch_images=32, precision="float32", memory_bytes=None)
    with pytest.raises(MemoryError):
        check_fits(size, batch_images=32, precision="float32", memory_bytes=needed - 1)


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


def test_only_usable_cores_count(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {1}, raising=False)
    stat = tmp_path / "stat"
    stat.write_text("cpu  30 0 0 9\ncpu0 10 0 0 4\ncpu1 200 0 0 5\ncpu10 3000 0 0 5\nintr 1\n")
    load = read_load(stat)
    assert load is not None
    assert load.cores == 1
    assert load.busy_seconds == 200 / os.sysconf("SC_CLK_TCK")


def test_busy_seconds_leave_out_idle_wait_and_guests(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0}, raising=False)
    stat = tmp_path / "stat"
    stat.write_text("cpu0 1 2 4 1000 2000 8 16 32 64 128\n")
    load = read_load(stat)
    assert load is not None
    assert load.busy_seconds == (1 + 2 + 4 + 8 + 16 + 32) / os.sysconf("SC_CLK_TCK")


def test_no_reading_without_proc(tmp_path):
    assert read_load(tmp_path / "stat") is None
