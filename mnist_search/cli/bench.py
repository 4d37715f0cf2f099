"""`mnist-search bench`: train references, no search."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from mnist_search.cli._completing import complete_reference
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
from mnist_search.errors import UsageError


def bench(
    context: typer.Context,
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME]...",
            autocompletion=complete_reference,
            help="References to train; none: all of them.",
        ),
    ] = None,
    quick: Annotated[
        bool,
        typer.Option(
            "--quick",
            help="Minutes for all 25: a short training, fit to compare times but not accuracies.",
        ),
    ] = False,
    full: Annotated[
        bool, typer.Option("--full", help="Train as published; hours for all 25, resumable.")
    ] = False,
    protocol: Annotated[
        Literal["documented", "corrected", "held-out"],
        typer.Option(
            envvar="MNIST_SEARCH_PROTOCOL",
            help="documented: as published, quirks kept; corrected: without the quirks; "
            "held-out: as a search would train it.",
        ),
    ] = "documented",
    repeats: Annotated[
        int,
        typer.Option(
            min=1, max=1000, envvar="MNIST_SEARCH_REPEATS", help="Runs of each, with other seeds."
        ),
    ] = 1,
    study: Annotated[
        str | None,
        typer.Option(
            envvar="MNIST_SEARCH_STUDY", help="Name of the study.", show_default="from the data set"
        ),
    ] = None,
    seed: Annotated[
        int,
        typer.Option(
            min=0, max=2**32 - 1001, envvar="MNIST_SEARCH_SEED", help="Seed of the first run."
        ),
    ] = 0,
    workers: WorkersOption = "1",
    trial_timeout: TrialTimeoutOption = None,
    memory_limit: MemoryLimitOption = None,
    learning_rate: Annotated[
        float | None,
        typer.Option(
            metavar="RATE",
            help="Change the recipes to this rate, to see whether such a mistake shows.",
            show_default="the reference's own",
        ),
    ] = None,
    test_pixels: Annotated[
        Literal["as-documented", "scaled", "raw"],
        typer.Option(help="Change the test images likewise: raw pixels are 0..255."),
    ] = "as-documented",
    dataset: DatasetOption = "auto",
    precision: PrecisionOption = "float32",
    home: HomeOption = None,
    format: FormatOption = "table",
    quiet: QuietOption = False,
) -> int:
    """Train published references and set measured beside published.

    One worker has all cores by default, because times of runs side by side do not compare. Runs
    of a recipe changed by --learning-rate or --test-pixels go into a study of their own, are
    judged like the others, and never stand for the reference.

    Example: mnist-search bench mlp-784 cnn-simple cnn-larger --full
    """
    from mnist_search.cli._session import benchmark
    from mnist_search.cli._settings import BenchmarkOptions, Surroundings

    if quick and full:
        raise UsageError("--quick and --full exclude each other")
    if not (names or quick or full):
        raise UsageError("bench needs names of references, --quick or --full")
    options = BenchmarkOptions(
        names=names or [],
        quick=quick,
        protocol=protocol,
        repeats=repeats,
        study=study,
        seed=seed,
        workers=workers,
        trial_timeout_seconds=parse_duration(trial_timeout, option="--trial-timeout"),
        memory_limit_bytes=parse_size(memory_limit, option="--memory-limit"),
        dataset=dataset,
        precision=precision,
        home=home,
        format=format,
        quiet=quiet,
        learning_rate=learning_rate,
        test_pixels=test_pixels,
    )
    return benchmark(options, Surroundings.of_this_process(context.obj))
