"""Figures of a training: how loss and accuracy went, and what the weights became."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from mnist_search.errors import UsageError
from mnist_search.reporting.figures.canvas import (
    BLUE,
    INK,
    MUTED,
    ORANGE,
    drawing,
    new_figure,
    one_line,
)

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

VIOLIN_SAMPLES = 10_000


class EpochFigures(Protocol):
    """What an epoch is known by, measured or published; None where it is not known."""

    @property
    def loss(self) -> float | None: ...
    @property
    def accuracy(self) -> float | None: ...
    @property
    def val_loss(self) -> float | None: ...
    @property
    def val_accuracy(self) -> float | None: ...


def learning_curves(
    epochs: Sequence[EpochFigures],
    published: Sequence[EpochFigures] | None = None,
    *,
    title: str | None = None,
) -> Figure:
    """Draw loss and accuracy over the epochs, training and validation, published ones dashed.

    Both sequences hold one entry per epoch, from the first on. Raises UsageError without epochs.
    """
    if not epochs and not published:
        raise UsageError("learning curves need at least one epoch, the run has recorded none")
    with drawing():
        figure = new_figure(3.9, title=title)
        loss, accuracy = figure.subplots(1, 2)
        longest = max(len(epochs), 0 if published is None else len(published))
        for axes, name in ((loss, "loss"), (accuracy, "accuracy")):
            for prefix, colour, label in (("", BLUE, "training"), ("val_", ORANGE, "validation")):
                _curve(axes, epochs, prefix + name, colour, label, dashed=False)
            if published is not None:
                _curve(axes, published, name, BLUE, "training, published", dashed=True)
                _curve(axes, published, f"val_{name}", ORANGE, "validation, published", dashed=True)
            axes.set_title(name)
            axes.set_xlabel("epoch")
            axes.set_xlim(0.5, longest + 0.5)
            axes.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
            axes.grid(axis="y")
        loss.set_ylim(bottom=0)
        accuracy.set_ylim(top=min(1.0, accuracy.get_ylim()[1]))
        accuracy.yaxis.set_major_formatter("{x:.1%}")
        handles, labels = loss.get_legend_handles_labels()
        if not handles:
            handles, labels = accuracy.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=4)
        return figure


def _curve(
    axes: Axes,
    epochs: Sequence[EpochFigures],
    field: str,
    colour: str,
    label: str,
    *,
    dashed: bool,
) -> None:
    values = [getattr(epoch, field) for epoch in epochs]
    heights = [math.nan if value is None else value for value in values]
    if all(math.isnan(height) for height in heights):
        return
    axes.plot(
        range(1, len(heights) + 1),
        heights,
        color=colour,
        label=label,
        linestyle=(0, (3, 2)) if dashed else "-",
        linewidth=1.3 if dashed else 1.8,
        alpha=0.75 if dashed else 1.0,
        zorder=2 if dashed else 3,
        clip_on=False,
        marker="" if dashed and len(heights) > 1 else "o",
        markersize=3.5,
    )


def weight_violins(weights: Mapping[str, np.ndarray], *, title: str | None = None) -> Figure:
    """Draw the distribution of each layer's weights, one violin per entry, on a common axis.

    Arrays have any shape. The outline is that of evenly spaced quantiles, 10,000 at most, which
    keep the extremes; the count, mean and standard deviation are those of all weights.
    """
    import numpy as np

    if not weights:
        raise UsageError("violins need at least one layer with weights, the model has none")
    with drawing():
        figure = new_figure(1.0 + 0.62 * len(weights), title=title)
        axes = figure.add_subplot()
        positions = range(len(weights), 0, -1)
        names, notes = [], []
        for position, (name, array) in zip(positions, weights.items(), strict=True):
            values = np.asarray(array, dtype=np.float64).ravel()
            finite = np.sort(values[np.isfinite(values)])
            note = f"n {values.size:,}"
            if finite.size < values.size:
                note += f"\n{values.size - finite.size:,} not finite"
            if finite.size > 0:
                note += f"\nmean {finite.mean():.3g}, sd {finite.std():.3g}"
                _violin(axes, finite, position)
            names.append(textwrap.shorten(one_line(name), 32, placeholder="…"))
            notes.append(note)
        axes.axvline(0, color=MUTED, linewidth=0.8, zorder=0)
        axes.set_yticks(list(positions), names)
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(0.4, len(weights) + 0.6)
        axes.set_xlabel("weight (tick: median; line: smallest to largest)")
        axes.spines["left"].set_visible(False)
        axes.grid(axis="x")
        axes.set_axisbelow(True)
        right = axes.secondary_yaxis("right")
        right.set_yticks(list(positions), notes, fontsize=8, color=MUTED)
        right.tick_params(length=0)
        right.spines["right"].set_visible(False)
        return figure


def _violin(axes: Axes, ordered: np.ndarray, position: int) -> None:
    import numpy as np

    if ordered[-1] - ordered[0] < 1e-12:
        # The variance of weights so close together underflows to a singular matrix.
        axes.plot(ordered[:1], [position], marker="|", markersize=14, color=INK)
        return
    count = min(ordered.size, VIOLIN_SAMPLES)
    sample = ordered[np.linspace(0, ordered.size - 1, count).round().astype(np.int64)]
    parts = axes.violinplot(
        sample,
        positions=[position],
        orientation="horizontal",
        widths=0.8,
        showmedians=True,
        points=200,
    )
    bodies: Any = parts["bodies"]
    for body in bodies:
        body.set(facecolor=BLUE, edgecolor="none", alpha=0.55)
    for key in ("cbars", "cmins", "cmaxes"):
        parts[key].set(color=INK, linewidth=0.8)
    parts["cmedians"].set(color=INK, linewidth=1.6)
