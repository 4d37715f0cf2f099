"""Cells: what a reader sees of a value."""

from __future__ import annotations

import pytest

from mnist_search.reporting.cells import Style, clean, format_cell, format_seconds


@pytest.mark.parametrize(
    ("value", "style", "shown"),
    [
        (None, "percent", "-"),
        (float("nan"), "seconds", "-"),
        (0.99215, "percent", "99.22 %"),
        (-0.0012, "points", "-0.12"),
        (0.0, "points", "+0.00"),
        (1_199_882, "count", "1,199,882"),
        (0.000123456, "number", "0.0001235"),
        (7, "number", "7"),
        (True, "count", "yes"),
        (False, "text", "no"),
        (12.345, "microseconds", "12.3 µs"),
        (1234.5, "microseconds", "1,234 µs"),
        (943718400, "bytes", "900 MiB"),
        (1059061760, "bytes", "1010 MiB"),
        (5 * 2**30, "bytes", "5 GiB"),
        ((32, 64), "text", "32, 64"),
        ({"lr": 0.001, "bn": True}, "text", "lr=0.001, bn=yes"),
        ("plain", "count", "plain"),
    ],
)
def test_format_cell(value: object, style: Style, shown: str) -> None:
    assert format_cell(value, style) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.0, "0 ms"),
        (0.0123, "12.3 ms"),
        (0.9996, "1.00 s"),
        (3.0, "3.00 s"),
        (9.996, "10.0 s"),
        (99.94, "99.9 s"),
        (99.96, "1m 40s"),
        (3_599.7, "1h 00m"),
        (7_385, "2h 03m"),
        (-2.5, "-2.50 s"),
        (float("inf"), "-"),
    ],
)
def test_format_seconds(seconds: float, shown: str) -> None:
    assert format_seconds(seconds) == shown


def test_clean_takes_out_what_steers_a_terminal() -> None:
    assert clean("a\x1b[31mb\x07\x9b") == "a[31mb"
    assert clean("two\nlines\tand\u2028more") == "two lines and more"
    assert clean("\u202eabc\u200b\ud800") == "abc"
    assert clean("Größe ± 日本") == "Größe ± 日本"
