"""Figures of what a model answers: its confusions, worst mistakes and feature maps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mnist_search.errors import UsageError
from mnist_search.reporting.figures.canvas import (
    GREEN,
    INK,
    MUTED,
    PAPER,
    RULE,
    WIDTH_INCHES,
    drawing,
    new_figure,
    without_frame,
)
from mnist_search.reporting.figures.data import captioned_images

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure


def confusion_matrix(matrix: np.ndarray, *, title: str | None = None) -> Figure:
    """Draw how often each class (row) was answered as each class (column), shape (k, k).

    Colour stands for mistakes alone: beside 980 right answers, 3 wrong ones would be invisible.
    """
    import numpy as np

    counts = np.asarray(matrix)
    classes = len(counts)
    right = np.eye(classes, dtype=bool)
    mistakes = np.where(right, 0, counts)
    with drawing():
        from matplotlib.patches import Rectangle

        figure = new_figure(6.4, title=title)
        axes = figure.add_subplot()
        axes.imshow(
            np.where(mistakes > 0, mistakes, np.nan),
            cmap="Oranges",
            vmin=0,
            vmax=max(1, int(mistakes.max())) * 1.25,
        )
        for true, answer in np.ndindex(counts.shape):
            count = int(counts[true, answer])
            if true == answer:
                axes.add_patch(Rectangle((answer - 0.5, true - 0.5), 1, 1, facecolor=GREEN,
                                         alpha=0.22, edgecolor="none"))  # fmt: skip
            if count > 0:
                dark = true != answer and count > 0.8 * mistakes.max()
                axes.text(answer, true, f"{count:,}", ha="center", va="center",
                          fontsize=9.5, color=PAPER if dark else INK)  # fmt: skip
        totals = counts.sum(axis=1)
        for true in range(classes):
            share = f"{counts[true, true] / totals[true]:.1%}" if totals[true] else "-"
            axes.text(classes - 0.3, true, share, va="center", fontsize=9, color=MUTED)
        axes.text(classes - 0.3, -0.72, "right", va="center", fontsize=9, color=MUTED)
        axes.set_xticks(range(classes))
        axes.set_yticks(range(classes))
        axes.set_xticks(np.arange(classes + 1) - 0.5, minor=True)
        axes.set_yticks(np.arange(classes + 1) - 0.5, minor=True)
        axes.grid(which="minor", color=RULE)
        axes.tick_params(which="both", length=0)
        for spine in axes.spines.values():
            spine.set_visible(False)
        wrong, total = int(mistakes.sum()), int(counts.sum())
        axes.set_xlabel(f"answered class ({wrong:,} of {total:,} wrong)")
        axes.set_ylabel("true class")
        return figure


def worst_mistakes(
    images: np.ndarray,
    truth: Sequence[int] | np.ndarray,
    answer: Sequence[int] | np.ndarray,
    confidence: Sequence[float] | np.ndarray | None,
    *,
    limit: int = 24,
    title: str | None = None,
) -> Figure:
    """Draw the mistakes that the model was surest of, the surest first.

    All arguments have one entry per image, right answers included or not; `confidence` is the
    probability given to the answer, 0 to 1; None where it is not known: then the first mistakes.
    Raises UsageError where every answer is right.
    """
    import numpy as np

    wrong = np.flatnonzero(np.asarray(truth) != np.asarray(answer))
    if len(wrong) == 0:
        raise UsageError("there is no mistake to draw: every answer is right")
    arrow = "\N{RIGHTWARDS ARROW}"
    if confidence is None:
        chosen = wrong[:limit]
        shares = [""] * len(chosen)
        told = f"First mistakes: true {arrow} answered"
    else:
        certain = np.asarray(confidence, dtype=np.float64)[wrong]
        chosen = wrong[np.argsort(-certain, kind="stable")][:limit]
        shares = [f"  {_percent(float(confidence[index]))}" for index in chosen]
        told = f"Surest mistakes: true {arrow} answered, confidence"
    captions = [
        f"{int(truth[index])} {arrow} {int(answer[index])}{share}"
        for index, share in zip(chosen, shares, strict=True)
    ]
    title = told if title is None else title
    return captioned_images(np.asarray(images)[chosen], captions, columns=8, title=title)


def _percent(share: float) -> str:
    # 99.97 % is not 100 %
    return f"{min(share, 0.999):.1%}" if share < 1 else "100%"


def feature_maps(maps: np.ndarray, title: str | None = None) -> Figure:
    """Draw the maps (height, width, channels) of one layer for one image, on a common scale."""
    import numpy as np

    values = np.asarray(maps, dtype=np.float32)
    if values.ndim != 3 or values.shape[2] == 0:
        raise UsageError(f"feature maps must be height x width x channels, got {values.shape}")
    height, width, channels = values.shape
    columns = min(channels, 8 if channels <= 32 else 16)
    note = f"{channels} channels of {height} x {width}, channel 0 first"
    mosaic = _mosaic(values, columns)
    low, high = float(values.min()), float(values.max())
    return _coloured(mosaic, note, "activation", title, colours="viridis", limits=(low, high))


def coefficient_images(coefficients: np.ndarray, title: str | None = None) -> Figure:
    """Draw what speaks for (blue) and against (red) each class: (classes, 784), class 0 first."""
    import numpy as np

    values = np.asarray(coefficients, dtype=np.float32).reshape(len(coefficients), 28, 28)
    largest = max(float(np.abs(values).max()), 1e-9)
    note = f"classes 0 to {len(values) - 1}; blue pixels speak for the class, red ones against it"
    return _coloured(
        _mosaic(np.moveaxis(values, 0, -1), columns=5), note, "coefficient", title,
        colours="RdBu", limits=(-largest, largest),
    )  # fmt: skip


def _mosaic(values: np.ndarray, columns: int) -> np.ndarray:
    """Lay the channels of (height, width, channels) out in rows, with gaps that are nan."""
    import numpy as np

    height, width, channels = values.shape
    rows = -(-channels // columns)
    gap = max(1, width // 14)
    mosaic = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap), np.nan)
    for channel in range(channels):
        top = (channel // columns) * (height + gap)
        left = (channel % columns) * (width + gap)
        mosaic[top : top + height, left : left + width] = values[:, :, channel]
    return mosaic


def _coloured(
    mosaic: np.ndarray,
    note: str,
    scale: str,
    title: str | None,
    *,
    colours: str,
    limits: tuple[float, float],
) -> Figure:
    picture_inches = (WIDTH_INCHES - 1.2) * mosaic.shape[0] / mosaic.shape[1]
    with drawing():
        figure = new_figure(max(1.6, picture_inches + 0.7), title=title)
        axes = figure.add_subplot()
        without_frame(axes)
        low, high = limits
        picture = axes.imshow(mosaic, cmap=colours, vmin=low, vmax=high, interpolation="nearest")
        axes.set_xlabel(note)
        bar = figure.colorbar(picture, ax=axes, fraction=0.03, pad=0.015)
        bar.outline.set_visible(False)
        bar.set_label(scale)
        return figure
