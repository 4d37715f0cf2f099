"""`mnist-search plan`: what a search would cost, before it is made."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from mnist_search.cli._completing import complete_space
from mnist_search.cli._options import (
    DatasetOption,
    FormatOption,
    PrecisionOption,
    QuietOption,
    TrialTimeoutOption,
    WorkersOption,
    parse_duration,
)


def plan(
    context: typer.Context,
    space: Annotated[
        str,
        typer.Option(
            envvar="MNIST_SEARCH_SPACE",
            metavar="NAME|FILE",
            autocompletion=complete_space,
            help="Search space: cnn, mlp, linear or a TOML file of your own.",
        ),
    ],
    trials: Annotated[
        int,
        typer.Option("--trials", "-n", min=1, max=100_000, envvar="MNIST_SEARCH_TRIALS"),
    ] = 50,
    budget: Annotated[
        str | None,
        typer.Option(
            metavar="DURATION",
            help="Say which pruners and epochs fit into so long: 90s, 20m, 1.5h.",
            show_default="none",
        ),
    ] = None,
    engine: Annotated[
        Literal["optuna", "keras-tuner"], typer.Option(envvar="MNIST_SEARCH_ENGINE")
    ] = "optuna",
    sampler: Annotated[
        Literal[
            "tpe",
            "random",
            "qmc",
            "grid",
            "brute-force",
            "nsga2",
            "cmaes",
            "gp",
            "bayesian",
            "hyperband",
        ]
        | None,
        typer.Option(envvar="MNIST_SEARCH_SAMPLER", show_default="the engine's own"),
    ] = None,
    pruner: Annotated[
        Literal["halving", "median", "percentile", "hyperband", "patient", "none"] | None,
        typer.Option(envvar="MNIST_SEARCH_PRUNER", show_default="halving"),
    ] = None,
    epochs: Annotated[
        int,
        typer.Option(
            min=1, max=10_000, envvar="MNIST_SEARCH_EPOCHS", help="Epochs of a whole trial."
        ),
    ] = 8,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, envvar="MNIST_SEARCH_SEED")] = 0,
    max_params: Annotated[
        int | None, typer.Option(min=1, envvar="MNIST_SEARCH_MAX_PARAMS", metavar="N")
    ] = None,
    max_flops: Annotated[
        int | None, typer.Option(min=1, envvar="MNIST_SEARCH_MAX_FLOPS", metavar="N")
    ] = None,
    samples: Annotated[
        int, typer.Option(min=10, max=100_000, help="Random points of the space to look at.")
    ] = 300,
    workers: WorkersOption = "auto",
    trial_timeout: TrialTimeoutOption = None,
    dataset: DatasetOption = "auto",
    precision: PrecisionOption = "float32",
    format: FormatOption = "table",
    quiet: QuietOption = False,
) -> int:
    """Say what a search would cost on this machine, and what its space is like.

    Options are those of `run`. Random points of the space are looked at, and some of them
    trained for seconds to know how fast this machine is; then the search is played several times
    without training. Nothing is stored.

    Example: mnist-search plan --space cnn --trials 50 --budget 20m
    """
    from mnist_search.cli._planning import PlanOptions, plan_search
    from mnist_search.cli._session import Surroundings, study_spec

    options = PlanOptions(
        space=space,
        trials=trials,
        engine=engine,
        sampler=sampler,
        pruner=pruner,
        epochs=epochs,
        seed=seed,
        max_params=max_params,
        max_flops=max_flops,
        workers=workers,
        budget_seconds=parse_duration(budget, option="--budget"),
        trial_timeout_seconds=parse_duration(trial_timeout, option="--trial-timeout"),
        dataset=dataset,
        precision=precision,
        format=format,
        quiet=quiet,
        samples=samples,
    )
    around = Surroundings.of_this_process(context.obj)
    return plan_search(options, study_spec(options, around), around)
