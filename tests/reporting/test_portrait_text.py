"""Figures as text for a terminal."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mnist_search.reporting.portrait_text import confusion_text, digits_text, sparkline

MATRIX = np.diag([980, 1135, 0]) + np.array([[0, 3, 1], [0, 0, 0], [0, 0, 0]])


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ([], ""),
        ([0, 1, 2, 3, 4, 5, 6, 7], "▁▂▃▄▅▆▇█"),
        ([1.0, None, 0.0, math.nan], "█ ▁ "),
        ([0.1, 0.1], "▅▅"),
        ([None, None], "  "),
    ],
)
def test_sparkline(values: list[float | None], line: str) -> None:
    assert sparkline(values) == line


def test_confusion_text() -> None:
    assert confusion_text(MATRIX).splitlines() == [
        "          0    1    2  correct",
        "true 0  980    3    1   99.6%",
        "true 1    · 1135    ·  100.0%",
        "true 2    ·    ·    ·       -",
    ]


def test_digits_text_draws_two_rows_in_each_line() -> None:
    cross = np.zeros((1, 28, 28), dtype=np.uint8)
    cross[0, 10:13, 11] = 255
    cross[0, 11, 10:13] = 200
    assert digits_text(cross, [7]).splitlines() == ["7", "▄█▄", " ▀"]


def test_digits_text_fits_the_width() -> None:
    images = np.zeros((5, 28, 28), dtype=np.uint8)
    images[:, 4:24, 4:24] = 255
    bands = digits_text(images, range(5), width=50).split("\n\n")
    assert [band.splitlines()[0].split() for band in bands] == [["0", "1"], ["2", "3"], ["4"]]
    assert max(len(line) for band in bands for line in band.splitlines()) <= 50


def test_digits_text_of_blank_images_draws_blanks() -> None:
    assert digits_text(np.zeros((1, 4, 4))).strip() == ""
