"""All charts of a study, for the page, for files and for notebooks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import altair as alt

from mnist_search.analysis import Row
from mnist_search.analysis.confirmation import Confirmation
from mnist_search.analysis.history import History, reference_levels, study_histories
from mnist_search.analysis.importance import PERMUTATIONS, Importances, parameter_importances
from mnist_search.reporting.charts.costs import COSTS, accuracy_against_cost
from mnist_search.reporting.charts.intervals import confirmed_models, measured_beside_published
from mnist_search.reporting.charts.parameters import (
    pair_charts,
    parallel_coordinates,
    slice_chart,
)
from mnist_search.reporting.charts.progress import best_so_far, timeline
from mnist_search.reporting.charts.style import AnyChart
from mnist_search.reporting.charts.trials import (
    Trial,
    drawn_trials,
    importance_bars,
    learning_curves,
)
from mnist_search.reporting.winner import best_trial
from mnist_search.spaces import Parameter, SearchSpace
from mnist_search.specs import Record

MOST_SLICES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyCharts:
    """The charts of one study, None where there is nothing to draw, and what they are made of.

    `slices` holds a chart by the name of its parameter, the most important first.
    """

    trials: Sequence[Trial]
    importances: Importances | None
    confirmed: alt.LayerChart | None
    measured: alt.LayerChart | None
    progress: alt.LayerChart | None
    curves: alt.LayerChart | None
    importance: alt.LayerChart | None
    parallel: alt.LayerChart | None
    slices: dict[str, alt.Chart]
    pairs: Sequence[alt.LayerChart]
    timeline: alt.Chart | None


def study_charts(
    history: History,
    records: Sequence[Record],
    space: SearchSpace | None,
    rows: Sequence[Row],
    confirmation: Confirmation | None = None,
) -> StudyCharts:
    """Return the charts of a study; `records` are its own, `rows` those of the board.

    Without its `space` a study has no charts of parameters.
    """
    is_search = history.kind == "search"
    best = best_trial(rows, history.study) if is_search else None
    trials = drawn_trials(records, None if best is None else best.number) if is_search else []
    importances = (
        None if space is None else parameter_importances(records, space, permutations=PERMUTATIONS)
    )
    parameters = _by_importance(space, importances)
    slices = ((each.name, slice_chart(each, trials)) for each in parameters)
    drawn = ((name, chart) for name, chart in slices if chart is not None)
    references = [row for row in rows if row.kind == "reference" and row.study == history.study]
    return StudyCharts(
        trials=trials,
        importances=importances,
        confirmed=None if confirmation is None else confirmed_models(confirmation),
        measured=measured_beside_published(references),
        progress=best_so_far(history),
        curves=learning_curves(trials),
        importance=None if importances is None else importance_bars(importances),
        parallel=parallel_coordinates(parameters, trials),
        slices=dict(islice(drawn, MOST_SLICES)),
        pairs=pair_charts(parameters, trials),
        timeline=timeline(history),
    )


def named_charts(
    records: Sequence[Record],
    space: SearchSpace | None,
    rows: Sequence[Row],
    confirmation: Confirmation | None = None,
) -> dict[str, AnyChart]:
    """Return the charts of one study by names that files can have, without those of nothing.

    `records` are its own, `rows` those of its board.
    """
    found: dict[str, AnyChart | None] = {}
    for history in study_histories(records, reference_levels(rows)):
        charts = study_charts(history, records, space, rows, confirmation)
        found |= {
            "confirmed": charts.confirmed,
            "measured": charts.measured,
            "best-so-far": charts.progress,
            "learning-curves": charts.curves,
            "importance": charts.importance,
            "parallel-coordinates": charts.parallel,
        }
        found |= {f"slice-{_plain(name)}": chart for name, chart in charts.slices.items()}
        found |= {f"pair-{number}": chart for number, chart in enumerate(charts.pairs, start=1)}
        found["timeline"] = charts.timeline
    for cost in COSTS:
        found[f"accuracy-against-{cost.name}"] = accuracy_against_cost(rows, cost)
    return {name: chart for name, chart in found.items() if chart is not None}


def _by_importance(space: SearchSpace | None, importances: Importances | None) -> list[Parameter]:
    if space is None:
        return []
    if importances is None:
        return list(space.parameters)
    by_name = {parameter.name: parameter for parameter in space.parameters}
    first = [by_name[share.parameter] for share in importances.shares]
    return [*first, *(parameter for parameter in space.parameters if parameter not in first)]


def _plain(name: str) -> str:
    return re.sub(r"[^\w.-]+", "-", name)
