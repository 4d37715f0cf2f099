"""`mnist-search plan`: what a search would cost, before it is made."""

from __future__ import annotations

from typing import Annotated

import typer

from mnist_search.cli._options import (
    DatasetOption,
    FormatOption,
    MemoryLimitOption,
    PrecisionOption,
    QuietOption,
    TrialTimeoutOption,
    WorkersOption,
    parse_duration,
    parse_size,
)
from mnist_search.cli._search_options import (
    EngineOption,
    EpochsOption,
    MaxFlopsOption,
    MaxParamsOption,
    ObjectiveOption,
    PrunerOption,
    SamplerOption,
    SeedOption,
    SpaceOption,
    TimeBudgetOption,
    TrialsOption,
    WithReferencesOption,
)


def plan(
    context: typer.Context,
    space: SpaceOption,
    trials: TrialsOption = 50,
    budget: Annotated[
        str | None,
        typer.Option(
            metavar="DURATION",
            help="Say how many trials would finish in so long: 90s, 20m, 1.5h.",
            show_default="the time budget",
        ),
    ] = None,
    engine: EngineOption = "optuna",
    objective: ObjectiveOption = "val_accuracy",
    sampler: SamplerOption = None,
    pruner: PrunerOption = None,
    epochs: EpochsOption = 8,
    seed: SeedOption = 0,
    max_params: MaxParamsOption = None,
    max_flops: MaxFlopsOption = None,
    samples: Annotated[
        int, typer.Option(min=10, max=100_000, help="Random points of the space to look at.")
    ] = 300,
    workers: WorkersOption = "auto",
    time_budget: TimeBudgetOption = None,
    trial_timeout: TrialTimeoutOption = None,
    memory_limit: MemoryLimitOption = None,
    with_references: WithReferencesOption = False,
    dataset: DatasetOption = "auto",
    precision: PrecisionOption = "float32",
    format: FormatOption = "table",
    quiet: QuietOption = False,
) -> int:
    """Say what a search would cost on this machine, and what its space is like.

    Options are those of `run`. Random points of the space are looked at, and some of them
    trained for seconds to know how fast this machine is; then the search is simulated several
    times. Nothing is stored.

    Example: mnist-search plan --space cnn --trials 50 --budget 20m
    """
    from mnist_search.cli._planning import plan_search
    from mnist_search.cli._session import study_spec
    from mnist_search.cli._settings import PlanOptions, Surroundings

    limit = parse_duration(time_budget, option="--time-budget")
    asked = parse_duration(budget, option="--budget")
    options = PlanOptions(
        space=space,
        trials=trials,
        engine=engine,
        objective=objective,
        sampler=sampler,
        pruner=pruner,
        epochs=epochs,
        seed=seed,
        max_params=max_params,
        max_flops=max_flops,
        workers=workers,
        time_budget_seconds=limit if asked is None else asked,
        trial_timeout_seconds=parse_duration(trial_timeout, option="--trial-timeout"),
        memory_limit_bytes=parse_size(memory_limit, option="--memory-limit"),
        with_references=with_references,
        dataset=dataset,
        precision=precision,
        format=format,
        quiet=quiet,
    )
    around = Surroundings.of_this_process(context.obj)
    return plan_search(options, study_spec(options, around), around, samples=samples)
