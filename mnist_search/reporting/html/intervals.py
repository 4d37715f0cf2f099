"""Accuracies with their intervals, one line per model: measured beside published, confirmed."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from mnist_search.analysis import Row
from mnist_search.analysis.confirmation import Confirmation
from mnist_search.reporting.html.scales import Categories, Scale, accuracy
from mnist_search.reporting.html.svg import Chart, Shape

_LINE = 24.0


def measured_beside_published(rows: Sequence[Row]) -> Markup | None:
    """Draw what references reached here and in their documents; None where nothing compares."""
    found = [row for row in rows if row.gap is not None and row.score is not None]
    found = [row for row in found if not row.collapsed]
    found.sort(key=lambda row: -(row.published_accuracy or 0.0))
    if not found:
        return None
    values = [
        value
        for row in found
        for value in (row.score, row.score_low, row.score_high, row.published_accuracy)
        if value is not None
    ]
    x = accuracy(values)
    names = [row.label for row in found]
    chart = _chart("Measured beside published accuracies", names, x, right=150.0)
    for number, row in enumerate(found):
        assert row.score is not None
        assert row.published_accuracy is not None
        height = _height(number, len(found))
        published, measured = x.place(row.published_accuracy), x.place(row.score)
        _interval(chart, x, (row.score_low, row.score_high), height)
        told = f"{row.label}, published: {100 * row.published_accuracy:.2f} %"
        chart.mark(published, height, "hollow", "c-ref", told)
        told = f"{row.label}, measured: {100 * row.score:.2f} %, {_runs(row.n)}"
        chart.mark(measured, height, "dot", "c-trial", told)
        chart.write_beside(height, f"{100 * (row.gap or 0.0):+.2f}  {row.verdict or ''}")
    chart.explain("dot", "c-trial", "measured here, mean over the seeds")
    chart.explain("line", "c-interval", "95 % interval")
    chart.explain("hollow", "c-ref", "as published, one run")
    return chart.render()


def confirmed_models(found: Confirmation) -> Markup | None:
    """Draw the test accuracies of confirmed models, and what trials had scored in the search."""
    rows = [row for row in found.rows if row.rank is not None and row.test_accuracy is not None]
    if not rows:
        return None
    values = [
        value
        for row in rows
        for value in (row.test_accuracy_low, row.test_accuracy_high, row.search_accuracy)
        if value is not None
    ]
    x = accuracy([*values, *(row.test_accuracy for row in rows if row.test_accuracy is not None)])
    chart = _chart("Confirmed test accuracies", [row.name for row in rows], x, right=164.0)
    shown: dict[tuple[Shape, str], str] = {}
    for number, row in enumerate(rows):
        assert row.test_accuracy is not None
        height = _height(number, len(rows))
        _interval(chart, x, (row.test_accuracy_low, row.test_accuracy_high), height)
        if row.search_accuracy is not None:
            told = f"{row.name}, in the search: {100 * row.search_accuracy:.2f} %"
            chart.mark(x.place(row.search_accuracy), height, "ring", "c-pruned", told)
            shown["ring", "c-pruned"] = "in the search, on its validation images"
        look = _look(row is found.winner, row.kind, row.status)
        shown[look] = _LOOKS[look]
        how = "as published" if row.status == "published" else _runs(row.n)
        told = f"{row.name}: {100 * row.test_accuracy:.2f} % of the test images, {how}"
        chart.mark(x.place(row.test_accuracy), height, *look, told)
        chart.write_beside(height, f"{100 * row.test_accuracy:.2f} %, {how}")
    for (shape, css), text in shown.items():
        chart.explain(shape, css, text)
    chart.explain("line", "c-interval", "95 % interval over images and seeds")
    return chart.render()


_LOOKS: dict[tuple[Shape, str], str] = {
    ("diamond", "c-best"): "winner, on the test images",
    ("dot", "c-trial"): "trial, on the test images",
    ("diamond", "c-ref"): "reference, trained again here",
    ("hollow", "c-ref"): "reference, as published",
}


def _look(is_winner: bool, kind: str, status: str) -> tuple[Shape, str]:
    if is_winner:
        return "diamond", "c-best"
    if kind == "trial":
        return "dot", "c-trial"
    return ("hollow" if status == "published" else "diamond"), "c-ref"


def _chart(label: str, names: Sequence[str], x: Scale, *, right: float) -> Chart:
    return Chart(
        label=label,
        x=x,
        y=Categories(tuple(reversed(names))),
        x_title="accuracy",
        y_title="",
        width=720.0,
        height=58.0 + _LINE * len(names),
        right=right,
        grid=False,
    )


def _height(number: int, of: int) -> float:
    # By place, not by name: two rows may be called the same.
    return (of - number - 0.5) / of


def _interval(
    chart: Chart, x: Scale, ends: tuple[float | None, float | None], height: float
) -> None:
    low, high = ends
    if low is not None and high is not None:
        chart.path([(x.place(low), height), (x.place(high), height)], "c-interval")


def _runs(count: int) -> str:
    return "1 run" if count == 1 else f"{count} runs"
