"""`mnist-search bench`: train references, no search."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from mnist_search.choices import BenchProtocol, TestPixels
from mnist_search.cli._completing import complete_reference
from mnist_search.cli.groups import keywords, takes_groups
from mnist_search.cli.options import (
    DataOptions,
    FormatOption,
    HomeOption,
    LimitOptions,
    QuietOption,
    VerboseOption,
    WorkerOptions,
    WorkersOption,
)


@dataclass(frozen=True, kw_only=True)
class SerialWorkerOptions(WorkerOptions):
    """One worker by default."""

    workers: WorkersOption = "1"


@takes_groups
def bench(
    context: typer.Context,
    *,
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
        BenchProtocol,
        typer.Option(
            envvar="MNIST_SEARCH_PROTOCOL",
            help="documented: as published, quirks kept; corrected: without the quirks; "
            "held-out: as a search would train it.",
        ),
    ] = "documented",
    repeats: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=1000,
            envvar="MNIST_SEARCH_REPEATS",
            help="Runs of each, with other seeds.",
            show_default="1, or 3 where a whole training takes under 2 minutes",
        ),
    ] = None,
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
    workers: SerialWorkerOptions,
    limits: LimitOptions,
    learning_rate: Annotated[
        float | None,
        typer.Option(
            metavar="RATE",
            help="Change the recipes to this rate, to see whether such a mistake shows.",
            show_default="the reference's own",
        ),
    ] = None,
    test_pixels: Annotated[
        TestPixels,
        typer.Option(help="Change the test images likewise: raw pixels are 0..255."),
    ] = "as-documented",
    data: DataOptions,
    home: HomeOption = None,
    format: FormatOption = "table",
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
) -> int:
    """Train published references and set measured beside published.

    One worker has all cores by default, because times of runs side by side do not compare. Runs
    of a recipe changed by --learning-rate or --test-pixels go into a study of their own, are
    judged like the others, and never stand for the reference.

    Example: mnist-search bench mlp-784 cnn-simple cnn-larger --full
    """
    from mnist_search.cli.session import CommandSession, print_board, tell
    from mnist_search.commands.bench import bench as train_references

    session = CommandSession(context, quiet=quiet, verbose=verbose)
    result = train_references(
        names or (),
        quick=quick,
        full=full,
        protocol=protocol,
        repeats=repeats,
        seed=seed,
        learning_rate=learning_rate,
        test_pixels=test_pixels,
        study=study,
        home=home,
        **keywords(workers, limits, data),
        context=session.context,
    )
    print_board(result.board(), format)
    if result.outcome.ending == "interrupted":
        tell("the same command goes on with the runs that are left")
    return session.exit_code(result.outcome, result.records)
