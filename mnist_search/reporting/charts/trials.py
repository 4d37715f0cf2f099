"""The trials of a search: learning curves, importance, one parameter, two, and all at a time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import altair as alt

from mnist_search.analysis.importance import Importances
from mnist_search.analysis.order import known
from mnist_search.reporting.cells import format_cell
from mnist_search.reporting.charts.style import (
    BLUE,
    GREY,
    INK,
    NARROW,
    ORANGE,
    SKY,
    WIDE,
    Row,
    accuracy_axis,
    colours,
    data,
    hover,
    layered,
    picked,
    run_key,
    zoom,
)
from mnist_search.spaces import ChoiceParameter, IntParameter, Parameter, Value
from mnist_search.specs import QUARTERS, Record

# Of a larger study the best ones are drawn: a page must open on a phone.
MOST_DRAWN = 200
MOST_BARS = 15
MOST_PAIRS = 3
_MOST_AXES = 9
# Of the name of a parameter, in a chart on the narrowest phones.
_NAME_WIDTH = 210
_LOOKS = {
    "pruned": (GREY, "cross"),
    "complete": (BLUE, "circle"),
    "best": (ORANGE, "diamond"),
}
_HOVER = (("name", "run"), ("what", "state"), ("accuracy", "accuracy", ".2%"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A trial that has an accuracy, as it is drawn.

    `what` is `complete`, `best` (one of the complete ones) or `pruned`, at the accuracy
    reached by then; `reports` holds validation accuracies by quarter of an epoch.
    """

    run: str
    name: str
    what: str
    accuracy: float
    values: dict[str, Value]
    reports: tuple[tuple[int, float], ...]

    def row(self) -> Row:
        """Return what all charts hold of a trial."""
        return {"run": self.run, "name": self.name, "what": self.what, "accuracy": self.accuracy}


def drawn_trials(records: Sequence[Record], best: int | None) -> list[Trial]:
    """Return complete and stopped trials, at most `MOST_DRAWN`, the best last to lie on top.

    `best` is the number of the winner: of equally accurate trials the board chooses one.
    """
    trials = []
    for record in records:
        result = record.result
        reached = None if result is None else known(result.last_accuracy)
        if result is None or reached is None or record.kind != "trial":
            continue
        if record.state not in ("complete", "pruned"):
            continue
        ended = "best" if record.number == best else "complete"
        trials.append(
            Trial(
                run=run_key(record.study, record.number),
                name=f"trial {record.number}",
                what=ended if record.state == "complete" else "pruned",
                accuracy=reached,
                values={} if record.values is None else dict(record.values),
                reports=tuple(report for report in result.reports if math.isfinite(report[1])),
            )
        )
    order = list(_LOOKS)
    trials.sort(key=lambda trial: (order.index(trial.what), trial.accuracy))
    return trials[-MOST_DRAWN:]


def learning_curves(trials: Sequence[Trial]) -> alt.LayerChart | None:
    """Draw the validation accuracy of each trial epoch by epoch, to where it ended."""
    reported = [trial for trial in trials if trial.reports]
    if not reported:
        return None
    axis = accuracy_axis([value for trial in reported for _, value in trial.reports])
    rows = [
        trial.row()
        | {
            "epoch": step / QUARTERS, "reported": value, "error": axis.error(value),
            "last": (step, value) == trial.reports[-1],
        }
        for trial in reported
        for step, value in trial.reports
    ]  # fmt: skip
    told = hover(*_HOVER)
    chosen = picked()
    shown = _shown(reported)
    x, y = alt.X("epoch:Q", title="epochs"), axis.y("validation accuracy")
    base = alt.Chart(data(rows))
    lines = base.mark_line(opacity=0.7).encode(
        x,
        y,
        alt.Detail("run:N"),
        color=alt.when(chosen).then(alt.value(INK)).otherwise(colours(shown)),
        strokeWidth=_width(chosen),
        tooltip=told,
    )
    ends = base.transform_filter("datum.last").mark_point(filled=True, size=36)
    marks = ends.encode(x, y, colours(shown), shape=_shapes(shown), tooltip=told)
    lines = lines.add_params(chosen, zoom("x", "y"))
    return layered(lines, marks, width=WIDE, height=300)


def importance_bars(importances: Importances) -> alt.LayerChart:
    """Draw the shares of the most important parameters, and what noise alone would reach."""
    shown = [share for share in importances.shares if share.share >= 0.0005][:MOST_BARS]
    every, some, noise = (
        "asked in every trial", "conditional: asked in some trials only",
        "noise alone: exceeded by chance in one of 20 cases",
    )  # fmt: skip
    rows: list[Row] = [
        {
            "parameter": share.parameter, "share": share.share, "noise": share.noise,
            "what": every if share.trials == share.of else some,
            "had": f"{share.trials} of {share.of} trials",
        }
        for share in shown
    ]  # fmt: skip
    limits = [row | {"what": noise} for row in rows if row["noise"] is not None]
    found = {row["what"] for row in [*rows, *limits]}
    looks = {every: BLUE, some: SKY, noise: ORANGE}
    colour = colours({what: look for what, look in looks.items() if what in found}, columns=1)
    told = hover(("parameter", "parameter"), ("share", "share", ".1%"),
                 ("noise", "noise alone up to", ".1%"), ("had", "asked in"))  # fmt: skip
    longest = max(max(share.share, share.noise or 0.0) for share in shown)
    x = alt.X("share:Q", title="share of the importance", axis=alt.Axis(format="%"))
    x = x.scale(domain=[0, 1.15 * longest], nice=False)
    y = alt.Y("parameter:N", title=None, sort=None)
    base = alt.Chart(data(rows))
    bars = base.mark_bar().encode(x, y, colour, tooltip=told)
    ticks = alt.Chart(data(limits)).mark_tick(thickness=2.5, size=18)
    text = base.mark_text(align="left", dx=4).encode(x, y, text=alt.Text("share:Q", format=".0%"))
    return layered(
        bars,
        ticks.encode(alt.X("noise:Q"), y, colour, tooltip=told),
        text,
        width=WIDE,
        height=22 * len(shown),
    )


def slice_chart(parameter: Parameter, trials: Sequence[Trial]) -> alt.Chart | None:
    """Draw accuracy against one parameter; None where fewer than two trials had it."""
    mine = [trial for trial in trials if parameter.name in trial.values]
    if len(mine) < 2:
        return None
    axis = accuracy_axis([trial.accuracy for trial in mine])
    rows = [
        trial.row()
        | {"error": axis.error(trial.accuracy), "value": _value(parameter, trial)}
        for trial in mine
    ]  # fmt: skip
    told = hover(*_HOVER, ("value", parameter.name))
    x = _parameter_axis(alt.X("value"), parameter, mine).title(parameter.name)
    chart = _points(alt.Chart(data(rows)), mine, told).encode(x, axis.y("accuracy"))
    zoomed = ("y",) if isinstance(parameter, ChoiceParameter) else ("x", "y")
    return chart.add_params(zoom(*zoomed)).properties(width=NARROW, height=210)


def pair_charts(
    parameters: Sequence[Parameter], trials: Sequence[Trial]
) -> tuple[alt.LayerChart, ...]:
    """Draw the first pairs of numeric parameters, the most important first.

    Pairs that few of the trials had together, or of which one hardly varied, are passed over.
    """
    numeric = [each for each in parameters if not isinstance(each, ChoiceParameter)]
    # All pairs of the first three come before any with the fourth.
    pairs = sorted(combinations(range(len(numeric)), 2), key=lambda pair: (pair[1], pair[0]))
    drawn = (pair_chart(numeric[one], numeric[other], trials) for one, other in pairs)
    return tuple(chart for chart in drawn if chart is not None)[:MOST_PAIRS]


def pair_chart(
    across: Parameter, upwards: Parameter, trials: Sequence[Trial]
) -> alt.LayerChart | None:
    """Draw the mean accuracy of the trials in each cell of a grid over two numeric parameters.

    The mean is that of the logarithms of the error rates, as in the other charts. None where
    fewer than eight trials, or a third of them, had both, or one had fewer than four values.
    """
    mine = [trial for trial in trials if {across.name, upwards.name} <= trial.values.keys()]
    varied = min(len({trial.values[each.name] for trial in mine}) for each in (across, upwards))
    if len(mine) < max(8, len(trials) / 3) or varied < 4:
        return None
    axis = accuracy_axis([trial.accuracy for trial in mine])
    cells: dict[tuple[tuple[float, float], tuple[float, float]], list[float]] = {}
    columns, rows = _edges(across, mine), _edges(upwards, mine)
    for trial in mine:
        place = (
            _cell(columns, _number(trial, across)),
            _cell(rows, _number(trial, upwards)),
        )
        cells.setdefault(place, []).append(math.log(axis.error(trial.accuracy)))
    means = [math.exp(sum(found) / len(found)) for found in cells.values()]
    grid = [
        {
            "left": x[0], "right": x[1], "bottom": y[0], "top": y[1], "error": mean,
            "accuracy": 1 - mean, "trials": len(found),
        }
        for ((x, y), found), mean in zip(cells.items(), means, strict=True)
    ]  # fmt: skip
    points = [
        trial.row() | {"x": _number(trial, across), "y": _number(trial, upwards)}
        for trial in mine
    ]  # fmt: skip
    colour = alt.Color(
        "error:Q",
        scale=alt.Scale(
            type="log", domain=[max(means), min(means)] if len(set(means)) > 1 else [1, 0.001],
            range=["#e3eef7", "#3d86b8"], nice=False,
        ),
        legend=alt.Legend(
            orient="top", title="mean accuracy in the cell", gradientLength=220,
            labelExpr="format(1 - datum.value, '.2%')", values=[max(means), min(means)],
        ),
    )  # fmt: skip
    told = hover(*_HOVER, ("x", across.name), ("y", upwards.name))
    x, y = _numeric_scale(across, columns), _numeric_scale(upwards, rows)
    named = alt.Axis(titleLimit=_NAME_WIDTH)
    squares = alt.Chart(data(grid)).mark_rect(opacity=0.75).encode(
        alt.X("left:Q", title=across.name, scale=x, axis=named), alt.X2("right:Q"),
        alt.Y("bottom:Q", title=upwards.name, scale=y, axis=named), alt.Y2("top:Q"),
        colour,
        tooltip=hover(("accuracy", "mean accuracy", ".2%"), ("trials", "trials")),
    )  # fmt: skip
    chosen = picked()
    dots = alt.Chart(data(points)).mark_point(filled=True, opacity=0.9).encode(
        alt.X("x:Q", scale=x), alt.Y("y:Q", scale=y),
        shape=_shapes(_shown(mine), legend=False),
        color=alt.value("#111111"),
        size=alt.when(chosen).then(alt.value(220)).otherwise(alt.value(30)),
        tooltip=told,
    )  # fmt: skip
    dots = dots.add_params(chosen, zoom("x", "y"))
    return layered(squares, dots, width=NARROW, height=300)


def parallel_coordinates(
    parameters: Sequence[Parameter], trials: Sequence[Trial]
) -> alt.LayerChart | None:
    """Draw each trial as a line across its parameters to its accuracy; None for too few.

    The line of a trial that was not asked for a parameter passes below its axis.
    """
    axes = [each for each in parameters if any(each.name in trial.values for trial in trials)]
    axes = axes[:_MOST_AXES]
    if len(trials) < 2 or len(axes) < 2:
        return None
    end = accuracy_axis([trial.accuracy for trial in trials])
    last = len(axes)
    rows: list[Row] = []
    ticks: list[Row] = []
    for number, parameter in enumerate(axes):
        mine = [trial for trial in trials if parameter.name in trial.values]
        places, marks = _places(parameter, mine)
        ticks += [{"axis": number, "place": place, "label": label} for place, label in marks]
        asked = dict(zip([trial.run for trial in mine], places, strict=True))
        rows += [
            trial.row() | {"axis": number, "place": asked.get(trial.run, -0.12)}
            for trial in trials
        ]  # fmt: skip
    log = math.log(end.worst / end.best)
    for trial in trials:
        place = math.log(end.worst / end.error(trial.accuracy)) / log
        rows.append(trial.row() | {"axis": last, "place": place})
    for place in (0.0, 0.5, 1.0):
        label = f"{100 * (1 - end.worst ** (1 - place) * end.best**place):.2f} %"
        ticks.append({"axis": last, "place": place, "label": label})
    ticks.append({"axis": 0, "place": -0.12, "label": "not asked"})
    names = [
        {"axis": number, "name": name, "row": 1.16 if number % 2 else 1.08}
        for number, name in enumerate([*(axis.name for axis in axes), "accuracy"])
    ]
    x = alt.X("axis:Q", axis=None).scale(domain=[-0.1, last + 0.6], nice=False)
    y = alt.Y("place:Q", axis=None).scale(domain=[-0.16, 1.2], nice=False)
    chosen, shown = picked(), _shown(trials)
    lines = alt.Chart(data(rows)).mark_line(opacity=0.6, strokeWidth=1.3)
    lines = lines.encode(
        x,
        y,
        alt.Detail("run:N"),
        alt.Order("axis:Q"),
        color=alt.when(chosen).then(alt.value(INK)).otherwise(colours(shown)),
        strokeWidth=_width(chosen),
        tooltip=hover(*_HOVER),
    )
    rules = alt.Chart(data([row | {"from": 0, "to": 1} for row in names])).mark_rule()
    labels = alt.Chart(data(ticks)).mark_text(align="left", dx=4, limit=100)
    heads = alt.Chart(data(names)).mark_text(align="left", fontSize=12, dx=-4, limit=190)
    return layered(
        lines.add_params(chosen),
        rules.encode(x, alt.Y("from:Q", axis=None), alt.Y2("to:Q")),
        labels.encode(x, y, text="label:N"),
        heads.encode(x, alt.Y("row:Q", axis=None), text="name:N"),
        width=118 * (last + 1),
        height=360,
    )


def _shown(trials: Sequence[Trial]) -> dict[str, str]:
    found = {trial.what for trial in trials}
    return {what: colour for what, (colour, _) in reversed(_LOOKS.items()) if what in found}


def _width(chosen: alt.Parameter) -> Any:
    """Return how thick lines are: a chosen one most, the best one more than the others."""
    thick = alt.when(chosen).then(alt.value(4))
    return thick.when("datum.what == 'best'").then(alt.value(2.6)).otherwise(alt.value(1.3))


def _shapes(shown: dict[str, str], *, legend: bool = True) -> alt.Shape:
    marks = [_LOOKS[what][1] for what in shown]
    scale = alt.Scale(domain=list(shown), range=marks)
    if not legend:
        return alt.Shape("what:N", scale=scale, legend=None)
    return alt.Shape("what:N", scale=scale, legend=alt.Legend(orient="top", title=None, columns=4))


def _points(chart: alt.Chart, trials: Sequence[Trial], told: list[alt.Tooltip]) -> alt.Chart:
    chosen, shown = picked(), _shown(trials)
    points: alt.Chart = (
        chart.mark_point(filled=True, opacity=0.8)
        .encode(
            colours(shown),
            shape=_shapes(shown),
            size=alt.when(chosen).then(alt.value(220)).otherwise(alt.value(40)),
            stroke=alt.when(chosen).then(alt.value(INK)).otherwise(alt.value("transparent")),
            tooltip=told,
        )
        .add_params(chosen)
    )
    return points


def _told(value: Value) -> str:
    return format_cell(value, "number")


def _value(parameter: Parameter, trial: Trial) -> float | str:
    if isinstance(parameter, ChoiceParameter):
        return _told(trial.values[parameter.name])
    return _number(trial, parameter)


def _number(trial: Trial, parameter: Parameter) -> float:
    return float(trial.values[parameter.name])


def _choices(parameter: ChoiceParameter, trials: Sequence[Trial]) -> list[str]:
    # A study may hold values of an earlier, wider space.
    others = [trial.values[parameter.name] for trial in trials]
    return list(dict.fromkeys(_told(value) for value in (*parameter.choices, *others)))


def _parameter_axis(x: alt.X, parameter: Parameter, trials: Sequence[Trial]) -> alt.X:
    if isinstance(parameter, ChoiceParameter):
        order = _choices(parameter, trials)
        angle = 0 if sum(map(len, order)) < 28 else -30
        return alt.X("value:N", axis=alt.Axis(labelAngle=angle, titleLimit=_NAME_WIDTH)).scale(
            domain=order
        )
    whole = isinstance(parameter, IntParameter) and not parameter.log
    step = 1 if whole else alt.Undefined
    axis = alt.Axis(tickMinStep=step, tickCount=5, titleLimit=_NAME_WIDTH)
    return alt.X("value:Q", axis=axis).scale(_numeric_scale(parameter, _edges(parameter, trials)))


def _numeric_scale(parameter: Parameter, edges: Sequence[float]) -> alt.Scale:
    assert not isinstance(parameter, ChoiceParameter)
    ends = [edges[0], edges[-1]]
    return alt.Scale(type="log" if parameter.log else "linear", domain=ends, nice=False)


def _edges(parameter: Parameter, trials: Sequence[Trial]) -> list[float]:
    """Return where the cells of a numeric axis begin and end, some beyond its ends."""
    assert not isinstance(parameter, ChoiceParameter)
    values = [float(parameter.low), float(parameter.high)]
    values += [_number(trial, parameter) for trial in trials]
    low, high = min(values), max(values)
    if parameter.log:
        margin = (high / low) ** 0.05 if high > low else 1.5
        low, high = math.log(low / margin), math.log(high * margin)
        return [math.exp(low + (high - low) * part / 8) for part in range(9)]
    if isinstance(parameter, IntParameter) and high - low < 8:
        return [low - 0.5 + step for step in range(round(high - low) + 2)]
    margin = 0.05 * (high - low) if high > low else 1.0
    low, high = low - margin, high + margin
    return [low + (high - low) * part / 8 for part in range(9)]


def _cell(edges: Sequence[float], value: float) -> tuple[float, float]:
    place = max(0, sum(value >= edge for edge in edges[:-1]) - 1)
    return edges[place], edges[place + 1]


def _places(
    parameter: Parameter, trials: Sequence[Trial]
) -> tuple[list[float], list[tuple[float, str]]]:
    """Return where each trial lies between 0 and 1, and the places that have a label."""
    if isinstance(parameter, ChoiceParameter):
        order = _choices(parameter, trials)
        at = {label: (number + 0.5) / len(order) for number, label in enumerate(order)}
        places = [at[_told(trial.values[parameter.name])] for trial in trials]
        return places, [(place, label) for label, place in at.items()]
    edges = _edges(parameter, trials)
    ends = [float(parameter.low), float(parameter.high)]
    log = parameter.log

    def place(value: float) -> float:
        low, high = edges[0], edges[-1]
        if log:
            low, high, value = math.log(low), math.log(high), math.log(value)
        return (value - low) / (high - low)

    middle = math.sqrt(ends[0] * ends[1]) if log else sum(ends) / 2
    labels = [ends[0], ends[1]] if isinstance(parameter, IntParameter) else [*ends, middle]
    return (
        [place(_number(trial, parameter)) for trial in trials],
        [(place(value), f"{value:.3g}") for value in dict.fromkeys(labels)],
    )
