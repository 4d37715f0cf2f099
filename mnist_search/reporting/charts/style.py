"""What all charts have in common: colours, sizes, hover, selection, zoom, axes of accuracy."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import altair as alt

# Okabe and Ito's colours, darkened until each has a contrast of 3 on white. The page replaces
# them by variables of the same name (`PALETTE`), so that charts follow its light and dark scheme.
BLUE, ORANGE, GREEN, RED = "#0072b2", "#b85c00", "#00785a", "#b3261e"
GREY, SKY, INK, SOFT, RULE, PAPER = (
    "#8a939d", "#4792c4", "#1b1f24", "#57606a", "#d5d9df", "#ffffff",
)  # fmt: skip
PALETTE: Mapping[str, str] = {
    BLUE: "blue", ORANGE: "orange", GREEN: "green", RED: "red", GREY: "grey",
    SKY: "sky", INK: "ink", SOFT: "soft", RULE: "rule", PAPER: "page",
}  # fmt: skip
WIDE, NARROW = 720, 360

# Given to every chart where it is shown, not where it is made: charts that have a configuration
# of their own cannot be put beside each other in a notebook.
CONFIG: Mapping[str, Any] = {
    "font": "sans-serif",
    "background": None,
    "view": {"stroke": None},
    "axis": {
        "labelColor": SOFT, "titleColor": INK, "titleFontWeight": "normal", "gridColor": RULE,
        "gridOpacity": 0.5, "domainColor": SOFT, "tickColor": SOFT, "labelFontSize": 11,
        "titleFontSize": 12, "labelLimit": 150, "titleLimit": 320, "labelOverlap": True,
    },
    "legend": {
        "labelColor": SOFT, "titleColor": INK, "labelFontSize": 11.5, "labelLimit": 320,
        "orient": "top", "title": None, "symbolStrokeWidth": 2, "columnPadding": 10,
    },
    "title": {
        "color": INK, "subtitleColor": SOFT, "anchor": "start", "fontSize": 13, "limit": WIDE,
    },
    "text": {"color": INK, "fontSize": 11},
    "header": {"labelColor": INK, "titleColor": INK},
}  # fmt: skip

Row = dict[str, Any]
# A chart of one or several layers; a row of charts is none.
AnyChart = alt.Chart | alt.LayerChart | alt.HConcatChart | alt.VConcatChart


def data(rows: Iterable[Row]) -> alt.InlineData:
    """Return plain rows as the data of a chart; what is not finite is unknown."""
    clean = [
        {
            key: None if isinstance(value, float) and not math.isfinite(value) else value
            for key, value in row.items()
        }
        for row in rows
    ]
    return alt.InlineData(values=clean)


def picked() -> alt.Parameter:
    """Return the selection of one run by a click; charts beside each other share it."""
    return alt.selection_point(name="picked", fields=["run"], toggle=False, empty=False)


def marked(chosen: alt.Parameter, size: int = 40) -> dict[str, Any]:
    """Return the encodings that show which mark is the chosen run: it is larger, with a rim."""
    return {
        "size": alt.when(chosen).then(alt.value(220)).otherwise(alt.value(size)),
        "stroke": alt.when(chosen).then(alt.value(INK)).otherwise(alt.value("transparent")),
    }


def zoom(*encodings: Literal["x", "y"]) -> alt.Parameter:
    """Return panning by dragging, and zooming by the wheel with ctrl held (or by pinching).

    The wheel alone scrolls the page. It has no name, as charts beside each other zoom apart.
    """
    held = "wheel![event.ctrlKey || event.metaKey]"
    return alt.selection_interval(bind="scales", encodings=encodings, zoom=held)


def hover(*fields: tuple[str, str] | tuple[str, str, str]) -> list[alt.Tooltip]:
    """Return what is shown of (field, title) or (field, title, format) under the pointer."""
    return [
        alt.Tooltip(f"{field}:Q", title=title, format=rest[0])
        if rest
        else alt.Tooltip(f"{field}:N", title=title)
        for field, title, *rest in fields
    ]


def colours(shown: Mapping[str, str], field: str = "what", *, columns: int = 4) -> alt.Color:
    """Return a colour for each name that `field` can have, with a legend of those names."""
    return alt.Color(
        f"{field}:N",
        scale=alt.Scale(domain=list(shown), range=list(shown.values())),
        legend=alt.Legend(orient="top", title=None, columns=columns),
    )


def marks(
    looks: Mapping[str, tuple[str, str]], *, columns: int = 4, legend: bool = True
) -> dict[str, Any]:
    """Return colour and shape for each name that `what` can have, with one legend of both."""
    names = alt.Legend(orient="top", title=None, columns=columns) if legend else None
    scale = alt.Scale(domain=list(looks), range=[shape for _, shape in looks.values()])
    return {
        "color": colours({what: colour for what, (colour, _) in looks.items()}, columns=columns),
        "shape": alt.Shape("what:N", scale=scale, legend=names),
    }


def layered(*layers: alt.Chart, width: int, height: int) -> alt.LayerChart:
    """Return charts above each other, the first at the bottom."""
    return alt.LayerChart(layer=list(layers), width=width, height=height)


@dataclass(frozen=True, slots=True)
class AccuracyAxis:
    """An axis of accuracies that is logarithmic in the error rate, from `worst` to `best`.

    Between 98 and 99.5 % lies all that matters here, and a linear axis that also holds a stopped
    trial of 60 % shows nothing of it. Charts hold the error rate as `error`, the axis reads as
    accuracy. An accuracy of 1 has no place on it and lies at its end, as has what is worse than
    `worst`.
    """

    worst: float
    best: float

    def error(self, accuracy: float) -> float:
        """Return the error rate, moved to the end of the axis where it is beyond."""
        return min(max(1.0 - accuracy, self.best), self.worst)

    def _scale(self) -> alt.Scale:
        ends = [self.worst, self.best]
        return alt.Scale(type="log", domain=ends, nice=False)

    def _axis(self) -> alt.Axis:
        return alt.Axis(labelExpr="format(1 - datum.value, '.4~%')", tickCount=6, labelFlush=True)

    def x(self, title: str) -> alt.X:
        """Return the axis from left to right."""
        title = f"{title}, logarithmic in the error rate"
        return alt.X("error:Q", title=title, scale=self._scale(), axis=self._axis())

    def y(self, title: str) -> alt.Y:
        """Return the axis from below to above."""
        lines = [title, "(logarithmic in the error rate)"]
        return alt.Y("error:Q", title=lines, scale=self._scale(), axis=self._axis())


def accuracy_axis(values: Sequence[float], *, most_errors: float = 1.0) -> AccuracyAxis:
    """Return an axis that holds these accuracies; the worst end is at most `most_errors`."""
    errors = [min(1.0 - value, most_errors) for value in values]
    known = [error for error in errors if error > 0]
    best, worst = min(known, default=0.001), max(known, default=0.1)
    if len(known) < len(errors):
        best /= 2
    if worst / best < 1.3:
        worst, best = worst * 1.3, best / 1.3
    margin = (worst / best) ** 0.05
    return AccuracyAxis(worst=min(1.0, worst * margin), best=best / margin)


def time_axis(seconds: float) -> tuple[float, str]:
    """Return how many seconds the unit of an axis that long has, and the name of the unit."""
    if seconds <= 300:
        return 1.0, "seconds"
    return (60.0, "minutes") if seconds <= 4 * 3600 else (3600.0, "hours")


def run_key(study: str, number: int | None) -> str:
    """Return what a run is called in every chart, so that one click finds it in all."""
    return f"{study}/{number}"
