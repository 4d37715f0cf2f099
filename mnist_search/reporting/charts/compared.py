"""The best so far of two kinds of search: by trials, and on the clock."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt

from mnist_search.analysis.searches import BestSoFar, SearchComparison
from mnist_search.reporting.charts.style import (
    BLUE,
    ORANGE,
    AccuracyAxis,
    Row,
    accuracy_axis,
    colours,
    data,
    hover,
    layered,
    time_axis,
)

TRIALS = "complete trials"


def compared_searches(names: tuple[str, str], found: SearchComparison) -> alt.HConcatChart:
    """Draw the best of two searches; a side that was repeated has a band from least to largest."""
    first, second = found.first, found.second
    points = [*first.by_trials, *second.by_trials]
    seen = [each for point in points for each in (point.low, point.accuracy, point.high)]
    axis = accuracy_axis([each for each in seen if each is not None])
    size, unit = time_axis(max((*first.seconds, *second.seconds)))
    left = [
        row
        for name, side in zip(names, (first, second), strict=True)
        for row in _rows(name, side.by_trials, axis, 1.0)
    ]
    right = [
        row
        for name, side in zip(names, (first, second), strict=True)
        for row in _rows(name, side.by_seconds, axis, size)
    ]
    clock = f"time since the start, {unit}, pauses left out"
    return alt.hconcat(_chart(left, names, axis, TRIALS), _chart(right, names, axis, clock))


def _rows(name: str, curve: Sequence[BestSoFar], axis: AccuracyAxis, size: float) -> list[Row]:
    return [
        {
            "what": name,
            "at": point.at / size,
            "accuracy": point.accuracy,
            "error": axis.error(point.accuracy),
            "low": None if point.low is None else axis.error(point.low),
            "high": None if point.high is None else axis.error(point.high),
        }
        for point in curve
    ]


def _chart(
    rows: Sequence[Row], names: tuple[str, str], axis: AccuracyAxis, title: str
) -> alt.LayerChart:
    x = alt.X("at:Q", title=title, axis=alt.Axis(tickMinStep=1 if title == TRIALS else 0.001))
    looks = dict(zip(names, (BLUE, ORANGE), strict=True))
    band = alt.Chart(data({**row, "error": row["low"]} for row in rows if row["low"] is not None))
    line = alt.Chart(data(rows))
    return layered(
        band.mark_area(interpolate="step-after", opacity=0.2).encode(
            x, axis.y("best validation accuracy"), alt.Y2("high:Q"), colours(looks)
        ),
        line.mark_line(interpolate="step-after", strokeWidth=2.4, point=True).encode(
            x,
            axis.y("best validation accuracy"),
            colours(looks),
            tooltip=hover(("what", "search"), ("accuracy", "best by then", ".2%")),
        ),
        width=360,
        height=280,
    )
