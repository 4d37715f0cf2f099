"""`mnist-search run`: search a space."""

from __future__ import annotations

from typing import Annotated

import typer

from mnist_search.cli._completing import (
    complete_confirmed_reference,
    complete_study,
)
from mnist_search.cli._options import (
    DatasetOption,
    FormatOption,
    HomeOption,
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


def run(
    context: typer.Context,
    space: SpaceOption,
    trials: TrialsOption = 50,
    study: Annotated[
        str | None,
        typer.Option(
            envvar="MNIST_SEARCH_STUDY",
            autocompletion=complete_study,
            help="Name of the study.",
            show_default="from space, data set and seed",
        ),
    ] = None,
    new: Annotated[
        bool, typer.Option("--new", help="Start another study, even if this one exists.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a study that must exist.")
    ] = False,
    engine: EngineOption = "optuna",
    objective: ObjectiveOption = "val_accuracy",
    sampler: SamplerOption = None,
    pruner: PrunerOption = None,
    epochs: EpochsOption = 8,
    seed: SeedOption = 0,
    max_params: MaxParamsOption = None,
    max_flops: MaxFlopsOption = None,
    workers: WorkersOption = "auto",
    time_budget: TimeBudgetOption = None,
    trial_timeout: TrialTimeoutOption = None,
    memory_limit: MemoryLimitOption = None,
    keep_models: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=100_000,
            envvar="MNIST_SEARCH_KEEP_MODELS",
            metavar="K",
            help="Keep the trained weights of the K best trials, 0: of none.",
            show_default="3, or as so far",
        ),
    ] = None,
    with_references: WithReferencesOption = False,
    confirm: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=1000,
            envvar="MNIST_SEARCH_CONFIRM",
            metavar="K",
            help="Afterwards train the best K trials again on all training images and test them, "
            "as the command `confirm` does.",
        ),
    ] = None,
    confirm_seeds: Annotated[
        int,
        typer.Option(
            min=1,
            max=1000,
            envvar="MNIST_SEARCH_CONFIRM_SEEDS",
            metavar="S",
            help="With --confirm: runs of each.",
        ),
    ] = 3,
    confirm_references: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            autocompletion=complete_confirmed_reference,
            help="With --confirm: reference to train as well, or `best`; repeat it for more.",
            show_default="none",
        ),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Make nothing: print what the run would cost, as the command `plan` does.",
        ),
    ] = False,
    dataset: DatasetOption = "auto",
    precision: PrecisionOption = "float32",
    home: HomeOption = None,
    format: FormatOption = "table",
    quiet: QuietOption = False,
) -> int:
    """Search a space and rank its trials beside the references.

    The same command goes on where it was interrupted, and adds trials when --trials is raised.

    With --confirm it ends with the honest winner: the best trials trained again and tested.

    Example: mnist-search run --space cnn --trials 50 --seed 1, or
    mnist-search run --space cnn --trials 50 --confirm 3 --confirm-references cnn-double-32
    """
    from mnist_search.cli._session import SearchOptions, Surroundings, search

    options = SearchOptions(
        space=space,
        trials=trials,
        study=study,
        new=new,
        resume=resume,
        engine=engine,
        objective=objective,
        sampler=sampler,
        pruner=pruner,
        epochs=epochs,
        seed=seed,
        max_params=max_params,
        max_flops=max_flops,
        workers=workers,
        time_budget_seconds=parse_duration(time_budget, option="--time-budget"),
        trial_timeout_seconds=parse_duration(trial_timeout, option="--trial-timeout"),
        memory_limit_bytes=parse_size(memory_limit, option="--memory-limit"),
        keep_models=keep_models,
        with_references=with_references,
        confirm=confirm,
        confirm_seeds=confirm_seeds,
        confirm_references=confirm_references if confirm_references is not None else [],
        dataset=dataset,
        precision=precision,
        home=home,
        format=format,
        quiet=quiet,
        dry_run=dry_run,
    )
    return search(options, Surroundings.of_this_process(context.obj))
