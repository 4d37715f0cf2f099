"""`mnist-search confirm`: the honest winner of a search."""

from __future__ import annotations

from typing import Annotated

import typer

from mnist_search.cli._completing import complete_confirmed_reference, complete_study
from mnist_search.cli._options import (
    FormatOption,
    HomeOption,
    MemoryLimitOption,
    QuietOption,
    WorkersOption,
    parse_duration,
    parse_size,
)


def confirm(
    context: typer.Context,
    study: Annotated[
        str,
        typer.Argument(metavar="STUDY", autocompletion=complete_study, help="Study of a search."),
    ],
    top: Annotated[
        int,
        typer.Option(
            min=1, max=1000, help="How many of its trials, the best by validation accuracy."
        ),
    ] = 3,
    seeds: Annotated[
        int, typer.Option(min=1, max=1000, help="Runs of each, all with the same fresh seeds.")
    ] = 3,
    references: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            autocompletion=complete_confirmed_reference,
            help="Reference to train as well, as its document did, or `best`: the one with the "
            "best published accuracy; repeat it for more. The best trial that is a reference "
            "itself always comes along.",
            show_default="none",
        ),
    ] = None,
    workers: WorkersOption = "auto",
    trial_timeout: Annotated[
        str | None,
        typer.Option(
            envvar="MNIST_SEARCH_TRIAL_TIMEOUT",
            metavar="DURATION",
            help="End a run that takes longer; it counts as failed.",
        ),
    ] = None,
    memory_limit: MemoryLimitOption = None,
    home: HomeOption = None,
    format: FormatOption = "table",
    quiet: QuietOption = False,
) -> int:
    """Train the best trials again on all training images, and only then test them.

    float32, the same fresh seeds for all, in a study STUDY-confirm beside the search: nothing is
    trained twice, the same command goes on after an interruption, and more --seeds or --top add
    the difference. The winner is set against the best reference (trained again with it, else
    its published figure, where the data is MNIST) and against the other trials. The study counts
    how often it has met the test images.

    Example: mnist-search confirm cnn-mnist-seed0 --top 3 --seeds 3 --references cnn-double-32
    """
    from mnist_search.cli._confirming import ConfirmOptions, confirm_study
    from mnist_search.cli._settings import Surroundings
    from mnist_search.reporting.confirmation import render_confirmation

    options = ConfirmOptions(
        study=study,
        top=top,
        seeds=seeds,
        references=references if references is not None else [],
        workers=workers,
        trial_timeout_seconds=parse_duration(trial_timeout, option="--trial-timeout"),
        memory_limit_bytes=parse_size(memory_limit, option="--memory-limit"),
        home=home,
        quiet=quiet,
    )
    confirmed = confirm_study(options, Surroundings.of_this_process(context.obj))
    typer.echo(render_confirmation(confirmed.found, format), nl=False)
    return confirmed.finish()
