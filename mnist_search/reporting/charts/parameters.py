"""Accuracy against the parameters of a search: one, two, and all at a time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations

import altair as alt

from mnist_search.reporting.cells import format_cell
from mnist_search.reporting.charts.style import (
    INK,
    NARROW,
    SOFT,
    Row,
    accuracy_axis,
    data,
    hover,
    layered,
    marked,
    picked,
    zoom,
)
from mnist_search.reporting.charts.trials import (
    TRIAL_HOVER,
    Trial,
    line_width,
    trial_marks,
)
from mnist_search.spaces import ChoiceParameter, IntParameter, Parameter, Value

MOST_PAIRS = 3
_MOST_AXES = 9
# Of the name of a parameter, in a chart on the narrowest phones.
_NAME_WIDTH = 210


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
    told = hover(*TRIAL_HOVER, ("value", parameter.name))
    x = _parameter_axis(alt.X("value"), parameter, mine).title(parameter.name)
    chosen = picked()
    points = alt.Chart(data(rows)).mark_point(filled=True, opacity=0.8)
    chart: alt.Chart = points.encode(
        x, axis.y("accuracy"), tooltip=told, **trial_marks(mine), **marked(chosen)
    )
    zoomed = ("y",) if isinstance(parameter, ChoiceParameter) else ("x", "y")
    return chart.add_params(chosen, zoom(*zoomed)).properties(width=NARROW, height=210)


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
    told = hover(*TRIAL_HOVER, ("x", across.name), ("y", upwards.name))
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
        shape=trial_marks(mine, legend=False)["shape"],
        color=alt.value("#111111"),
        tooltip=told,
        **marked(chosen, 30),
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
    chosen, looks = picked(), trial_marks(trials)
    lines = alt.Chart(data(rows)).mark_line(opacity=0.6, strokeWidth=1.3)
    lines = lines.encode(
        x,
        y,
        alt.Detail("run:N"),
        alt.Order("axis:Q"),
        color=alt.when(chosen).then(alt.value(INK)).otherwise(looks["color"]),
        strokeWidth=line_width(chosen),
        tooltip=hover(*TRIAL_HOVER),
    )
    rules = alt.Chart(data([row | {"from": 0, "to": 1} for row in names])).mark_rule(color=SOFT)
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
