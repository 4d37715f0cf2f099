"""A plan as rows: what its space is like, what the run would cost, and what fits a budget."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mnist_search.choices import Format
from mnist_search.commands.plan import PlanResult
from mnist_search.planning.calibration import Calibration
from mnist_search.planning.forecast import SIMULATIONS, Forecast
from mnist_search.planning.simulation import proxy_pruner, proxy_sampler
from mnist_search.planning.survey import Plan, Range, Survey, whole_trial_seconds
from mnist_search.reporting.cells import Column, format_cell, format_seconds
from mnist_search.reporting.rows import render_rows


def render_plan(result: PlanResult, format: Format) -> str:
    """Return a plan as text that ends with a newline."""
    plan, survey, calibration = result.plan, result.survey, result.calibration
    expected, budget = result.expected, result.budget_seconds
    people = format in {"table", "markdown"}
    rows = [*_space_rows(plan, survey, calibration), *_run_rows(expected, budget)]
    if people:
        rows = [_readable(row) for row in rows]
        columns = [
            Column("label", "", "text"),
            Column("low", "10 %", "figure"),
            Column("middle", "expected", "figure"),
            Column("high", "90 %", "figure"),
        ]
    else:
        columns = [Column(key, key) for key in rows[0]]
    title = (
        f"plan: {plan.trials} trials of {plan.search.space.name} on {plan.spec.dataset.name}, "
        f"{plan.search.sampler}, {plan.search.pruner}, {plan.search.epochs} epochs, "
        f"{plan.workers} at a time"
    )
    notes = _notes(plan, calibration, expected, budget)
    return render_rows(rows, columns, format, title=title, notes=notes)


def _row(
    quantity: str,
    label: str,
    unit: str,
    found: Range | float | None,
    **more: object,
) -> dict[str, object]:
    return {
        "quantity": quantity,
        "label": label,
        "low": found.low if isinstance(found, Range) else None,
        "middle": found.middle if isinstance(found, Range) else found,
        "high": found.high if isinstance(found, Range) else None,
        "unit": unit,
        "fits": None,
        **more,
    }


def _space_rows(plan: Plan, survey: Survey, calibration: Calibration) -> list[dict[str, object]]:
    limited = plan.search.max_params is not None or plan.search.max_flops is not None
    whole = whole_trial_seconds(plan, survey, calibration.rates)
    return [
        _row("points", "points of the space", "count", plan.search.space.size()),
        _row("samples", "random points drawn", "count", len(survey.points)),
        _row("unbuildable", "of them invalid", "share", survey.invalid),
        *([_row("too_large", "too large", "share", survey.too_large)] if limited else []),
        _row("duplicates", "duplicates", "share", survey.duplicates),
        _row("parameters", "parameters of a network", "count", survey.parameters),
        _row("flops", "forward operations per image", "count", survey.flops),
        _row("whole_trial_seconds", "time of one with all epochs", "seconds", whole),
    ]


def _run_rows(expected: Forecast, budget_seconds: float | None) -> list[dict[str, object]]:
    fits = None if budget_seconds is None else expected.seconds.high <= budget_seconds
    return [
        _row("complete", "trials that train all epochs", "trials", expected.complete),
        _row("pruned", "trials that are stopped early", "trials", expected.pruned),
        _row("failed", "trials that fail", "trials", expected.failed),
        _row("skipped", "duplicates and too large: not trained", "trials", expected.skipped),
        _row("mean_epochs", "epochs of a trial, on average", "epochs", expected.epochs),
        _row("run_seconds", "time of the whole run", "seconds", expected.seconds, fits=fits),
    ]


def _readable(row: Mapping[str, Any]) -> dict[str, object]:
    def shown(value: float | None) -> str:
        if value is None:
            return ""
        match row["unit"]:
            case "share":
                return format_cell(float(value), "percent")
            case "count":
                return format_cell(value, "count")
            case "seconds":
                return format_cell(value, "seconds")
            case _:
                return f"{value:.1f}"

    unknown = "countless" if row["quantity"] == "points" else "-"
    middle = unknown if row["middle"] is None else shown(row["middle"])
    return {**row, "low": shown(row["low"]), "middle": middle, "high": shown(row["high"])}


def _notes(
    plan: Plan,
    calibration: Calibration,
    expected: Forecast,
    budget_seconds: float | None,
) -> list[str]:
    rates = calibration.rates
    notes = [
        f"timed: {rates.networks} networks of the space, {plan.workers} at a time; training time "
        f"predicted from network size, ±{100 * rates.error:.0f} %",
        f"expected is the mean of {SIMULATIONS} simulated searches: real sampler, pruner and "
        "limits, and invented accuracies, which depend the more on size the longer networks "
        "train; 10 % and 90 % include the error of the timing",
    ]
    search = plan.search
    proxy = proxy_sampler(search)
    if proxy != search.sampler:
        pruner = f" and pruner {proxy_pruner(search)}" if search.sampler == "hyperband" else ""
        notes.append(f"sampler {search.sampler} was simulated with {proxy}{pruner}")
    if calibration.failed:
        notes.append(f"{calibration.failed} networks could not be timed")
    if calibration.contended:
        notes.append(
            f"WARNING: other processes took cores while {calibration.contended} networks were "
            "timed; plan again on an idle machine"
        )
    if expected.gave_up:
        notes.append(
            f"WARNING: {expected.gave_up} of {SIMULATIONS} simulated searches end early, after "
            "too many failures in a row"
        )
    if budget_seconds is None:
        return notes
    budget = format_seconds(budget_seconds)
    if expected.seconds.high <= budget_seconds:
        notes.append(f"this run fits {budget}, nine times in ten")
    elif expected.budget_trials is None:
        notes.append(f"this run fits {budget} about as often as not")
    else:
        trials = "1 trial" if expected.budget_trials == 1 else f"{expected.budget_trials} trials"
        notes.append(f"about {trials} would finish in {budget}")
    return notes
