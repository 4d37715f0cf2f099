"""`mnist-search confirm`: the honest winner of a search."""

from __future__ import annotations

from typing import Annotated

import typer

from mnist_search.cli._completing import complete_confirmed_reference
from mnist_search.cli.groups import keywords, takes_groups
from mnist_search.cli.options import (
    FormatOption,
    HomeOption,
    LimitOptions,
    QuietOption,
    SearchArgument,
    StudyDatasetOption,
    VerboseOption,
    WorkerOptions,
)
from mnist_search.cli.streams import say


@takes_groups
def confirm(
    context: typer.Context,
    *,
    study: SearchArgument,
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
    workers: WorkerOptions,
    limits: LimitOptions,
    dataset: StudyDatasetOption = None,
    home: HomeOption = None,
    format: FormatOption = "table",
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
) -> int:
    """Train the best trials again on all training images, and only then test them.

    float32, the same fresh seeds for all, in a study STUDY-confirm beside the search: nothing is
    trained twice, the same command goes on after an interruption, and more --seeds or --top add
    the difference. The winner is set against the best reference (trained again with it, else
    its published figure, where the data is MNIST) and against the other trials. The study counts
    how often it has met the test images.

    Example: mnist-search confirm cnn-mnist-seed0 --top 3 --seeds 3 --references cnn-double-32
    """
    from mnist_search.cli.session import CommandSession, tell
    from mnist_search.commands.confirm import confirm as train_best
    from mnist_search.reporting.confirmation import render_confirmation

    session = CommandSession(context, quiet=quiet, verbose=verbose)
    result = train_best(
        study,
        top=top,
        seeds=seeds,
        references=references or (),
        dataset=dataset,
        home=home,
        **keywords(workers, limits),
        context=session.context,
    )
    say(render_confirmation(result.found, format), nl=False)
    if result.outcome.ending == "interrupted":
        tell("the same command goes on with the runs that are left")
    return session.exit_code(result.outcome, result.records)
