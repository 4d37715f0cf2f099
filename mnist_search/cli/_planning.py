"""What `plan` and `run --dry-run` do between their options and their table."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from mnist_search.cli._running import count_workers, interruptible

if TYPE_CHECKING:
    from mnist_search.cli._settings import PlanOptions, SearchOptions, Surroundings
    from mnist_search.planning.calibration import Calibration
    from mnist_search.planning.forecast import Forecast
    from mnist_search.planning.survey import Plan, Range, Survey
    from mnist_search.specs import RunConfig
    from mnist_search.studies import StudySpec
    from mnist_search.studies.spec import FirstPoint

SAMPLES = 300


def dry_run(options: SearchOptions, folder: Path, spec: StudySpec, around: Surroundings) -> int:
    """Print the plan of what `run` would do, for the trials that the study lacks."""
    from mnist_search.studies import has_study, open_search

    if not has_study(folder):
        return plan_search(options, spec, around)
    with closing(open_search(folder, spec)) as ledger:
        records = ledger.records()
        first = ledger.first_points()[len(records) :]
        seconds_used = ledger.seconds_used()
    left = [record for record in records if record.state in ("waiting", "running")]
    done = len(records) - len(left)
    trials = max(options.trials, len(records)) - done
    typer.echo(f"study {spec.name} has {done} trials, {trials} are left", err=True)
    if trials == 0:
        return 0
    budget = options.time_budget_seconds
    rest = dataclasses.replace(
        options,
        trials=trials,
        time_budget_seconds=None if budget is None else max(0.0, budget - seconds_used),
    )
    # Interrupted trials come first.
    again = [(record.reference, record.values) for record in left if record.values is not None]
    return plan_search(rest, spec, around, first=[*again, *first])


def plan_search(
    options: PlanOptions,
    spec: StudySpec,
    around: Surroundings,
    *,
    samples: int = SAMPLES,
    first: Sequence[FirstPoint] | None = None,
) -> int:
    """Print what a search would cost on this machine; return the exit code.

    `first` are what its first trials try, None: what those of a new study try.
    """
    from mnist_search.engines import check_objectives, check_pruner, check_sampler, learns
    from mnist_search.errors import BudgetError
    from mnist_search.execution import create_executor
    from mnist_search.planning.calibration import calibrate, choose_networks, usual_networks
    from mnist_search.planning.forecast import forecast
    from mnist_search.planning.survey import Plan, survey_space
    from mnist_search.references import REFERENCES
    from mnist_search.studies.search import choose_first
    from mnist_search.studies.spec import search_of

    search = search_of(spec)
    check_sampler(search.engine, search.sampler, search.space)
    check_pruner(search.sampler, search.pruner)
    check_objectives(search.engine, search.sampler, search.pruner, search.objectives)
    if first is None:
        first = choose_first(search.space, REFERENCES if options.with_references else ())
    chosen = count_workers(options.workers)
    plan = Plan(
        spec=spec,
        trials=options.trials,
        workers=chosen.count,
        first=tuple(first),
        trial_timeout_seconds=options.trial_timeout_seconds,
    )
    survey = survey_space(search, samples=samples)
    timed: Sequence[RunConfig] = survey.configs
    if learns(search.sampler):
        default = search.space.config(search.space.defaults(), epochs=search.epochs)
        timed = usual_networks(timed, default)
    networks = choose_networks(timed, workers=plan.workers)
    if not networks:
        raise BudgetError(
            f"none of {samples} points of space {search.space.name} can be trained",
            hint="`mnist-search spaces check` and the limits say why",
        )
    if not options.quiet:
        message = f"timing {len(networks)} networks of the space, {plan.workers} at a time"
        message += "" if chosen.reason is None else f" ({chosen.reason})"
        typer.echo(message, err=True)
    with interruptible() as interrupt:
        calibration = calibrate(
            networks,
            lambda: create_executor(
                plan.workers,
                memory_limit_bytes=options.memory_limit_bytes,
                environ=around.environ,
            ),
            dataset=spec.dataset,
            precision=spec.precision,
            seed=search.seed,
            interrupt=interrupt,
            clock=around.clock,
        )
    if calibration is None:
        return interrupt.exit_code
    budget = options.time_budget_seconds
    expected = forecast(plan, survey, calibration.rates, budget_seconds=budget)
    text = _render(plan, survey, calibration, expected, options)
    typer.echo(text, nl=False)
    return 0


def _render(
    plan: Plan,
    survey: Survey,
    calibration: Calibration,
    expected: Forecast,
    options: PlanOptions,
) -> str:
    from mnist_search.reporting import Column, render_rows

    people = options.format in {"table", "markdown"}
    budget = options.time_budget_seconds
    rows = [*_space_rows(plan, survey, calibration), *_run_rows(expected, budget)]
    names = ["label", "low", "middle", "high"]
    if people:
        rows = [_readable(row) for row in rows]
        headers = ["", "10 %", "expected", "90 %"]
        columns = [Column(names[0], headers[0], "text")]
        columns += [Column(n, h, "figure") for n, h in zip(names[1:], headers[1:], strict=True)]
    else:
        keys = ("quantity", *names, "unit", "fits")
        columns = [Column(key, key) for key in keys]
    title = (
        f"plan: {plan.trials} trials of {plan.search.space.name} on {plan.spec.dataset.name}, "
        f"{plan.search.sampler}, {plan.search.pruner}, {plan.search.epochs} epochs, "
        f"{plan.workers} at a time"
    )
    notes = _notes(plan, calibration, expected, budget)
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
        "fits": None,
        **more,
    }


def _space_rows(plan: Plan, survey: Survey, calibration: Calibration) -> list[dict[str, object]]:
    from mnist_search.planning.survey import whole_trial_seconds

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
    budget_seconds: float | None,
) -> list[str]:
    from mnist_search.planning.forecast import SIMULATIONS
    from mnist_search.planning.simulation import proxy_pruner, proxy_sampler
    from mnist_search.reporting.cells import format_seconds

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
