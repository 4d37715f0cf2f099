"""What varied choices do: dots with intervals, and beside them what they cost."""

from __future__ import annotations

from pathlib import Path

import altair as alt

from mnist_search.analysis.effects import EffectLevel
from mnist_search.commands.vary import VaryResult
from mnist_search.errors import BudgetError
from mnist_search.reporting.charts.files import save_chart
from mnist_search.reporting.charts.style import BLUE, GREY, ORANGE, SOFT, Row, data, hover

_LINE = 18
_LOOKS = {
    "significant": BLUE,
    "no significant difference": GREY,
    "what they are compared with": ORANGE,
}


def draw_effects(result: VaryResult) -> alt.HConcatChart | None:
    """Draw the difference that every value makes, and its seconds; None where nothing ran.

    A notebook shows it; `save` writes it to a file.
    """
    rows: list[Row] = []
    for effect in result.effects.effects:
        name = effect.name.replace("_", " ")
        for level in effect.levels:
            if level.difference is not None or (level.is_base and level.accuracy is not None):
                value = f"{level.value:.4g}" if isinstance(level.value, float) else level.value
                rows.append(_row(f"{name} {value}", level))
    if len(rows) < 2:
        return None
    height, names = _LINE * len(rows), [row["name"] for row in rows]
    y = alt.Y("name:N", title=None, sort=names, axis=alt.Axis(labelLimit=240))
    colour = alt.Color(
        "what:N",
        scale=alt.Scale(domain=list(_LOOKS), range=list(_LOOKS.values())),
        legend=alt.Legend(orient="top", title=None, columns=3),
    )
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


def save_effects(result: VaryResult, path: Path) -> None:
    """Write the chart to a PNG or SVG file, by the suffix of its path.

    Raises:
        BudgetError: nothing has run that could be compared.
    """
    chart = draw_effects(result)
    if chart is None:
        raise BudgetError(f"of {result.model} no value can be compared yet, so nothing is drawn")
    save_chart(chart, path)


def _row(name: str, level: EffectLevel) -> Row:
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
