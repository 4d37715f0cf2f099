"""Images as lines of text: two pixels per character, one above the other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mnist_search.datasets.arrays import Images, Labels

Blocks = NDArray[np.float64]

CELL = 14
ROWS = CELL // 2
UPPER_HALF = "\N{UPPER HALF BLOCK}"
# Indexed by (upper pixel is bright) + 2 * (lower pixel is bright).
HALVES = (" ", UPPER_HALF, "\N{LOWER HALF BLOCK}", "\N{FULL BLOCK}")
ASCII_HALVES = (" ", "'", ".", ":")
BRIGHT = 100


def draw_images(
    images: Images, captions: Sequence[str], *, columns: int, colour: bool, blocks: bool = True
) -> list[str]:
    """Draw images (n, 28, 28) side by side, a caption above each, in lines of at most `columns`.

    Each takes 14 characters and 8 lines: blocks of 2x2 pixels become one. With colour the grey
    levels are ANSI's 24; without, a block is on or off. `blocks` says that the output can show
    half blocks; where it cannot, plain ASCII stands for them.
    """
    squares = images.reshape(-1, CELL, 2, CELL, 2).mean(axis=(2, 4))
    per_line = max(1, (columns + 1) // (CELL + 1))
    halves = HALVES if blocks else ASCII_HALVES
    lines: list[str] = []
    for start in range(0, len(squares), per_line):
        chosen = squares[start : start + per_line]
        heads = (caption[:CELL].ljust(CELL) for caption in captions[start : start + per_line])
        lines.append(" ".join(heads).rstrip())
        for row in range(ROWS):
            pairs = (square[2 * row : 2 * row + 2] for square in chosen)
            text = " ".join(_greys(pair) if colour else _on_off(pair, halves) for pair in pairs)
            lines.append(text if colour else text.rstrip())
    return lines


def pick_samples(labels: Labels, count: int) -> list[int]:
    """Return the indices of `count` images that go round the classes: 0, 1, ..., 9, 0, ..."""
    pools = [list(np.flatnonzero(labels == label)[:count]) for label in np.unique(labels)]
    rounds = max((len(pool) for pool in pools), default=0)
    turns = [int(pool[turn]) for turn in range(rounds) for pool in pools if turn < len(pool)]
    return turns[:count]


def _on_off(pair: Blocks, halves: Sequence[str]) -> str:
    upper, lower = pair
    on = (upper >= BRIGHT).astype(int) + 2 * (lower >= BRIGHT)
    return "".join(halves[int(index)] for index in on)


def _greys(pair: Blocks) -> str:
    upper, lower = pair
    codes = (
        f"\x1b[38;5;{_grey(above)};48;5;{_grey(below)}m{UPPER_HALF}"
        for above, below in zip(upper, lower, strict=True)
    )
    return "".join(codes) + "\x1b[0m"


def _grey(value: float) -> int:
    """Return ANSI's code of one of 24 grey levels for a pixel of 0..255."""
    return 232 + round(float(value) * 23 / 255)
