"""`mnist-search check`: a threshold for continuous integration."""

from __future__ import annotations

from typing import Annotated

import typer

from mnist_search.cli._completing import complete_reference, complete_study
from mnist_search.cli.options import FormatOption, HomeOption
from mnist_search.cli.streams import say
from mnist_search.errors import ThresholdError


def check(
    context: typer.Context,
    study: Annotated[
        str,
        typer.Argument(
            metavar="STUDY", autocompletion=complete_study, help="Study of a confirmed search."
        ),
    ],
    against: Annotated[
        str,
        typer.Option(
            metavar="REFERENCE",
            autocompletion=complete_reference,
            help="Reference that the winner must beat.",
        ),
    ],
    min_gain: Annotated[
        float, typer.Option(help="By at least this much test accuracy, a fraction.")
    ] = 0.0,
    point: Annotated[
        bool,
        typer.Option("--point", help="Decide on the measured gain itself, however unsure it is."),
    ] = False,
    home: HomeOption = None,
    format: FormatOption = "table",
) -> None:
    """Compare the confirmed winner of a search with a reference; exit code 0 or 7.

    Judged are mean test accuracies: of the best trial of `confirm`, and of the reference where
    the same `confirm` trained it, else its published figure, where the data is MNIST. The gain
    must be at least --min-gain with 95 % certainty: its one-sided lower bound decides, corrected
    for the choice of the best among the confirmed trials. Nothing is trained. A search that is
    not confirmed has no test accuracy, and ends with exit code 3.

    Example: mnist-search check cnn-mnist-seed0 --against cnn-simple --min-gain 0.001
    """
    from mnist_search.cli.session import CommandSession
    from mnist_search.commands.check import check as compare
    from mnist_search.reporting.thresholds import render_check

    found = compare(
        study,
        against,
        min_gain=min_gain,
        point=point,
        home=home,
        context=CommandSession(context).context,
    )
    say(render_check(found, format), nl=False)
    if not found.passed:
        surely = "" if point else "surely "
        raise ThresholdError(
            f"{found.winner.name} must be {surely}at least {100 * min_gain:.2f} points better than "
            f"{found.against.name}, got {100 * found.gain.difference:+.2f}"
            + ("" if point else f", at least {100 * found.bound:+.2f}")
        )
