"""Planning a search: what it would cost on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Unpack

from mnist_search.commands.context import Context, TrainingOptions
from mnist_search.commands.searching import (
    SearchCall,
    SearchKeywords,
    choose_study,
    choose_target,
    new_spec,
)
from mnist_search.commands.training import Trainer, seconds_left
from mnist_search.commands.workers import choose_precision
from mnist_search.engines import check_search, learns
from mnist_search.errors import BudgetError
from mnist_search.planning.calibration import (
    Calibration,
    choose_networks,
    usual_networks,
)
from mnist_search.planning.forecast import Forecast, forecast
from mnist_search.planning.survey import Plan, Survey, survey_space
from mnist_search.references import REFERENCES
from mnist_search.specs import RunConfig
from mnist_search.studies import StudySpec, has_study
from mnist_search.studies.search import choose_first
from mnist_search.studies.spec import FirstPoint, search_of

SAMPLES = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanResult:
    """What was planned, what its space is like, how fast this machine is, and what to expect."""

    plan: Plan
    survey: Survey
    calibration: Calibration
    expected: Forecast
    budget_seconds: float | None


def plan(
    space: str | None = None,
    *,
    trials: int | None = None,
    budget_seconds: float | None = None,
    samples: int = SAMPLES,
    context: Context | None = None,
    **settings: Unpack[SearchKeywords],
) -> PlanResult | None:
    """Say what a new search would cost on this machine, and what its space is like.

    `samples` random points of the space are looked at, and some of them trained for seconds; then
    the search is simulated several times. Nothing is stored. Returns None where it was
    interrupted.

    Raises:
        UsageError: something is wrong with the settings.
        BudgetError: no point of the space can be trained.
    """
    context = Context.of_this_process() if context is None else context
    precision = choose_precision(TrainingOptions.of(settings), context)
    spec = new_spec(space, settings, context).model_copy(update={"precision": precision})
    references = REFERENCES if settings.get("with_references", False) else ()
    return _plan(
        spec,
        settings,
        context,
        trials=choose_target(trials, None),
        budget_seconds=budget_seconds,
        samples=samples,
        first=choose_first(
            search_of(spec).space, references, own=not settings.get("no_first", False)
        ),
    )


def plan_rest(
    space: str | None = None,
    *,
    trials: int | None = None,
    time_budget_seconds: float | None = None,
    context: Context | None = None,
    **settings: Unpack[SearchCall],
) -> PlanResult | None:
    """Plan what `search` with the same arguments would do, for the trials that the study lacks.

    Returns None where it was interrupted, or where no trial is left.
    """
    context = Context.of_this_process() if context is None else context
    chosen = choose_study(space, settings, context)
    budget, first = time_budget_seconds, chosen.first
    target = choose_target(trials, None)
    if has_study(chosen.folder):
        with closing(chosen.open()) as ledger:
            target = choose_target(trials, ledger)
            records = ledger.records()
            points = ledger.first_points()[len(records) :]
            budget = seconds_left(time_budget_seconds, ledger)
        left = [record for record in records if record.state in ("waiting", "running")]
        done = len(records) - len(left)
        target = max(0, target - done)
        context.notice(f"study {chosen.spec.name} has {done} trials, {target} are left")
        if target == 0:
            return None
        # Interrupted trials come first.
        again = [(record.reference, record.values) for record in left if record.values is not None]
        first = [*again, *points]
    return _plan(chosen.spec, settings, context, trials=target, budget_seconds=budget, first=first)


def _plan(
    spec: StudySpec,
    settings: SearchKeywords,
    context: Context,
    *,
    trials: int,
    budget_seconds: float | None,
    first: Sequence[FirstPoint],
    samples: int = SAMPLES,
) -> PlanResult | None:
    search, options = search_of(spec), TrainingOptions.of(settings)
    check_search(search.engine, search.sampler, search.pruner, search.objectives, search.space)
    trainer = Trainer.of(options, context, linear=search.space.family == "linear")
    workers = trainer.workers
    planned = Plan(
        spec=spec,
        trials=trials,
        workers=workers.count,
        first=tuple(first),
        trial_timeout_seconds=options.trial_timeout_seconds,
    )
    survey = survey_space(search, samples=samples)
    timed: Sequence[RunConfig] = survey.configs
    if learns(search.sampler):
        default = search.space.config(search.space.defaults(), epochs=search.epochs)
        timed = usual_networks(timed, default)
    networks = choose_networks(timed, workers=workers.count)
    if not networks:
        raise BudgetError(
            f"none of {samples} points of space {search.space.name} can be trained",
            hint="`mnist-search spaces check` and the limits say why",
        )
    if not context.quiet:
        message = f"timing {len(networks)} networks of the space, {workers.count} at a time"
        context.notice(message if workers.reason is None else f"{message} ({workers.reason})")
    calibration = trainer.time_networks(networks, spec, seed=search.seed)
    if calibration is None:
        return None
    expected = forecast(planned, survey, calibration.rates, budget_seconds=budget_seconds)
    return PlanResult(
        plan=planned,
        survey=survey,
        calibration=calibration,
        expected=expected,
        budget_seconds=budget_seconds,
    )
