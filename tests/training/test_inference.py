"""How long an answer takes."""

from __future__ import annotations

import itertools

import pytest

from mnist_search.training.inference import time_per_image


def measure(call_seconds, batch_size):
    """Time calls that each take what `call_seconds` yields; return it and their number."""
    now, calls, durations = [0.0], [0], iter(call_seconds)

    def answer():
        calls[0] += 1
        now[0] += next(durations)

    return time_per_image(answer, batch_size, clock=lambda: now[0]), calls[0]


def test_the_first_call_warms_up_and_the_median_counts():
    microseconds, calls = measure([9.0, 0.01, 0.02, 0.09], 10)
    assert microseconds == pytest.approx(2000)
    assert calls == 4


def test_quick_answers_are_repeated_within_bounds():
    assert measure(itertools.repeat(0.001), 1)[1] in (101, 102)
    assert measure(itertools.repeat(1e-6), 1)[1] == 201


def test_slow_answers_are_still_measured_three_times():
    microseconds, calls = measure(itertools.repeat(5.0), 5)
    assert (microseconds, calls) == (pytest.approx(1e6), 4)
