"""Each option that several commands have, once; those that go together are a dataclass."""

from __future__ import annotations

from dataclasses import dataclass
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
    complete_space,
    complete_study,
)
from mnist_search.cli.outputs import typed_output, typed_path
from mnist_search.cli.values import duration, size
from mnist_search.errors import UsageError


def on_command_line(context: typer.Context, name: str) -> bool:
    """Return whether a parameter was typed, and comes neither from a variable nor by default."""
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def refuse_without(context: typer.Context, option: str, *names: str) -> None:
    """Raise UsageError where a parameter was typed that means nothing without an option."""
    for parameter in context.command.params:
        if parameter.name in names and on_command_line(context, parameter.name):
            raise UsageError(f"{parameter.opts[0]} needs {option}")


# Printing.
FormatOption = Annotated[
    Format, typer.Option("--format", "-f", help="How to print the rows.", show_default=True)
]
OutputOption = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        parser=typed_output,
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
StudyArgument = Annotated[
    str, typer.Argument(metavar="STUDY", autocompletion=complete_study, help="Name of a study.")
]
ReferenceSeedOption = Annotated[
    int | None, typer.Option(min=0, help="Which of a reference's runs.", show_default="any")
]
SearchArgument = Annotated[
    str,
    typer.Argument(metavar="STUDY", autocompletion=complete_study, help="Study of a search."),
]

# Training.
StudyDatasetOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME|PATH",
        help="Where the images of the study are now; they must be the same.",
        show_default="where they were, else MNIST_SEARCH_DATA or Keras' cache",
    ),
]
StudyPrecisionOption = Annotated[
    PrecisionChoice | None,
    typer.Option(help="Number format of the hidden layers.", show_default="as it was made with"),
]
WorkersOption = Annotated[
    str,
    typer.Option(
        envvar="MNIST_SEARCH_WORKERS",
        metavar="auto|N",
        help="Trials at a time, each in a process of its own; auto: one per core, or per GPU.",
    ),
]


@dataclass(frozen=True, kw_only=True)
class LocalWorkerOptions:
    """What a command trains on: processes and devices of this machine."""

    workers: WorkersOption = "auto"
    device: Annotated[
        DeviceChoice,
        typer.Option(
            envvar="MNIST_SEARCH_DEVICE",
            help="What networks are trained on; auto: the GPUs that TensorFlow can use, one worker "
            "on each. With --cluster, gpu is --worker-gpus 1.",
        ),
    ] = "auto"
    workers_per_gpu: Annotated[
        int | None,
        typer.Option(
            min=1,
            envvar="MNIST_SEARCH_WORKERS_PER_GPU",
            metavar="K",
            help="Workers that share a GPU of this machine, for networks too small to fill it.",
            show_default="1",
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class WorkerOptions(LocalWorkerOptions):
    """What a command trains on: processes of this machine, or of a cluster."""

    cluster: Annotated[
        str | None,
        typer.Option(
            envvar="MNIST_SEARCH_CLUSTER",
            metavar="auto|HOST:PORT",
            help="Train on this Ray cluster, which this machine belongs to; auto: the one that "
            "runs here. --workers auto is then what fits into it.",
            show_default="this machine alone",
        ),
    ] = None
    worker_cpus: Annotated[
        int | None,
        typer.Option(
            min=1,
            envvar="MNIST_SEARCH_WORKER_CPUS",
            help="With --cluster: CPUs, and threads, of each worker.",
            show_default="1",
        ),
    ] = None
    worker_gpus: Annotated[
        float | None,
        typer.Option(
            min=0,
            envvar="MNIST_SEARCH_WORKER_GPUS",
            help="With --cluster: GPUs of each worker, such as 1 or 0.5.",
            show_default="0",
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class LimitOptions:
    """When a single trial is ended."""

    trial_timeout_seconds: Annotated[
        float | None,
        typer.Option(
            "--trial-timeout",
            parser=duration("--trial-timeout"),
            envvar="MNIST_SEARCH_TRIAL_TIMEOUT",
            metavar="DURATION",
            help="End a trial that runs longer, such as 90s or 20m; it counts as failed.",
        ),
    ] = None
    memory_limit_bytes: Annotated[
        int | None,
        typer.Option(
            "--memory-limit",
            parser=size("--memory-limit"),
            envvar="MNIST_SEARCH_MEMORY_LIMIT",
            metavar="SIZE",
            help="End a trial whose worker holds more, such as 4GB; it counts as failed.",
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class DataOptions:
    """The images of a new study, and the number format of its networks."""

    dataset: Annotated[
        str | None,
        typer.Option(
            envvar="MNIST_SEARCH_DATASET",
            metavar="NAME|PATH",
            help="auto, mnist, fashion-mnist, digits, a .npz file or a folder of IDX files.",
            show_default="auto",
        ),
    ] = None
    precision: Annotated[
        PrecisionChoice | None,
        typer.Option(
            envvar="MNIST_SEARCH_PRECISION",
            help="Number format of the hidden layers; bfloat16 is fast only where the processor "
            "has avx512_bf16 or amx_bf16, or the GPU compute capability 8.0, and auto takes it "
            "there, or what the study was made with.",
            show_default="float32",
        ),
    ] = None


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
TimeBudgetOption = Annotated[
    float | None,
    typer.Option(
        parser=duration("--time-budget"),
        envvar="MNIST_SEARCH_TIME_BUDGET",
        metavar="DURATION",
        help="Stop after so long, all sessions together: 90s, 20m, 1.5h.",
    ),
]


@dataclass(frozen=True, kw_only=True)
class SearchOptions:
    """How a space is searched."""

    engine: Annotated[
        EngineName | None,
        typer.Option(
            envvar="MNIST_SEARCH_ENGINE",
            help="Which library proposes trials.",
            show_default="optuna",
        ),
    ] = None
    objective: Annotated[
        str | None,
        typer.Option(
            envvar="MNIST_SEARCH_OBJECTIVE",
            metavar="val_accuracy[,COST]",
            help="What is searched for; the cost may be train_seconds, parameters or "
            "inference_us, and is to be low.",
            show_default="val_accuracy",
        ),
    ] = None
    sampler: Annotated[
        SamplerName | None,
        typer.Option(
            envvar="MNIST_SEARCH_SAMPLER",
            help="How trials are proposed; Keras Tuner has bayesian, random, hyperband and grid.",
            show_default="tpe, nsga2 for two objectives, or bayesian with keras-tuner",
        ),
    ] = None
    pruner: Annotated[
        PrunerName | None,
        typer.Option(
            envvar="MNIST_SEARCH_PRUNER",
            help="How hopeless trials are stopped, from a quarter of an epoch on.",
            show_default="halving, or none with --sampler hyperband or two objectives",
        ),
    ] = None
    epochs: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=10_000,
            envvar="MNIST_SEARCH_EPOCHS",
            help="Epochs of a whole trial.",
            show_default="8",
        ),
    ] = None
    seed: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=2**32 - 1,
            envvar="MNIST_SEARCH_SEED",
            help="Seed of proposals and training.",
            show_default="0",
        ),
    ] = None
    max_params: Annotated[
        int | None,
        typer.Option(
            min=1,
            envvar="MNIST_SEARCH_MAX_PARAMS",
            metavar="N",
            help="Do not train networks with more parameters.",
        ),
    ] = None
    max_flops: Annotated[
        int | None,
        typer.Option(
            min=1,
            envvar="MNIST_SEARCH_MAX_FLOPS",
            metavar="N",
            help="Do not train networks with more forward operations per image.",
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class FirstTrialOptions:
    """What a search starts with."""

    with_references: Annotated[
        bool,
        typer.Option(
            "--with-references",
            help="Start with the references that are points of the space.",
        ),
    ] = False
    no_first: Annotated[
        bool,
        typer.Option(
            "--no-first",
            help="Start with what the sampler proposes, without the first points of the space.",
        ),
    ] = False
