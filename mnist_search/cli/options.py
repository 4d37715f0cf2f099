"""Each option that several commands have, once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mnist_search.choices import (
    DeviceChoice,
    EngineName,
    Format,
    PrecisionChoice,
    PrunerName,
    SamplerName,
)
from mnist_search.cli._completing import (
    complete_confirmed_reference,
    complete_space,
    complete_study,
)
from mnist_search.cli.outputs import typed_path
from mnist_search.cli.values import duration, size
from mnist_search.errors import UsageError


def on_command_line(context: typer.Context, name: str) -> bool:
    """Return whether a parameter was typed, and comes neither from a variable nor by default."""
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def refuse_without(context: typer.Context, option: str, *names: str) -> None:
    """Raise UsageError where a parameter was typed that means nothing without an option."""
    for name in names:
        if on_command_line(context, name):
            raise UsageError(f"--{name.replace('_', '-')} needs {option}")


# Printing.
FormatOption = Annotated[
    Format, typer.Option("--format", "-f", help="How to print the rows.", show_default=True)
]
OutputOption = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        parser=typed_path,
        metavar="FILE",
        help="Write there instead of to stdout (-); its suffix says the format.",
    ),
]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")]
VerboseOption = Annotated[
    bool,
    typer.Option(
        "--verbose", help="Show on stderr what the workers print, and where their logs are."
    ),
]

# Studies.
HomeOption = Annotated[
    Path | None,
    typer.Option(
        parser=typed_path,
        metavar="FOLDER",
        envvar="MNIST_SEARCH_HOME",
        help="Folder of all studies.",
        show_default="./mnist-search-runs",
    ),
]
SearchArgument = Annotated[
    str,
    typer.Argument(metavar="STUDY", autocompletion=complete_study, help="Study of a search."),
]

# Training.
DatasetOption = Annotated[
    str | None,
    typer.Option(
        envvar="MNIST_SEARCH_DATASET",
        metavar="NAME|PATH",
        help="auto, mnist, fashion-mnist, digits, a .npz file or a folder of IDX files.",
        show_default="auto",
    ),
]
StudyDatasetOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME|PATH",
        help="Where the images of the study are now; they must be the same.",
        show_default="where they were, else MNIST_SEARCH_DATA or Keras' cache",
    ),
]
WorkersOption = Annotated[
    str,
    typer.Option(
        envvar="MNIST_SEARCH_WORKERS",
        metavar="auto|N",
        help="Trials at a time, each in a process of its own; auto: one per core, or per GPU.",
    ),
]
DeviceOption = Annotated[
    DeviceChoice,
    typer.Option(
        envvar="MNIST_SEARCH_DEVICE",
        help="What networks are trained on; auto: the GPUs that TensorFlow can use, one worker on "
        "each. With --cluster, gpu is --worker-gpus 1.",
    ),
]
WorkersPerGpuOption = Annotated[
    int | None,
    typer.Option(
        min=1,
        envvar="MNIST_SEARCH_WORKERS_PER_GPU",
        metavar="K",
        help="Workers that share a GPU of this machine, for networks too small to fill it.",
        show_default="1",
    ),
]
ClusterOption = Annotated[
    str | None,
    typer.Option(
        envvar="MNIST_SEARCH_CLUSTER",
        metavar="auto|HOST:PORT",
        help="Train on this Ray cluster, which this machine belongs to; auto: the one that runs "
        "here. --workers auto is then what fits into it.",
        show_default="this machine alone",
    ),
]
WorkerCpusOption = Annotated[
    int | None,
    typer.Option(
        min=1,
        envvar="MNIST_SEARCH_WORKER_CPUS",
        help="With --cluster: CPUs, and threads, of each worker.",
        show_default="1",
    ),
]
WorkerGpusOption = Annotated[
    float | None,
    typer.Option(
        min=0,
        envvar="MNIST_SEARCH_WORKER_GPUS",
        help="With --cluster: GPUs of each worker, such as 1 or 0.5.",
        show_default="0",
    ),
]
PrecisionOption = Annotated[
    PrecisionChoice | None,
    typer.Option(
        envvar="MNIST_SEARCH_PRECISION",
        help="Number format of the hidden layers; bfloat16 is fast only where the processor "
        "has avx512_bf16 or amx_bf16, or the GPU compute capability 8.0, and auto takes it there, "
        "or what the study was made with.",
        show_default="float32",
    ),
]
StudyPrecisionOption = Annotated[
    PrecisionChoice | None,
    typer.Option(help="Number format of the hidden layers.", show_default="as it was made with"),
]
TrialTimeoutOption = Annotated[
    float | None,
    typer.Option(
        parser=duration("--trial-timeout"),
        envvar="MNIST_SEARCH_TRIAL_TIMEOUT",
        metavar="DURATION",
        help="End a trial that runs longer, such as 90s or 20m; it counts as failed.",
    ),
]
MemoryLimitOption = Annotated[
    int | None,
    typer.Option(
        parser=size("--memory-limit"),
        envvar="MNIST_SEARCH_MEMORY_LIMIT",
        metavar="SIZE",
        help="End a trial whose worker holds more, such as 4GB; it counts as failed.",
    ),
]

# Searching.
SpaceOption = Annotated[
    str | None,
    typer.Option(
        envvar="MNIST_SEARCH_SPACE",
        metavar="NAME|FILE",
        autocompletion=complete_space,
        help="Search space: cnn, mlp, linear or a TOML file of your own.",
    ),
]
TrialsOption = Annotated[
    int | None,
    typer.Option(
        "--trials",
        "-n",
        min=1,
        max=100_000,
        envvar="MNIST_SEARCH_TRIALS",
        help="Trials of the study in total, however often it is interrupted and resumed.",
        show_default="50, or as many as before",
    ),
]
EngineOption = Annotated[
    EngineName | None,
    typer.Option(
        envvar="MNIST_SEARCH_ENGINE",
        help="Which library proposes trials.",
        show_default="optuna",
    ),
]
SamplerOption = Annotated[
    SamplerName | None,
    typer.Option(
        envvar="MNIST_SEARCH_SAMPLER",
        help="How trials are proposed; Keras Tuner has bayesian, random, hyperband and grid.",
        show_default="tpe, nsga2 for two objectives, or bayesian with keras-tuner",
    ),
]
PrunerOption = Annotated[
    PrunerName | None,
    typer.Option(
        envvar="MNIST_SEARCH_PRUNER",
        help="How hopeless trials are stopped, from a quarter of an epoch on.",
        show_default="halving, or none with --sampler hyperband or two objectives",
    ),
]
EpochsOption = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=10_000,
        envvar="MNIST_SEARCH_EPOCHS",
        help="Epochs of a whole trial.",
        show_default="8",
    ),
]
SeedOption = Annotated[
    int | None,
    typer.Option(
        min=0,
        max=2**32 - 1,
        envvar="MNIST_SEARCH_SEED",
        help="Seed of proposals and training.",
        show_default="0",
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
    str | None,
    typer.Option(
        envvar="MNIST_SEARCH_OBJECTIVE",
        metavar="val_accuracy[,COST]",
        help="What is searched for; the cost may be train_seconds, parameters or "
        "inference_us, and is to be low.",
        show_default="val_accuracy",
    ),
]
TimeBudgetOption = Annotated[
    float | None,
    typer.Option(
        parser=duration("--time-budget"),
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
NoFirstOption = Annotated[
    bool,
    typer.Option(
        "--no-first",
        help="Start with what the sampler proposes, without the first points of the space.",
    ),
]
ConfirmSeedsOption = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=1000,
        envvar="MNIST_SEARCH_CONFIRM_SEEDS",
        metavar="S",
        help="With --confirm: runs of each.",
        show_default="3",
    ),
]
ConfirmReferencesOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME",
        autocompletion=complete_confirmed_reference,
        help="With --confirm: reference to train as well, or `best`; repeat it for more.",
        show_default="none",
    ),
]
