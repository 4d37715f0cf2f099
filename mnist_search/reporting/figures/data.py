"""Figures of a data set: how many of each digit, and what they look like."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mnist_search.errors import UsageError
from mnist_search.reporting.figures.canvas import (
    BLUE,
    INK,
    MUTED,
    PAPER,
    WIDTH_INCHES,
    drawing,
    new_figure,
    one_line,
    without_frame,
)

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure

_GAP_PIXELS = 2
_CAPTION_INCHES = 0.2


def class_histogram(counts: Sequence[int], *, title: str | None = None) -> Figure:
    """Draw how many images each class has, with its share; class 0 first."""
    total = sum(counts)
    with drawing():
        figure = new_figure(4.0, title=title)
        axes = figure.add_subplot()
        bars = axes.bar(range(len(counts)), counts, color=BLUE, width=0.75)
        labels = [f"{count:,}\n{count / max(1, total):.1%}" for count in counts]
        patch = {"facecolor": PAPER, "edgecolor": "none", "pad": 1.0}
        axes.bar_label(bars, labels, padding=4, fontsize=9, color=INK, bbox=patch)
        axes.axhline(
            total / max(1, len(counts)), color=MUTED, linewidth=1, linestyle=(0, (4, 3)), zorder=0
        )
        axes.set_xticks(range(len(counts)))
        axes.tick_params(axis="x", length=0)
        axes.set_xlabel("class")
        axes.set_ylabel(f"images (of {total:,}; dashed: equal shares)")
        axes.set_ylim(0, max([*counts, 1]) * 1.16)
        axes.yaxis.set_major_formatter("{x:,.0f}")
        return figure


def digit_grid(
    images: np.ndarray,
    labels: Sequence[int | str] | np.ndarray | None = None,
    *,
    columns: int = 10,
    title: str | None = None,
) -> Figure:
    """Draw images (n, height, width) or (n, height, width, 1) in rows, ink dark, labels above."""
    captions = None if labels is None else [str(label) for label in labels]
    return captioned_images(images, captions, columns=columns, title=title)


def captioned_images(
    images: np.ndarray, captions: Sequence[str] | None, *, columns: int, title: str | None
) -> Figure:
    """Draw grey images in rows, each with a line of text above it.

    One picture of all of them: an axes for each of 100 images takes seconds.
    """
    import numpy as np

    if len(images) == 0:
        raise UsageError("a picture of digits needs at least one image, got none")
    pixels = np.asarray(images, dtype=np.float32)
    pixels = pixels.reshape(len(pixels), pixels.shape[1], pixels.shape[2])
    columns = min(columns, len(pixels))
    rows = -(-len(pixels) // columns)
    height, width = pixels.shape[1:]
    # few images are not blown up to the full width
    cell_inches = min(1.1, (WIDTH_INCHES - 0.3) / columns)
    above = round(height * _CAPTION_INCHES / cell_inches) if captions is not None else 0
    pitch_x, pitch_y = width + _GAP_PIXELS, height + above + _GAP_PIXELS
    mosaic = np.full((rows * pitch_y, columns * pitch_x), np.nan, dtype=np.float32)
    for index, image in enumerate(pixels):
        top, left = (index // columns) * pitch_y + above, (index % columns) * pitch_x
        mosaic[top : top + height, left : left + width] = image
    inches = rows * pitch_y * cell_inches / pitch_x + (0.5 if title is not None else 0.1)
    with drawing():
        figure = new_figure(inches, title=title)
        axes = figure.add_subplot()
        without_frame(axes)
        axes.set_anchor("NW")
        axes.imshow(mosaic, cmap="gray_r", vmin=0, vmax=max(1.0, float(pixels.max())),
                    interpolation="nearest")  # fmt: skip
        for index, caption in enumerate([] if captions is None else captions):
            top, left = (index // columns) * pitch_y + above, (index % columns) * pitch_x
            axes.text(
                left + width / 2, top - 1.5, one_line(caption), ha="center", va="bottom",
                fontsize=8.5, color=MUTED,
            )  # fmt: skip
        return figure
