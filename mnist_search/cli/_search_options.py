"""What `run` searches with, and `plan` plans with: the options that say which search it is."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from mnist_search.cli._completing import complete_space

SpaceOption = Annotated[
    str,
    typer.Option(
        envvar="MNIST_SEARCH_SPACE",
        metavar="NAME|FILE",
        autocompletion=complete_space,
        help="Search space: cnn, mlp, linear or a TOML file of your own.",
    ),
]
TrialsOption = Annotated[
    int,
    typer.Option(
        "--trials",
        "-n",
        min=1,
        max=100_000,
        envvar="MNIST_SEARCH_TRIALS",
        help="Trials of the study in total, however often it is interrupted and resumed.",
    ),
]
EngineOption = Annotated[
    Literal["optuna", "keras-tuner"],
    typer.Option(envvar="MNIST_SEARCH_ENGINE", help="Which library proposes trials."),
]
SamplerOption = Annotated[
    Literal[
        "tpe",
        "random",
        "qmc",
        "grid",
        "brute-force",
        "nsga2",
        "gp",
        "bayesian",
        "hyperband",
    ]
    | None,
    typer.Option(
        envvar="MNIST_SEARCH_SAMPLER",
        help="How trials are proposed; Keras Tuner has bayesian, random, hyperband and grid.",
        show_default="tpe, nsga2 for two objectives, or bayesian with keras-tuner",
    ),
]
PrunerOption = Annotated[
    Literal["halving", "median", "percentile", "hyperband", "patient", "none"] | None,
    typer.Option(
        envvar="MNIST_SEARCH_PRUNER",
        help="How hopeless trials are stopped, from a quarter of an epoch on.",
        show_default="halving, or none with --sampler hyperband or two objectives",
    ),
]
EpochsOption = Annotated[
    int,
    typer.Option(min=1, max=10_000, envvar="MNIST_SEARCH_EPOCHS", help="Epochs of a whole trial."),
]
SeedOption = Annotated[
    int,
    typer.Option(
        min=0, max=2**32 - 1, envvar="MNIST_SEARCH_SEED", help="Seed of proposals and training."
    ),
]
MaxParamsOption = Annotated[
    int | None,
    typer.Option(
        min=1,
        envvar="MNIST_SEARCH_MAX_PARAMS",
        metavar="N",
        help="Do not train networks with more parameters.",
    ),
]
MaxFlopsOption = Annotated[
    int | None,
    typer.Option(
        min=1,
        envvar="MNIST_SEARCH_MAX_FLOPS",
        metavar="N",
        help="Do not train networks with more forward operations per image.",
    ),
]
ObjectiveOption = Annotated[
    str,
    typer.Option(
        envvar="MNIST_SEARCH_OBJECTIVE",
        metavar="val_accuracy[,COST]",
        help="What is searched for; the cost may be train_seconds, parameters or "
        "inference_us, and is to be low.",
    ),
]
TimeBudgetOption = Annotated[
    str | None,
    typer.Option(
        envvar="MNIST_SEARCH_TIME_BUDGET",
        metavar="DURATION",
        help="Stop after so long, all sessions together: 90s, 20m, 1.5h.",
    ),
]
WithReferencesOption = Annotated[
    bool,
    typer.Option(
        "--with-references",
        help="Start with the references that are points of the space.",
    ),
]
