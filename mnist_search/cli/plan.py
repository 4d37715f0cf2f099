"""`mnist-search plan`: what a search would cost, before it is made."""

from __future__ import annotations

from typing import Annotated

import typer

from mnist_search.cli.options import (
    ClusterOption,
    DatasetOption,
    DeviceOption,
    EngineOption,
    EpochsOption,
    FormatOption,
    MaxFlopsOption,
    MaxParamsOption,
    MemoryLimitOption,
    NoFirstOption,
    ObjectiveOption,
    PrecisionOption,
    PrunerOption,
    QuietOption,
    SamplerOption,
    SeedOption,
    SpaceOption,
    TimeBudgetOption,
    TrialsOption,
    TrialTimeoutOption,
    WithReferencesOption,
    WorkerCpusOption,
    WorkerGpusOption,
    WorkersOption,
    WorkersPerGpuOption,
)
from mnist_search.cli.streams import say
from mnist_search.cli.values import duration


def plan(
    context: typer.Context,
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
    engine: EngineOption = None,
    objective: ObjectiveOption = None,
    sampler: SamplerOption = None,
    pruner: PrunerOption = None,
    epochs: EpochsOption = None,
    seed: SeedOption = None,
    max_params: MaxParamsOption = None,
    max_flops: MaxFlopsOption = None,
    samples: Annotated[
        int, typer.Option(min=10, max=100_000, help="Random points of the space to look at.")
    ] = 300,
    workers: WorkersOption = "auto",
    device: DeviceOption = "auto",
    workers_per_gpu: WorkersPerGpuOption = None,
    cluster: ClusterOption = None,
    worker_cpus: WorkerCpusOption = None,
    worker_gpus: WorkerGpusOption = None,
    time_budget: TimeBudgetOption = None,
    trial_timeout: TrialTimeoutOption = None,
    memory_limit: MemoryLimitOption = None,
    with_references: WithReferencesOption = False,
    no_first: NoFirstOption = False,
    dataset: DatasetOption = None,
    precision: PrecisionOption = None,
    format: FormatOption = "table",
    quiet: QuietOption = False,
) -> int:
    """Say what a search would cost on this machine, and what its space is like.

    Options are those of `run`. Random points of the space are looked at, and some of them
    trained for seconds to know how fast this machine is; then the search is simulated several
    times. Nothing is stored.

    Example: mnist-search plan --space cnn --trials 50 --budget 20m
    """
    from mnist_search.cli.session import Signals, context_of
    from mnist_search.commands.plan import plan as plan_search
    from mnist_search.reporting.plan import render_plan

    signals = Signals()
    found = plan_search(
        space,
        trials=trials,
        budget_seconds=time_budget if budget is None else budget,
        samples=samples,
        engine=engine,
        objective=objective,
        sampler=sampler,
        pruner=pruner,
        epochs=epochs,
        seed=seed,
        max_params=max_params,
        max_flops=max_flops,
        with_references=with_references,
        no_first=no_first,
        workers=workers,
        device=device,
        workers_per_gpu=workers_per_gpu,
        cluster=cluster,
        worker_cpus=worker_cpus,
        worker_gpus=worker_gpus,
        trial_timeout_seconds=trial_timeout,
        memory_limit_bytes=memory_limit,
        dataset=dataset,
        precision=precision,
        context=context_of(context, signals, quiet=quiet),
    )
    if found is not None:
        say(render_plan(found, format), nl=False)
    return signals.exit_code or 0
