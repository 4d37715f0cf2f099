from __future__ import annotations

import numpy as np

from mnist_search.reporting.drawing import draw_images, pick_samples


def half_dark() -> np.ndarray:
    """An image with a bright upper half."""
    image = np.zeros((1, 28, 28), np.uint8)
    image[0, :14] = 255
    return image


def test_on_and_off() -> None:
    lines = draw_images(half_dark(), ["7"], columns=80, colour=False)
    assert lines == ["7", *["█" * 14] * 3, "▀" * 14, "", "", ""]


def test_ascii() -> None:
    lines = draw_images(half_dark(), ["7"], columns=80, colour=False, blocks=False)
    assert lines == ["7", *[":" * 14] * 3, "'" * 14, "", "", ""]


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
