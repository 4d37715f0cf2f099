"""Pictures in characters for a terminal: images, and the portrait of a run."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import zip_longest

import numpy as np

from mnist_search.commands.portraits import Answered, EpochFigures, Portrait
from mnist_search.datasets.arrays import Images, Labels
from mnist_search.reporting.cells import to_ascii

TERMINAL_MISTAKES = 8
HISTOGRAM_BINS = 24
BRIGHT = 100
_SIDE = 14
_ARROW = "\N{RIGHTWARDS ARROW}"
_LEVELS = "▁▂▃▄▅▆▇█"
_HALVES = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}


def draw_images(
    images: Images, captions: Sequence[str], *, columns: int, colour: bool
) -> list[str]:
    """Draw images (n, 28, 28) side by side, a caption above each, in lines of at most `columns`.

    Each takes 14 characters and 8 lines: blocks of 2x2 pixels become one, and a character holds
    two of them, one above the other. With colour the grey levels are ANSI's 24; without, a block
    is on or off.
    """
    squares = images.reshape(-1, _SIDE, 2, _SIDE, 2).mean(axis=(2, 4))
    drawn = [
        [caption[:_SIDE], *(_greys(square) if colour else _half_blocks(square >= BRIGHT))]
        for caption, square in zip(captions, squares, strict=True)
    ]
    return [line for band in _beside(drawn, _SIDE, columns, gap=1) for line in band]


def pick_samples(labels: Labels, count: int) -> list[int]:
    """Return the indices of `count` images that go round the classes: 0, 1, ..., 9, 0, ..."""
    pools = [list(np.flatnonzero(labels == label)[:count]) for label in np.unique(labels)]
    rounds = max((len(pool) for pool in pools), default=0)
    turns = [int(pool[turn]) for turn in range(rounds) for pool in pools if turn < len(pool)]
    return turns[:count]


def portrait_text(portrait: Portrait, *, width: int, ascii_only: bool = False) -> str:
    """Return the portrait for a terminal of that width: curves, weights, confusion, mistakes."""
    parts = [portrait.title]
    if portrait.epochs:
        parts.append("\n".join(_curve_lines(portrait.epochs, portrait.published)))
    if portrait.kernels:
        parts.append("\n".join(_weight_lines(portrait.kernels)))
    answered = portrait.answered
    if answered is not None:
        right = len(answered.labels) - len(answered.mistakes)
        told = f"classified correctly: {right:,} of {len(answered.labels):,} {answered.what}"
        parts.append(f"{told}\n{confusion_text(answered.confusion)}")
        if len(answered.mistakes) > 0:
            parts.append(_mistakes_text(answered, width))
    text = "\n\n".join(parts) + "\n"
    return to_ascii(text) if ascii_only else text


def _curve_lines(epochs: Sequence[EpochFigures], published: Sequence[EpochFigures]) -> list[str]:
    lines = []
    for name, style in (("loss", ".4f"), ("accuracy", ".2%")):
        for prefix, stage in (("", "training"), ("val_", "validation")):
            for source, found in (("", epochs), (", published", published)):
                values = [getattr(epoch, prefix + name) for epoch in found]
                known = [value for value in values if value is not None]
                if not known:
                    continue
                ends = format(known[-1], style)
                if len(known) > 1:
                    ends = f"{format(known[0], style)} {_ARROW} {ends}"
                lines.append(f"{name:<8}  {stage + source:<21}  {sparkline(values)}  {ends}")
    return lines


def _weight_lines(kernels: Mapping[str, np.ndarray]) -> list[str]:
    lines = []
    longest = max(map(len, kernels))
    for name, array in kernels.items():
        values = array[np.isfinite(array)].astype(np.float64)
        if values.size == 0:
            continue
        counts, edges = np.histogram(values, bins=HISTOGRAM_BINS)
        lines.append(
            f"{name:<{longest}}  {edges[0]:>8.3g} {sparkline(counts.tolist())} {edges[-1]:<8.3g}  "
            f"n {array.size:,}, mean {values.mean():.3g}, sd {values.std():.3g}"
        )
    return lines


def _mistakes_text(answered: Answered, width: int) -> str:
    chosen = answered.mistakes[:TERMINAL_MISTAKES]
    captions = [f"{answered.labels[index]} {_ARROW} {answered.classes[index]}" for index in chosen]
    kind = "first mistakes"
    if answered.confidence is not None:
        kind = "surest mistakes"
        # 99.97 % is not 100 %
        shares = [min(float(answered.confidence[index]), 0.999) for index in chosen]
        captions = [f"{text} {share:.1%}" for text, share in zip(captions, shares, strict=True)]
    digits = digits_text(answered.images[chosen], captions, width=width)
    return f"{kind}, true {_ARROW} predicted\n\n{digits}"


def sparkline(values: Sequence[float | None]) -> str:
    """Return one character per value, from the smallest to the largest; unknown ones are blank."""
    known = [value for value in values if value is not None and math.isfinite(value)]
    if not known:
        return " " * len(values)
    low, high = min(known), max(known)
    return "".join(_level(value, low, high) for value in values)


def _level(value: float | None, low: float, high: float) -> str:
    if value is None or not math.isfinite(value):
        return " "
    if high == low:
        return _LEVELS[len(_LEVELS) // 2]
    share = (value - low) / (high - low)
    return _LEVELS[min(len(_LEVELS) - 1, int(share * len(_LEVELS)))]


def confusion_text(matrix: np.ndarray) -> str:
    """Return the counts as a table: true classes in rows, predictions in columns, zeros as dots."""
    rows = [[int(count) for count in row] for row in matrix]
    classes = len(rows)
    size = max(4, *(len(str(count)) for row in rows for count in row)) + 1
    margin = len("true ") + len(str(classes - 1))
    lines = [" " * margin + "".join(f"{answer:>{size}}" for answer in range(classes)) + "  correct"]
    for true, row in enumerate(rows):
        cells = "".join(f"{'·' if count == 0 else count:>{size}}" for count in row)
        total = sum(row)
        share = f"{row[true] / total:.1%}" if total else "-"
        lines.append(f"true {true:>{margin - 5}}{cells}  {share:>6}")
    return "\n".join(lines)


def digits_text(images: np.ndarray, captions: Sequence[str], *, width: int) -> str:
    """Return images (n, height, width) side by side, a pixel for each half of a character.

    The margins that all of them leave empty are cut off. Pixels darker than half of the brightest
    one are blank.
    """
    pixels = np.asarray(images, dtype=np.float32)
    pixels = pixels.reshape(len(pixels), pixels.shape[1], pixels.shape[2])
    ink = pixels >= max(float(pixels.max()), 1e-9) / 2
    used_rows = np.flatnonzero(ink.any(axis=(0, 2)))
    used_columns = np.flatnonzero(ink.any(axis=(0, 1)))
    if len(used_rows) > 0:
        ink = ink[:, used_rows[0] : used_rows[-1] + 1, used_columns[0] : used_columns[-1] + 1]
    drawn = [[caption, *_half_blocks(image)] for caption, image in zip(captions, ink, strict=True)]
    return "\n\n".join(map("\n".join, _beside(drawn, ink.shape[2], width, gap=2)))


def _beside(
    drawn: Sequence[Sequence[str]], size: int, columns: int, *, gap: int
) -> list[list[str]]:
    """Return bands of lines with as many pictures of that size beside each other as fit."""
    most = max(1, (columns + gap) // (size + gap))
    bands = [drawn[start : start + most] for start in range(0, len(drawn), most)]
    return [
        [
            (" " * gap).join(cell.ljust(size) for cell in line).rstrip()
            for line in zip(*band, strict=True)
        ]
        for band in bands
    ]


def _half_blocks(ink: np.ndarray) -> list[str]:
    rows = ink.tolist()
    blank = [False] * ink.shape[1]
    return [
        "".join(_HALVES[above, below] for above, below in zip(upper, lower, strict=True))
        for upper, lower in zip_longest(rows[::2], rows[1::2], fillvalue=blank)
    ]


def _greys(square: np.ndarray) -> list[str]:
    """Return lines of half blocks in ANSI's 24 grey levels, for pixels of 0..255."""
    codes = (232 + np.round(square * 23 / 255).astype(int)).tolist()
    return [
        "".join(
            f"\x1b[38;5;{above};48;5;{below}m▀" for above, below in zip(upper, lower, strict=True)
        )
        + "\x1b[0m"
        for upper, lower in zip(codes[::2], codes[1::2], strict=True)
    ]
