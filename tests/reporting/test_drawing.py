"""Pictures and figures as text for a terminal."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mnist_search.reporting.cells import to_ascii
from mnist_search.reporting.drawing import (
    confusion_text,
    digits_text,
    draw_images,
    pick_samples,
    sparkline,
)

MATRIX = np.diag([980, 1135, 0]) + np.array([[0, 3, 1], [0, 0, 0], [0, 0, 0]])


def half_dark() -> np.ndarray:
    """An image with a bright upper half."""
    image = np.zeros((1, 28, 28), np.uint8)
    image[0, :14] = 255
    return image


def test_on_and_off() -> None:
    lines = draw_images(half_dark(), ["7"], columns=80, colour=False)
    assert lines == ["7", *["█" * 14] * 3, "▀" * 14, "", "", ""]


def test_ascii() -> None:
    lines = draw_images(half_dark(), ["7"], columns=80, colour=False)
    assert [to_ascii(line) for line in lines] == ["7", *[":" * 14] * 3, "'" * 14, "", "", ""]


def test_greys() -> None:
    line = draw_images(half_dark(), ["7"], columns=80, colour=True)[4]
    assert line == "\x1b[38;5;255;48;5;232m▀" * 14 + "\x1b[0m"


def test_lines_fit_the_columns() -> None:
    images = np.repeat(half_dark(), 7, axis=0)
    lines = draw_images(images, ["a long caption here"] * 7, columns=44, colour=False)
    assert len(lines) == 3 * 8
    assert max(len(line) for line in lines) == 44
    assert lines[0] == "a long caption " * 2 + "a long caption"
    narrow = draw_images(images, ["1"] * 7, columns=5, colour=False)
    assert len(narrow) == 7 * 8


def test_samples_go_round_the_classes() -> None:
    labels = np.array([3, 3, 1, 3, 1, 7, 3], np.uint8)
    assert pick_samples(labels, 4) == [2, 0, 5, 4]
    assert pick_samples(labels, 99) == [2, 0, 5, 4, 1, 3, 6]
    assert pick_samples(labels, 0) == []


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
    assert digits_text(cross, ["7"], width=80).splitlines() == ["7", "▄█▄", " ▀"]


def test_digits_text_fits_the_width() -> None:
    images = np.zeros((5, 28, 28), dtype=np.uint8)
    images[:, 4:24, 4:24] = 255
    bands = digits_text(images, list("01234"), width=50).split("\n\n")
    assert [band.splitlines()[0].split() for band in bands] == [["0", "1"], ["2", "3"], ["4"]]
    assert max(len(line) for band in bands for line in band.splitlines()) <= 50


def test_digits_text_of_blank_images_draws_blanks() -> None:
    assert digits_text(np.zeros((1, 4, 4)), [""], width=80).strip() == ""
