"""The trials of a search, drawn: learning curves, importance, slices, parallel coordinates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from mnist_search.analysis.importance import Importances
from mnist_search.analysis.order import known
from mnist_search.reporting.cells import format_cell
from mnist_search.reporting.html.scales import (
    Categories,
    Scale,
    Tick,
    accuracy,
    linear,
    logarithmic,
)
from mnist_search.reporting.html.svg import Chart, Shape, element, label
from mnist_search.spaces import ChoiceParameter, IntParameter, Parameter, Value
from mnist_search.specs import Record

# Of a larger study the best ones are drawn: a page must open on a phone.
MOST_DRAWN = 500
MOST_BARS = 15
_MOST_AXES = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A trial that has an accuracy, as it is drawn."""

    name: str
    state: str
    accuracy: float
    values: dict[str, Value]
    reports: tuple[tuple[int, float], ...]
    is_best: bool = False

    @property
    def told(self) -> str:
        """Say in one line what it is."""
        return f"{self.name}: {self.state}, {100 * self.accuracy:.2f} %"


def drawn_trials(records: Sequence[Record], best: int | None) -> list[Trial]:
    """Return complete and stopped trials, the best last so that it lies on top.

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
        trials.append(
            Trial(
                name=f"trial {record.number}",
                state=record.state,
                accuracy=reached,
                values={} if record.values is None else dict(record.values),
                reports=tuple(report for report in result.reports if math.isfinite(report[1])),
                is_best=record.number == best and record.state == "complete",
            )
        )
    trials.sort(key=lambda trial: (trial.is_best, trial.state == "complete", trial.accuracy))
    return trials[-MOST_DRAWN:]


def learning_curves(trials: Sequence[Trial]) -> Markup | None:
    """Draw the accuracy of each trial epoch by epoch, stopped ones to where they were stopped."""
    reported = [trial for trial in trials if trial.reports]
    if not reported:
        return None
    x = linear([0.0, max(trial.reports[-1][0] for trial in reported) / 4], zero=True)
    y = accuracy([value for trial in reported for _, value in trial.reports])
    chart = Chart(
        label="Learning curves", x=x, y=y, x_title="epochs", y_title="validation accuracy"
    )
    for trial in reported:
        points = [(x.place(step / 4), y.place(value)) for step, value in trial.reports]
        css = _css(trial, ("c-best-line", "c-trial-line", "c-pruned-line"))
        chart.path(points, css, trial.told)
        if trial.state == "pruned":
            chart.mark(*points[-1], "cross", "c-pruned", trial.told)
    _explain(chart, reported)
    return chart.render()


def importance_bars(importances: Importances) -> Markup:
    """Draw the shares of the most important parameters."""
    shown = [share for share in importances.shares if share.share >= 0.0005][:MOST_BARS]
    names = Categories(tuple(share.parameter for share in reversed(shown)))
    x = linear([0.0, max(max(share.share, share.noise or 0.0) for share in shown)], zero=True)
    chart = Chart(
        label="Importance of parameters",
        x=Scale(x.kind, x.low, x.high, tuple(_percent(tick) for tick in x.ticks)),
        y=names,
        x_title="share of the importance",
        y_title="",
        height=60.0 + 21.0 * len(shown),
        right=120.0,
        grid=False,
    )
    half = 0.36 / len(shown)
    for share in shown:
        middle = names.place(share.parameter)
        told = f"{100 * share.share:.1f} %, had by {share.trials} of {share.of} trials"
        if share.noise is not None:
            told += f", noise alone up to {100 * share.noise:.1f} %"
        chart.bar(
            (0.0, middle - half),
            (x.place(share.share), middle + half),
            "c-trial" if share.trials == share.of else "c-some",
            f"{share.parameter}: {told}",
        )
        noise = "" if share.noise is None else f" (noise {100 * share.noise:.0f} %)"
        chart.write_after(x.place(share.share), middle, f"{100 * share.share:.0f} %{noise}")
    chart.explain("bar", "c-trial", "asked in every trial")
    if any(share.trials < share.of for share in shown):
        chart.explain("bar", "c-some", "conditional: asked in some trials only")
    return chart.render()


def slice_plot(parameter: Parameter, trials: Sequence[Trial]) -> Markup | None:
    """Draw accuracy against one parameter; None where fewer than two trials had it."""
    mine = [trial for trial in trials if parameter.name in trial.values]
    if len(mine) < 2:
        return None
    x = axis_of(parameter, mine)
    y = accuracy([trial.accuracy for trial in mine])
    chart = Chart(
        label=f"Accuracy against {parameter.name}",
        x=x,
        y=y,
        x_title=parameter.name,
        y_title="accuracy",
        width=340.0,
        height=270.0 if isinstance(x, Categories) else 230.0,
    )
    for trial in mine:
        shapes: tuple[Shape, Shape, Shape] = ("diamond", "dot", "ring")
        shape = shapes[_rank(trial)]
        css = _css(trial, ("c-best", "c-trial", "c-pruned"))
        told = f"{trial.told}, {parameter.name} = {_told(trial.values[parameter.name])}"
        chart.mark(
            place_on(x, trial.values[parameter.name]), y.place(trial.accuracy), shape, css, told
        )
    return chart.render()


def parallel_coordinates(parameters: Sequence[Parameter], trials: Sequence[Trial]) -> Markup | None:
    """Draw each trial as a line across its parameters to its accuracy; None for too few."""
    axes = [
        parameter
        for parameter in parameters
        if any(parameter.name in trial.values for trial in trials)
    ][:_MOST_AXES]
    if len(trials) < 2 or len(axes) < 2:
        return None
    step, height, top, floor = 124.0, 370.0, 52.0, 312.0
    width = step * (len(axes) + 1)
    scales: list[Scale | Categories] = [
        *(axis_of(axis, [trial for trial in trials if axis.name in trial.values]) for axis in axes),
        accuracy([trial.accuracy for trial in trials]),
    ]
    names = [*(axis.name for axis in axes), "accuracy"]
    lefts = [40 + step * number for number in range(len(names))]
    missing = floor + 24
    parts: list[Markup] = []
    for trial in trials:
        places = []
        for scale, name, left in zip(scales, names, lefts, strict=True):
            value = trial.accuracy if left == lefts[-1] else trial.values.get(name)
            at = missing if value is None else floor - (floor - top) * place_on(scale, value)
            places.append(f"{left:.0f} {at:.1f}")
        css = _css(trial, ("c-best-line", "c-trial-line", "c-pruned-line"))
        line = {"class": f"line thread {css}", "d": "M" + "L".join(places)}
        parts.append(element("path", line, title=trial.told))
    for number, (scale, name, left) in enumerate(zip(scales, names, lefts, strict=True)):
        line = {"class": "base", "d": f"M{left:.0f} {top:.0f}V{floor:.0f}"}
        parts.append(element("path", line))
        # In two rows a name has room for twice the distance.
        height_of_name = 18.0 if number % 2 == 0 else 36.0
        first = number == 0
        parts.append(
            label(
                4.0 if first else left,
                height_of_name,
                name,
                "axis",
                anchor="start" if first else "middle",
                room=min(2 * step - 8, 2 * (width - left)) if not first else 1.3 * step,
            )
        )
        taken = 1e9
        for tick in sorted(scale.ticks, key=lambda tick: tick.place):
            at = floor - (floor - top) * tick.place
            if taken - at >= 13:
                taken = at
                parts.append(label(left + 4, at + 4, tick.label, "tick halo", room=step - 6))
    parts.append(label(lefts[0] + 4, missing + 16, "not asked", "tick", room=step))
    box = {
        "viewBox": f"0 0 {width:.0f} {height:.0f}",
        "role": "img",
        "aria-label": "Parallel coordinates of the trials",
        "class": "chart",
    }
    return element("svg", box, Markup("").join(parts))


def axis_of(parameter: Parameter, trials: Sequence[Trial]) -> Scale | Categories:
    """Return the axis of a parameter that all of the trials have."""
    if isinstance(parameter, ChoiceParameter):
        # A study may hold values of an earlier, wider space, here and below.
        others = [trial.values[parameter.name] for trial in trials]
        every = {(type(value), value): value for value in (*parameter.choices, *others)}
        return Categories(tuple(every.values()))
    values = [parameter.low, parameter.high]
    values += [
        value for trial in trials if not isinstance(value := trial.values[parameter.name], str)
    ]
    if parameter.log:
        return logarithmic(values)
    return linear(values, whole=isinstance(parameter, IntParameter))


def place_on(scale: Scale | Categories, value: Value) -> float:
    """Return where a parameter's value lies on its axis."""
    match scale:
        case Categories():
            return scale.place(value)
        case Scale():
            return scale.place(float(value))


def _rank(trial: Trial) -> int:
    if trial.is_best:
        return 0
    return 1 if trial.state == "complete" else 2


def _css(trial: Trial, classes: tuple[str, str, str]) -> str:
    return classes[_rank(trial)]


def _explain(chart: Chart, trials: Sequence[Trial]) -> None:
    best = next((trial for trial in trials if trial.is_best), None)
    if best is not None:
        chart.explain("line", "c-best-line", f"best: {best.name}")
    if any(trial.state == "complete" for trial in trials):
        chart.explain("line", "c-trial-line", "complete")
    if any(trial.state == "pruned" for trial in trials):
        chart.explain("cross", "c-pruned", "stopped by the pruner")


def _percent(tick: Tick) -> Tick:
    return Tick(tick.place, f"{100 * float(tick.label):g} %")


def _told(value: Value) -> str:
    return format_cell(value, "number")
