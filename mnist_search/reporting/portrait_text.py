"""The portrait of a run for a terminal, as plain characters without colour."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

from mnist_search.commands.portraits import Answered, EpochFigures, Portrait
from mnist_search.errors import UsageError

if TYPE_CHECKING:
    import numpy as np

TERMINAL_MISTAKES = 8
HISTOGRAM_BINS = 24
_ARROW = "\N{RIGHTWARDS ARROW}"
_ASCII = str.maketrans("▁▂▃▄▅▆▇█▀→·", "__..--::'>.")
_LEVELS = "▁▂▃▄▅▆▇█"
_HALVES = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}


def portrait_text(portrait: Portrait, *, width: int, ascii_only: bool = False) -> str:
    """Return the portrait for a terminal of that width: curves, weights, confusion, mistakes."""
    parts = [portrait.title]
    if portrait.epochs:
        parts.append("\n".join(_curve_lines(portrait.epochs, portrait.published)))
    if portrait.kernels:
        parts.append("\n".join(_weight_lines(portrait.kernels)))
    answered = portrait.answered
    if answered is not None:
        right = len(answered.labels) - answered.mistakes
        told = f"classified correctly: {right:,} of {len(answered.labels):,} {answered.what}"
        parts.append(f"{told}\n{confusion_text(answered.confusion)}")
        if answered.mistakes > 0:
            parts.append(_mistakes_text(answered, width))
    text = "\n\n".join(parts) + "\n"
    return text.translate(_ASCII).encode("ascii", "replace").decode() if ascii_only else text


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
    import numpy as np

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
    import numpy as np

    wrong = np.flatnonzero(answered.labels != answered.classes)
    kind = "first mistakes"
    if answered.confidence is not None:
        kind = "surest mistakes"
        wrong = wrong[np.argsort(-answered.confidence[wrong], kind="stable")]
    chosen = wrong[:TERMINAL_MISTAKES]
    captions = [f"{answered.labels[index]} {_ARROW} {answered.classes[index]}" for index in chosen]
    if answered.confidence is not None:
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


def digits_text(
    images: np.ndarray, labels: Sequence[int | str] | np.ndarray | None = None, *, width: int = 80
) -> str:
    """Return images (n, height, width) side by side in half-block characters.

    As many beside each other as `width` columns hold; the margins that all of them leave empty
    are cut off. Pixels darker than half of the brightest one are blank.
    """
    import numpy as np

    if len(images) == 0:
        raise UsageError("a picture of digits needs at least one image, got none")
    pixels = np.asarray(images, dtype=np.float32)
    pixels = pixels.reshape(len(pixels), pixels.shape[1], pixels.shape[2])
    ink = pixels >= max(float(pixels.max()), 1e-9) / 2
    used_rows = np.flatnonzero(ink.any(axis=(0, 2)))
    used_columns = np.flatnonzero(ink.any(axis=(0, 1)))
    if len(used_rows) > 0:
        ink = ink[:, used_rows[0] : used_rows[-1] + 1, used_columns[0] : used_columns[-1] + 1]
    drawn = [_half_blocks(image.tolist()) for image in ink]
    if labels is not None:
        drawn = [[str(label), *lines] for label, lines in zip(labels, drawn, strict=True)]
    size = ink.shape[2]
    beside = max(1, (width + 2) // (size + 2))
    bands = [drawn[start : start + beside] for start in range(0, len(drawn), beside)]
    return "\n\n".join(
        "\n".join(
            "  ".join(f"{cell:<{size}}" for cell in line).rstrip()
            for line in zip(*band, strict=True)
        )
        for band in bands
    )


def _half_blocks(ink: list[list[bool]]) -> list[str]:
    blank = [False] * len(ink[0])
    return [
        "".join(_HALVES[above, below] for above, below in zip(upper, lower, strict=True))
        for upper, lower in zip_longest(ink[::2], ink[1::2], fillvalue=blank)
    ]
