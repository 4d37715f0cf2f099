"""The trials of a search: what is drawn of them, learning curves, importance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from mnist_search.analysis.importance import Importances
from mnist_search.analysis.order import known
from mnist_search.reporting.charts.style import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    SKY,
    WIDE,
    Row,
    accuracy_axis,
    colours,
    data,
    hover,
    layered,
    marks,
    picked,
    run_key,
    zoom,
)
from mnist_search.spaces import Value
from mnist_search.specs import QUARTERS, Record

# Of a larger study the best ones are drawn: a page must open on a phone.
MOST_DRAWN = 200
MOST_BARS = 15
_LOOKS = {
    "pruned": (GREY, "cross"),
    "complete": (BLUE, "circle"),
    "best": (ORANGE, "diamond"),
}
TRIAL_HOVER = (("name", "run"), ("what", "state"), ("accuracy", "accuracy", ".2%"))


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
    told = hover(*TRIAL_HOVER)
    chosen = picked()
    looks = trial_marks(reported)
    x, y = alt.X("epoch:Q", title="epochs"), axis.y("validation accuracy")
    base = alt.Chart(data(rows))
    lines = base.mark_line(opacity=0.7).encode(
        x,
        y,
        alt.Detail("run:N"),
        color=alt.when(chosen).then(alt.value(INK)).otherwise(looks["color"]),
        strokeWidth=line_width(chosen),
        tooltip=told,
    )
    ends = base.transform_filter("datum.last").mark_point(filled=True, size=36)
    lines = lines.add_params(chosen, zoom("x", "y"))
    return layered(lines, ends.encode(x, y, tooltip=told, **looks), width=WIDE, height=300)


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


def trial_marks(trials: Sequence[Trial], *, legend: bool = True) -> dict[str, Any]:
    """Return colour and shape of the states that trials are in."""
    found = {trial.what for trial in trials}
    looks = {what: look for what, look in reversed(_LOOKS.items()) if what in found}
    return marks(looks, legend=legend)


def line_width(chosen: alt.Parameter) -> Any:
    """Return how thick lines are: a chosen one most, the best one more than the others."""
    thick = alt.when(chosen).then(alt.value(4))
    return thick.when("datum.what == 'best'").then(alt.value(2.6)).otherwise(alt.value(1.3))
