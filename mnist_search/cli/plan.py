"""`mnist-search plan`: what a search would cost, before it is made."""

from __future__ import annotations

from typing import Annotated

import typer

from mnist_search.cli.groups import keywords, takes_groups
from mnist_search.cli.options import (
    DataOptions,
    FirstTrialOptions,
    FormatOption,
    LimitOptions,
    QuietOption,
    SearchOptions,
    SpaceOption,
    TimeBudgetOption,
    TrialsOption,
    WorkerOptions,
    on_command_line,
)
from mnist_search.cli.streams import say
from mnist_search.cli.values import duration
from mnist_search.errors import UsageError


@takes_groups
def plan(
    context: typer.Context,
    *,
    space: SpaceOption = None,
    trials: TrialsOption = None,
    budget: Annotated[
        float | None,
        typer.Option(
            parser=duration("--budget"),
            metavar="DURATION",
            help="Say how many trials would finish in so long: 90s, 20m, 1.5h.",
            show_default="the time budget",
        ),
    ] = None,
    settings: SearchOptions,
    samples: Annotated[
        int, typer.Option(min=10, max=100_000, help="Random points of the space to look at.")
    ] = 300,
    workers: WorkerOptions,
    time_budget: TimeBudgetOption = None,
    limits: LimitOptions,
    first: FirstTrialOptions,
    data: DataOptions,
    format: FormatOption = "table",
    quiet: QuietOption = False,
) -> int:
    """Say what a search would cost on this machine, and what its space is like.

    Options are those of `run`. Random points of the space are looked at, and some of them
    trained for seconds to know how fast this machine is; then the search is simulated several
    times. Nothing is stored.

    Example: mnist-search plan --space cnn --trials 50 --budget 20m
    """
    from mnist_search.cli.session import CommandSession
    from mnist_search.commands.plan import plan as plan_search
    from mnist_search.reporting.plan import render_plan

    if on_command_line(context, "budget") and on_command_line(context, "time_budget"):
        raise UsageError("--budget and --time-budget exclude each other")
    session = CommandSession(context, quiet=quiet)
    found = plan_search(
        space,
        trials=trials,
        budget_seconds=time_budget if budget is None else budget,
        samples=samples,
        **keywords(settings, first, workers, limits, data),
        context=session.context,
    )
    if found is not None:
        say(render_plan(found, format), nl=False)
    return session.signal_code or 0
