"""How a study went: the best so far, beside references or another search, and what ran where."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import altair as alt

from mnist_search.analysis.history import History, Match, Span
from mnist_search.analysis.searches import BestSoFar, SearchComparison
from mnist_search.reporting.cells import format_seconds
from mnist_search.reporting.charts.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    RED,
    WIDE,
    AccuracyAxis,
    Row,
    accuracy_axis,
    colours,
    data,
    hover,
    layered,
    marked,
    picked,
    run_key,
    time_axis,
    zoom,
)

_STATES = {"complete": BLUE, "pruned": GREY, "failed": RED}
_LEGEND = {
    "best so far": ORANGE,
    "complete trial": BLUE,
    "accuracy of a reference": GREEN,
}
TRIALS = "complete trials"
# A label is a line of text high.
_LABELS = 24
# A page must open on a phone.
MOST_SPANS = 500


def best_so_far(history: History) -> alt.LayerChart | None:
    """Draw the best accuracy of a search against its clock; None where no trial is complete."""
    if not history.steps or history.kind != "search":
        return None
    spans = [span for span in history.spans if span.state == "complete"]
    # The best are kept, as it is they that the line goes through.
    spans = sorted(spans, key=lambda span: -(span.accuracy or 0.0))[:MOST_SPANS]
    first = history.steps[0]
    shown = [match for match in history.matches if match.level.accuracy >= first.accuracy]
    values = [span.accuracy for span in spans if span.accuracy is not None]
    # A search that ends far below the references still fills its chart.
    axis = accuracy_axis(
        [*values, *(match.level.accuracy for match in shown)],
        most_errors=3 * max(1.0 - first.accuracy, 0.001),
    )
    size, unit = time_axis(history.seconds)
    x = alt.X("time:Q", title=f"time since the start, {unit}, pauses left out").scale(
        domain=[0, 1.02 * history.seconds / size], nice=False
    )
    y = axis.y("best validation accuracy")
    looks = {name: look for name, look in _LEGEND.items() if shown or look != GREEN}
    steps: list[Row] = [
        {
            "time": step.seconds / size, "error": axis.error(step.accuracy), "name": step.name,
            "accuracy": step.accuracy, "what": "best so far",
        }
        for step in history.steps
    ]  # fmt: skip
    line = alt.Chart(data([*steps, steps[-1] | {"time": history.seconds / size}]))
    dots = alt.Chart(data(_point(history.study, span, axis, size) for span in spans))
    chosen = picked()
    layers = [
        *_levels(shown, axis, size),
        line.mark_line(interpolate="step-after", strokeWidth=2.4).encode(
            x, y, colours(looks), tooltip=hover(("name", "best"), ("accuracy", "is", ".2%"))
        ),
        dots.mark_point(filled=True, opacity=0.8)
        .encode(
            x,
            y,
            colours(looks),
            tooltip=hover(("name", "run"), ("accuracy", "validation accuracy", ".2%"),
                          ("took", "took")),
            **marked(chosen),
        )
        .add_params(chosen, zoom("x")),
    ]  # fmt: skip
    return layered(*layers, width=WIDE, height=280)


def _point(study: str, span: Span, axis: AccuracyAxis, size: float) -> Row:
    assert span.accuracy is not None
    return {
        "run": run_key(study, span.number), "name": span.name, "accuracy": span.accuracy,
        "error": axis.error(span.accuracy), "time": span.end_seconds / size,
        "took": format_seconds(span.end_seconds - span.start_seconds), "what": "complete trial",
    }  # fmt: skip


def _levels(matches: Sequence[Match], axis: AccuracyAxis, size: float) -> list[alt.Chart]:
    """Draw a line for each reference, a mark where it was reached, and names that have room."""
    if not matches:
        return []
    rows: list[Row] = []
    lowest = -math.inf
    for match in matches:
        level, step = match.level, match.step
        error = axis.error(level.accuracy)
        # Best first: the name of a reference close below a named one is left to the pointer.
        height = _LABELS * math.log(error / axis.best) / math.log(axis.worst / axis.best)
        named = height - lowest >= 1.0
        lowest = height if named else lowest
        rows.append(
            {
                "reference": level.name, "accuracy": level.accuracy, "basis": level.basis,
                "error": error, "what": "accuracy of a reference",
                "label": f"{100 * level.accuracy:.2f} {level.name}" if named else "",
                "time": None if step is None else step.seconds / size,
                "reached": "not reached" if step is None else
                    f"after {format_seconds(step.seconds)} by {step.name}",
            }
        )  # fmt: skip
    told = hover(
        ("reference", "reference"), ("accuracy", "accuracy", ".2%"), ("basis", "on"),
        ("reached", "reached"),
    )  # fmt: skip
    y = axis.y("best validation accuracy")
    base = alt.Chart(data(rows))
    names = base.transform_filter("datum.label != ''")
    reached = base.transform_filter("datum.time != null")
    return [
        base.mark_rule(strokeDash=[5, 3], opacity=0.7).encode(y, colours(_LEGEND), tooltip=told),
        # Beside the axes, where marks of a chart that zooms would be cut off.
        names.mark_text(align="left", dx=5, limit=180, clip=False).encode(
            y, x=alt.value("width"), text="label:N", tooltip=told
        ),
        reached.mark_point(filled=True, shape="diamond", size=45).encode(
            alt.X("time:Q"), y, colours(_LEGEND), tooltip=told
        ),
    ]


def timeline(history: History) -> alt.Chart | None:
    """Draw what each worker ran when; None where no worker is known.

    Of a long study the last runs are drawn.
    """
    spans = [span for span in history.spans if span.worker is not None and span.state in _STATES]
    spans = spans[-MOST_SPANS:]
    if not spans:
        return None
    size, unit = time_axis(history.seconds)
    workers = len({span.worker for span in spans})
    rows = [
        {
            "run": run_key(history.study, span.number), "name": span.name,
            "state": span.state, "worker": f"worker {span.worker}",
            "start": span.start_seconds / size, "end": span.end_seconds / size,
            "accuracy": span.accuracy,
            "took": format_seconds(span.end_seconds - span.start_seconds),
        }
        for span in spans
    ]  # fmt: skip
    chosen = picked()
    states = {span.state for span in spans}
    shown = {state: colour for state, colour in _STATES.items() if state in states}
    chart: alt.Chart = (
        alt.Chart(data(rows))
        .mark_bar(strokeWidth=1)
        .encode(
            alt.X("start:Q", title=f"time since the start, {unit}, pauses left out"),
            alt.X2("end:Q"),
            alt.Y("worker:N", title=None, sort=None),
            colours(shown, "state"),
            stroke=alt.when(chosen).then(alt.value(INK)).otherwise(alt.value("transparent")),
            tooltip=hover(("name", "run"), ("state", "state"), ("accuracy", "accuracy", ".2%"),
                          ("took", "took")),
        )
        .add_params(chosen, zoom("x"))
        .properties(width=WIDE, height=28 * workers)
    )  # fmt: skip
    return chart


def compared_searches(names: tuple[str, str], found: SearchComparison) -> alt.HConcatChart:
    """Draw the best of two searches; a side that was repeated has a band from least to largest."""
    sides = dict(zip(names, (found.first, found.second), strict=True))
    points = [point for side in sides.values() for point in side.by_trials]
    seen = [each for point in points for each in (point.low, point.accuracy, point.high)]
    axis = accuracy_axis([each for each in seen if each is not None])
    size, unit = time_axis(max(*found.first.seconds, *found.second.seconds))
    by_trials = {name: side.by_trials for name, side in sides.items()}
    by_seconds = {name: side.by_seconds for name, side in sides.items()}
    clock = f"time since the start, {unit}, pauses left out"
    return alt.hconcat(
        _compared(by_trials, axis, 1.0, TRIALS), _compared(by_seconds, axis, size, clock)
    )


def _compared(
    curves: Mapping[str, Sequence[BestSoFar]], axis: AccuracyAxis, size: float, title: str
) -> alt.LayerChart:
    rows: list[Row] = [
        {
            "what": name, "at": point.at / size, "accuracy": point.accuracy,
            "error": axis.error(point.accuracy),
            "low": None if point.low is None else axis.error(point.low),
            "high": None if point.high is None else axis.error(point.high),
        }
        for name, curve in curves.items()
        for point in curve
    ]  # fmt: skip
    x = alt.X("at:Q", title=title, axis=alt.Axis(tickMinStep=1 if title == TRIALS else 0.001))
    y, colour = (
        axis.y("best validation accuracy"),
        colours(dict(zip(curves, (BLUE, ORANGE), strict=True))),
    )
    band = alt.Chart(data({**row, "error": row["low"]} for row in rows if row["low"] is not None))
    line = alt.Chart(data(rows))
    return layered(
        band.mark_area(interpolate="step-after", opacity=0.2).encode(
            x, y, alt.Y2("high:Q"), colour
        ),
        line.mark_line(interpolate="step-after", strokeWidth=2.4, point=True).encode(
            x, y, colour, tooltip=hover(("what", "search"), ("accuracy", "best by then", ".2%"))
        ),
        width=360,
        height=280,
    )
