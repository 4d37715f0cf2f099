"""Accuracy against what it costs, with the Pareto front: rows that nothing beats in both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import altair as alt

from mnist_search.analysis import Row as BoardRow
from mnist_search.analysis.order import known, pareto_front
from mnist_search.reporting.cells import format_cell, format_seconds
from mnist_search.reporting.charts.style import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    WIDE,
    Row,
    accuracy_axis,
    data,
    hover,
    layered,
    marked,
    marks,
    picked,
    run_key,
    zoom,
)

MOST_POINTS = 300
_LOOKS = {
    "trial": (BLUE, "circle"),
    "reference, measured here": (GREEN, "diamond"),
    "reference, as published": (GREY, "square"),
}
_FRONT = {"Pareto front: nothing is both better and cheaper": (ORANGE, "stroke")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a row costs; times compare on one machine only, sizes everywhere."""

    name: str
    title: str
    unit: str
    of: Callable[[BoardRow], float | None]
    told: Callable[[float], str]
    is_time: bool


COSTS = (
    Cost(
        name="fit-time",
        title="fit time",
        unit="seconds",
        of=lambda row: row.fit_seconds,
        told=format_seconds,
        is_time=True,
    ),
    Cost(
        name="parameters",
        title="parameters",
        unit="",
        of=lambda row: None if row.parameters is None else float(row.parameters),
        told=lambda count: format_cell(count, "count"),
        is_time=False,
    ),
    Cost(
        name="inference-time",
        title="inference per image, batch 256",
        unit="µs",
        of=lambda row: row.inference_us,
        told=lambda micros: format_cell(micros, "microseconds"),
        is_time=True,
    ),
)


def accuracy_against_cost(rows: Sequence[BoardRow], cost: Cost) -> alt.LayerChart | None:
    """Draw accuracy against a cost; None for fewer than two rows that have both.

    Of more than `MOST_POINTS` rows the best ranked are drawn.
    """
    usable = [row for row in rows if row.rank is not None and not row.collapsed]
    if cost.is_time:
        machines = [row.machine_id for row in usable if cost.of(row) is not None]
        if machines:
            most = max(dict.fromkeys(machines), key=machines.count)
            usable = [row for row in usable if row.machine_id == most]
    found: list[tuple[float, float, BoardRow]] = []
    for row in sorted(usable, key=lambda row: row.rank or 0):
        spent, score = known(cost.of(row)), known(row.score)
        if spent is not None and spent > 0 and score is not None:
            found.append((spent, score, row))
    found = found[:MOST_POINTS]
    if len(found) < 2:
        return None
    axis = accuracy_axis([score for _, score, _ in found])
    fronts = pareto_front([(score, spent) for spent, score, _ in found])
    points: list[Row] = [
        {
            "run": _key(row), "name": row.label, "what": _what(row), "cost": spent,
            "told": cost.told(spent), "accuracy": score, "basis": row.score_basis,
            "error": axis.error(score), "front": front,
        }
        for (spent, score, row), front in zip(found, fronts, strict=True)
    ]  # fmt: skip
    # Nothing dearer is better than the last of the front, up to the dearest.
    front = sorted((p for p in points if p["front"]), key=lambda point: point["cost"])
    front.append(front[-1] | {"cost": max(point["cost"] for point in points)})
    unit = f", {cost.unit}" if cost.unit else ""
    x = alt.X("cost:Q", title=f"{cost.title}{unit} (logarithmic)", axis=alt.Axis(format="~s"))
    x = x.scale(type="log", nice=False, padding=12)
    shown = {what: look for what, look in _LOOKS.items() if any(p["what"] == what for p in points)}
    looks = marks(shown | _FRONT, columns=2)
    line = alt.Chart(data([point | {"what": next(iter(_FRONT))} for point in front]))
    chosen = picked()
    dots = (
        alt.Chart(data(points))
        .mark_point(filled=True, opacity=0.85)
        .encode(
            x,
            axis.y("accuracy"),
            tooltip=hover(("name", "model"), ("accuracy", "accuracy", ".2%"), ("basis", "on"),
                          ("told", cost.title)),
            **looks,
            **marked(chosen, 50),
        )
        .add_params(chosen, zoom("x", "y"))
    )  # fmt: skip
    steps = line.mark_line(interpolate="step-after", strokeWidth=1.8)
    front_line = steps.encode(x, axis.y("accuracy"), alt.Order("cost:Q"), color=looks["color"])
    return layered(front_line, dots, width=WIDE, height=300)


def _what(row: BoardRow) -> str:
    if row.kind == "trial":
        return "trial"
    return "reference, as published" if row.status == "published" else "reference, measured here"


def _key(row: BoardRow) -> str:
    return run_key(row.study or "", row.number) if row.kind == "trial" else row.label
