"""`mnist-search show`: one run in full."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from mnist_search.cli._completing import complete_trial
from mnist_search.cli.options import HomeOption, ReferenceSeedOption, StudyArgument
from mnist_search.cli.session import CommandSession
from mnist_search.cli.streams import say


def show(
    called: typer.Context,
    study: StudyArgument,
    run: Annotated[
        str,
        typer.Argument(
            metavar="[TRIAL|winner|REFERENCE]",
            autocompletion=complete_trial,
            help="Number of a run, a reference, or the best trial: as confirmed, else as searched.",
        ),
    ] = "winner",
    seed: ReferenceSeedOption = None,
    home: HomeOption = None,
    format: Annotated[
        Literal["table", "json"], typer.Option("--format", "-f", help="How to print the run.")
    ] = "table",
) -> None:
    """Show one run: network layer by layer, hyperparameters, learning curve, times.

    Example: mnist-search show cnn-mnist-seed0 winner
    """
    from mnist_search.commands.show import show as find
    from mnist_search.reporting.shown import render_run

    found = find(study, run, seed=seed, home=home, context=CommandSession(called).context)
    say(render_run(found, format), nl=False)
