"""Accuracy against what it costs, with the front of rows that nothing beats in both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from mnist_search.analysis import Row
from mnist_search.analysis.order import known
from mnist_search.reporting.cells import format_cell, format_seconds
from mnist_search.reporting.html.scales import Unit, accuracy, logarithmic
from mnist_search.reporting.html.svg import Chart, Shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a row costs, from its place in the axis to its name."""

    title: str
    of: Callable[[Row], float | None]
    unit: Unit
    told: Callable[[float], str]
    # Times compare on one machine only, sizes everywhere.
    is_time: bool


COSTS = (
    Cost(
        title="fit time",
        of=lambda row: row.fit_seconds,
        unit="seconds",
        told=format_seconds,
        is_time=True,
    ),
    Cost(
        title="parameters",
        of=lambda row: None if row.parameters is None else float(row.parameters),
        unit="count",
        told=lambda count: f"{format_cell(count, 'count')} parameters",
        is_time=False,
    ),
    Cost(
        title="inference per image, batch 256",
        of=lambda row: row.inference_us,
        unit="microseconds",
        told=lambda micros: format_cell(micros, "microseconds"),
        is_time=True,
    ),
)


def tradeoff(rows: Sequence[Row], cost: Cost) -> Markup | None:
    """Draw accuracy against a cost; None for fewer than two rows that have both."""
    usable = [row for row in rows if row.rank is not None and not row.collapsed]
    if cost.is_time:
        machines = [row.machine_id for row in usable if cost.of(row) is not None]
        if machines:
            most = max(dict.fromkeys(machines), key=machines.count)
            usable = [row for row in usable if row.machine_id == most]
    points: list[tuple[float, float, Row]] = []
    for row in usable:
        spent, score = known(cost.of(row)), known(row.score)
        if spent is not None and spent > 0 and score is not None:
            points.append((spent, score, row))
    if len(points) < 2:
        return None
    x = logarithmic([spent for spent, _, _ in points], unit=cost.unit)
    y = accuracy([score for _, score, _ in points])
    chart = Chart(
        label=f"Accuracy against {cost.title}",
        x=x,
        y=y,
        x_title=cost.title,
        y_title="accuracy",
    )
    front = pareto_points([(spent, score) for spent, score, _ in points])
    chart.path(
        [
            (x.place(spent), y.place(score))
            for spent, score in [*front, (max(p[0] for p in points), front[-1][1])]
        ],
        "c-front-line",
        steps=True,
    )
    for spent, score, row in points:
        shape, css = _look(row)
        told = f"{row.label}: {100 * score:.2f} % ({row.score_basis}), {cost.told(spent)}"
        chart.mark(x.place(spent), y.place(score), shape, css, told)
    chart.explain("line", "c-front-line", "front: nothing is both better and cheaper")
    looks = {_look(row) for _, _, row in points}
    for look, text in _LOOKS.items():
        if look in looks:
            chart.explain(*look, text)
    return chart.render()


def pareto_points(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return those (cost, accuracy) that no other beats in both, cheapest first."""
    front: list[tuple[float, float]] = []
    for spent, score in sorted(points, key=lambda point: (point[0], -point[1])):
        if not front or score > front[-1][1]:
            front.append((spent, score))
    return front


_LOOKS: dict[tuple[Shape, str], str] = {
    ("dot", "c-trial"): "trial",
    ("diamond", "c-ref"): "reference, measured here",
    ("hollow", "c-ref"): "reference, as published",
}


def _look(row: Row) -> tuple[Shape, str]:
    if row.kind == "trial":
        return "dot", "c-trial"
    return ("hollow", "c-ref") if row.status == "published" else ("diamond", "c-ref")
