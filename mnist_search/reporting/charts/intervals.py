"""Accuracies and differences with their intervals, one line for each model or value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import altair as alt

from mnist_search.analysis import Row as BoardRow
from mnist_search.analysis.confirmation import Confirmation
from mnist_search.analysis.effects import EffectLevel
from mnist_search.analysis.words import percent, plural
from mnist_search.analysis.words import points as in_points
from mnist_search.commands.vary import VaryResult
from mnist_search.reporting.cells import spoken
from mnist_search.reporting.charts.style import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    SOFT,
    WIDE,
    Row,
    accuracy_axis,
    colours,
    data,
    hover,
    layered,
    marks,
)

_MEASURED = {
    "measured here, mean over the seeds": (BLUE, "circle"),
    "as published, one run": (GREEN, "diamond"),
}
_CONFIRMED = {
    "winner, on the test images": (ORANGE, "diamond"),
    "trial, on the test images": (BLUE, "circle"),
    "reference, trained again here": (GREEN, "triangle-up"),
    "reference, as published": (GREEN, "square"),
    "in the search, on its validation images": (GREY, "cross"),
}


_COMPARED = {
    "significant": BLUE,
    "no significant difference": GREY,
    "what they are compared with": ORANGE,
}
_LINE = 18


def measured_beside_published(rows: Sequence[BoardRow]) -> alt.LayerChart | None:
    """Draw what references reached here and in their documents; None where nothing compares."""
    found = [row for row in rows if row.gap is not None and row.score is not None]
    found = [row for row in found if not row.collapsed]
    found.sort(key=lambda row: -(row.published_accuracy or 0.0))
    here, published = _MEASURED
    points: list[Row] = []
    ends: list[Row] = []
    for name, row in zip(_distinct([row.label for row in found]), found, strict=True):
        told = f"{in_points(row.gap or 0.0)} {row.verdict or ''}"
        points.append(_point(name, here, row.score, f"mean of {plural(row.n, 'run')}"))
        points.append(_point(name, published, row.published_accuracy, "as published"))
        ends.append(_end(name, row.score_low, row.score_high, told))
    return _chart(points, ends, _MEASURED)


def confirmed_models(found: Confirmation) -> alt.LayerChart | None:
    """Draw the test accuracies of confirmed models, and what trials had scored in the search."""
    points: list[Row] = []
    ends: list[Row] = []
    for name, row in zip(_distinct([row.name for row in found.rows]), found.rows, strict=True):
        if row.rank is None or row.test_accuracy is None:
            continue
        how = "as published" if row.status == "published" else f"mean of {plural(row.n, 'run')}"
        what = _what(row is found.winner, row.kind, row.status)
        search = "in the search, on its validation images"
        points.append(_point(name, search, row.search_accuracy, "1 run"))
        points.append(_point(name, what, row.test_accuracy, how))
        told = f"{percent(row.test_accuracy)}, {how.removeprefix('mean of ')}"
        ends.append(_end(name, row.test_accuracy_low, row.test_accuracy_high, told))
    return _chart(points, ends, _CONFIRMED)


def _chart(
    points: list[Row], ends: list[Row], looks: Mapping[str, tuple[str, str]]
) -> alt.LayerChart | None:
    points = [point for point in points if point["accuracy"] is not None]
    if not points:
        return None
    lengths = [end for row in ends for end in (row["low"], row["high"]) if end is not None]
    axis = accuracy_axis([*(point["accuracy"] for point in points), *lengths])
    points = [point | {"error": axis.error(point["accuracy"])} for point in points]
    known = [row for row in ends if row["low"] is not None and row["high"] is not None]
    bars = [
        row | {"error": axis.error(row["low"]), "end": axis.error(row["high"])} for row in known
    ]
    shown = {what: look for what, look in looks.items() if any(p["what"] == what for p in points)}
    x, y = axis.x("accuracy"), alt.Y("name:N", title=None, sort=None, axis=alt.Axis(labelLimit=200))
    told = hover(("name", "model"), ("accuracy", "accuracy", ".2%"), ("what", "which is"),
                 ("runs", "from"))  # fmt: skip
    spans = alt.Chart(data(bars)).mark_rule(strokeWidth=2, color=SOFT)
    dots = alt.Chart(data(points)).mark_point(filled=True, size=60, opacity=0.9)
    texts = alt.Chart(data(ends)).mark_text(align="left", dx=6, clip=False, limit=180)
    layers = [
        texts.encode(y, x=alt.value("width"), text="told:N"),
        spans.encode(
            x, y, alt.X2("end:Q"),
            tooltip=hover(("name", "model"), ("low", "95 % interval from", ".2%"),
                          ("high", "to", ".2%")),
        ),
        dots.encode(x, y, tooltip=told, **marks(shown, columns=2)),
    ]  # fmt: skip
    return layered(*layers, width=WIDE, height=24 * len(ends))


def _distinct(names: Sequence[str]) -> list[str]:
    """Number the later ones of names that are the same, so that each has a line of its own."""
    return [
        name if name not in names[:place] else f"{name} ({1 + names[:place].count(name)})"
        for place, name in enumerate(names)
    ]


def _point(name: str, what: str, accuracy: float | None, runs: str) -> Row:
    return {"name": name, "what": what, "accuracy": accuracy, "runs": runs}


def _end(name: str, low: float | None, high: float | None, told: str) -> Row:
    return {"name": name, "low": low, "high": high, "told": told}


def _what(is_winner: bool, kind: str, status: str) -> str:
    if is_winner:
        return "winner, on the test images"
    if kind == "trial":
        return "trial, on the test images"
    published = status == "published"
    return "reference, as published" if published else "reference, trained again here"


def draw_effects(result: VaryResult) -> alt.HConcatChart | None:
    """Draw the difference that every value makes, and its seconds; None where nothing ran.

    A notebook shows it; `save` writes it to a file.
    """
    rows: list[Row] = []
    for effect in result.effects.effects:
        for level in effect.levels:
            if level.difference is not None or (level.is_base and level.accuracy is not None):
                value = f"{level.value:.4g}" if isinstance(level.value, float) else level.value
                rows.append(_effect_row(f"{spoken(effect.name)} {value}", level))
    if len(rows) < 2:
        return None
    height, names = _LINE * len(rows), [row["name"] for row in rows]
    y = alt.Y("name:N", title=None, sort=names, axis=alt.Axis(labelLimit=240))
    colour = colours(_COMPARED, columns=3)
    told = hover(
        ("name", "value"), ("points", "points", "+.2f"), ("low", "95 % interval from", "+.2f"),
        ("high", "to", "+.2f"), ("accuracy", "accuracy", ".2%"),
        ("ratio", "times the seconds", ".2f"), ("runs", "runs"),
    )  # fmt: skip
    chart = alt.Chart(data(rows))
    zero = alt.Chart(data([{"points": 0.0, "ratio": 1.0}])).mark_rule(color=SOFT, strokeDash=[3, 3])
    spans = chart.mark_rule(strokeWidth=2, color=SOFT).encode(y, alt.X("low:Q"), alt.X2("high:Q"))
    dots = chart.mark_point(filled=True, size=60, opacity=0.95).encode(
        y,
        alt.X("points:Q", title="difference in validation accuracy, points"),
        colour,
        tooltip=told,
    )
    accuracies = alt.layer(zero.encode(alt.X("points:Q")), spans, dots).properties(
        width=380, height=height
    )
    bare = alt.Y("name:N", title=None, sort=names, axis=None)
    costs = chart.mark_point(filled=True, size=60, opacity=0.95, shape="diamond").encode(
        bare,
        alt.X(
            "ratio:Q",
            title="times the seconds",
            scale=alt.Scale(type="log", nice=False, padding=12),
        ),
        colour,
        tooltip=told,
    )
    seconds = alt.layer(zero.encode(alt.X("ratio:Q")), costs).properties(width=180, height=height)
    return alt.hconcat(accuracies, seconds)


def _effect_row(name: str, level: EffectLevel) -> Row:
    gap = level.difference
    what = "what they are compared with"
    if gap is not None:
        what = "significant" if gap.significant else "no significant difference"
    return {
        "name": name,
        "what": what,
        "points": 0.0 if gap is None else 100 * gap.difference,
        "low": None if gap is None else 100 * gap.interval.low,
        "high": None if gap is None else 100 * gap.interval.high,
        "accuracy": level.accuracy,
        "ratio": 1.0 if level.is_base else level.seconds_ratio,
        "runs": str(level.runs),
    }
