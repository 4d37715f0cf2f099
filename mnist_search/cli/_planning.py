"""What `plan` and `run --dry-run` do between their options and their table."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from mnist_search.cli._running import count_workers, interruptible

if TYPE_CHECKING:
    from mnist_search.cli._options import Format
    from mnist_search.cli._session import SearchOptions, Surroundings
    from mnist_search.engines import EngineName, PrunerName, SamplerName
    from mnist_search.execution import PrecisionChoice
    from mnist_search.specs import RunConfig
    from mnist_search.studies import StudySpec
    from mnist_search.studies.calibrating import Calibration
    from mnist_search.studies.planning import Alternative, Forecast
    from mnist_search.studies.surveying import Plan, Range, Survey

SAMPLES = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOptions:
    """The options of `plan`; `trials` are those that are still to be made."""

    space: str
    trials: int
    engine: EngineName
    sampler: SamplerName | None
    pruner: PrunerName | None
    epochs: int
    seed: int
    max_params: int | None
    max_flops: int | None
    workers: str
    budget_seconds: float | None
    trial_timeout_seconds: float | None
    dataset: str
    precision: PrecisionChoice
    format: Format
    quiet: bool
    samples: int = SAMPLES
    # How long trials take does not hang on what they are judged by.
    objective: str = "val_accuracy"


def dry_run(options: SearchOptions, folder: Path, spec: StudySpec, around: Surroundings) -> int:
    """Print the plan of what `run` would do, for the trials that the study lacks."""
    from mnist_search.studies import has_study, open_search

    trials = options.trials
    if has_study(folder):
        with closing(open_search(folder, spec)) as ledger:
            states = ledger.states()
        done = sum(state not in ("waiting", "running") for state in states)
        trials = max(trials, len(states)) - done
        typer.echo(f"study {spec.name} has {done} trials, {trials} are left", err=True)
        if trials == 0:
            return 0
    names = [field.name for field in dataclasses.fields(PlanOptions)]
    same = {name: getattr(options, name) for name in names if hasattr(options, name)}
    budget_seconds = options.time_budget_seconds
    plan = PlanOptions(**{**same, "trials": trials, "budget_seconds": budget_seconds})
    return plan_search(plan, spec, around)


def plan_search(options: PlanOptions, spec: StudySpec, around: Surroundings) -> int:
    """Print what a search would cost on this machine; return the exit code."""
    from mnist_search.engines import check_pruner, check_sampler, learns
    from mnist_search.errors import BudgetError
    from mnist_search.execution import create_executor
    from mnist_search.studies.calibrating import (
        calibrate,
        choose_networks,
        images_of,
        usual_networks,
    )
    from mnist_search.studies.planning import forecast
    from mnist_search.studies.surveying import Plan, survey_space

    search = spec.search
    assert search is not None
    check_sampler(search.engine, search.sampler, search.space)
    check_pruner(search.sampler, search.pruner)
    chosen = count_workers(options.workers)
    workers = chosen.count
    plan = Plan(
        search=search,
        trials=options.trials,
        images=images_of(spec.dataset),
        workers=workers,
        timeout_seconds=options.trial_timeout_seconds,
    )
    survey = survey_space(plan, samples=options.samples)
    timed: Sequence[RunConfig] = survey.configs
    if learns(search.sampler):
        default = search.space.config(search.space.defaults(), epochs=search.epochs)
        timed = usual_networks(timed, default)
    networks = choose_networks(timed, workers=workers)
    if not networks:
        raise BudgetError(
            f"none of {options.samples} points of space {search.space.name} can be trained",
            hint="`mnist-search spaces check` and the limits say why",
        )
    if not options.quiet:
        told = f"timing {len(networks)} networks of the space for a moment, {workers} at a time"
        told += "" if chosen.reason is None else f" ({chosen.reason})"
        typer.echo(told, err=True)
    with interruptible() as interrupt:
        calibration = calibrate(
            networks,
            lambda: create_executor(workers, environ=around.environ),
            dataset=spec.dataset,
            precision=spec.precision,
            seed=search.seed,
            interrupt=interrupt,
            clock=around.clock,
        )
    if calibration is None:
        return interrupt.exit_code
    expected, alternatives = forecast(
        plan, survey, calibration.rates, budget_seconds=options.budget_seconds
    )
    text = _render(plan, survey, calibration, expected, alternatives, options, spec)
    typer.echo(text, nl=False)
    return 0


def _render(
    plan: Plan,
    survey: Survey,
    calibration: Calibration,
    expected: Forecast,
    alternatives: Sequence[Alternative],
    options: PlanOptions,
    spec: StudySpec,
) -> str:
    from mnist_search.reporting import Column, render_rows

    people = options.format in {"table", "markdown"}
    budget = options.budget_seconds
    rows = [*_space_rows(plan, survey, calibration), *_run_rows(expected, budget)]
    rows += _alternative_rows(alternatives, budget, people=people)
    names = ["label", "low", "middle", "high"]
    if people:
        rows = [_readable(row) for row in rows]
        headers = ["", "10 %", "expected", "90 %"]
        columns = [Column(names[0], headers[0], "text")]
        columns += [Column(n, h, "figure") for n, h in zip(names[1:], headers[1:], strict=True)]
    else:
        keys = ("quantity", *names, "unit", "pruner", "epochs", "fits")
        columns = [Column(key, key) for key in keys]
    title = (
        f"plan: {plan.trials} trials of {plan.search.space.name} on {spec.dataset.name}, "
        f"{plan.search.sampler}, {plan.search.pruner}, {plan.search.epochs} epochs, "
        f"{plan.workers} at a time"
    )
    notes = _notes(plan, calibration, expected, alternatives, budget)
    return render_rows(rows, columns, options.format, title=title, notes=notes)


def _row(
    quantity: str,
    label: str,
    unit: str,
    found: Range | float | None,
    **more: object,
) -> dict[str, object]:
    plain = found is None or isinstance(found, int | float)
    return {
        "quantity": quantity,
        "label": label,
        "low": None if plain else found.low,  # type: ignore[union-attr]
        "middle": found if plain else found.middle,  # type: ignore[union-attr]
        "high": None if plain else found.high,  # type: ignore[union-attr]
        "unit": unit,
        "pruner": None,
        "epochs": None,
        "fits": None,
        **more,
    }


def _space_rows(plan: Plan, survey: Survey, calibration: Calibration) -> list[dict[str, object]]:
    from mnist_search.studies.surveying import whole_trial_seconds

    limited = plan.limits.params is not None or plan.limits.flops is not None
    whole = whole_trial_seconds(plan, survey, calibration.rates)
    return [
        _row("points", "points of the space", "count", plan.search.space.size()),
        _row("samples", "random points looked at", "count", len(survey.points)),
        _row("unbuildable", "of them cannot be built", "share", survey.unbuildable),
        *([_row("too_large", "exceed the limits", "share", survey.too_large)] if limited else []),
        _row("duplicates", "are there already", "share", survey.duplicates),
        _row("parameters", "parameters of a network", "count", survey.parameters),
        _row("flops", "forward operations per image", "count", survey.flops),
        _row("whole_trial_seconds", "time of one with all epochs", "seconds", whole),
    ]


def _run_rows(expected: Forecast, budget_seconds: float | None) -> list[dict[str, object]]:
    fits = None if budget_seconds is None else expected.seconds.high <= budget_seconds
    return [
        _row("complete", "trials that train all epochs", "trials", expected.complete),
        _row("pruned", "trials that are stopped before", "trials", expected.stopped),
        _row("failed", "trials that fail", "trials", expected.failed),
        _row("mean_epochs", "epochs of a trial, on average", "epochs", expected.epochs),
        _row("run_seconds", "time of the whole run", "seconds", expected.seconds, fits=fits),
    ]


def _alternative_rows(
    alternatives: Sequence[Alternative], budget_seconds: float | None, *, people: bool
) -> list[dict[str, object]]:
    from mnist_search.studies.planning import choose_fitting

    if budget_seconds is None:
        return []
    shown = choose_fitting(alternatives, budget_seconds=budget_seconds) if people else alternatives
    return [
        _row(
            "alternative_seconds",
            f"fits: {one.pruner}, {one.epochs} epochs" if people else "time of an alternative",
            "seconds",
            one.seconds,
            pruner=one.pruner,
            epochs=one.epochs,
            fits=one.seconds.high <= budget_seconds,
        )
        for one in shown
    ]


def _readable(row: Mapping[str, Any]) -> dict[str, object]:
    from mnist_search.reporting.cells import format_cell

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
    alternatives: Sequence[Alternative],
    budget_seconds: float | None,
) -> list[str]:
    from mnist_search.reporting.cells import format_seconds
    from mnist_search.studies.planning import (
        PLAYED_SEARCHES,
        choose_fitting,
        played_pruner,
        understudy,
    )

    rates = calibration.rates
    notes = [
        f"timed: {rates.networks} networks of the space, {plan.workers} at a time; the time of a "
        f"network is told by its size to ±{100 * rates.error:.0f} %",
        f"expected is the mean of {PLAYED_SEARCHES} searches played with the real sampler and "
        "pruner and invented scores, of which size explains the more the longer networks train; "
        "10 % and 90 % hold those and the error of the timing",
    ]
    search = plan.search
    stand_in = understudy(search.sampler, search.engine)
    if stand_in != search.sampler:
        with_what = f"{stand_in} and pruner {played_pruner(search)}"
        notes.append(f"the part of sampler {search.sampler} was played by {with_what}")
    if calibration.failed:
        notes.append(f"{calibration.failed} networks could not be timed")
    if calibration.contended:
        notes.append(
            f"WARNING: other processes took cores while {calibration.contended} networks were "
            "timed; plan again on an idle machine"
        )
    if budget_seconds is None:
        return notes
    budget = format_seconds(budget_seconds)
    if expected.seconds.high <= budget_seconds:
        notes.append(f"this run fits {budget}, nine times in ten")
    elif expected.budget_trials is None:
        notes.append(f"this run fits {budget} about as often as not")
    else:
        notes.append(f"after {budget} some {expected.budget_trials} of its trials are over")
    if not choose_fitting(alternatives, budget_seconds=budget_seconds):
        notes.append(f"no pruner fits {plan.trials} trials into {budget}: ask for fewer")
    return notes
