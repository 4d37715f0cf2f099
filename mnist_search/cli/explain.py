"""`mnist-search explain`: what makes a trial what it is."""

from __future__ import annotations

from typing import Annotated

import typer

from mnist_search.cli._completing import complete_study, complete_trial
from mnist_search.cli._options import (
    FormatOption,
    HomeOption,
    QuietOption,
    TrialTimeoutOption,
    WorkersOption,
    parse_duration,
)


def explain(
    context: typer.Context,
    study: Annotated[
        str,
        typer.Argument(metavar="STUDY", autocompletion=complete_study, help="Study of a search."),
    ],
    trial: Annotated[
        str,
        typer.Argument(
            metavar="TRIAL|winner",
            autocompletion=complete_trial,
            help="Number of a trial, or the best: as confirmed, else as searched.",
        ),
    ],
    ablate: Annotated[
        bool,
        typer.Option(
            "--ablate",
            help="Walk back from the trial to the reference, one hyperparameter at a time, and "
            "train every step, to see which brought how much.",
        ),
    ] = False,
    seeds: Annotated[
        int,
        typer.Option(
            min=1, max=1000, help="With --ablate: runs of each step, all with the same seeds."
        ),
    ] = 3,
    workers: WorkersOption = "auto",
    trial_timeout: TrialTimeoutOption = None,
    home: HomeOption = None,
    format: FormatOption = "table",
    quiet: QuietOption = False,
) -> int:
    """Compare a trial with its nearest reference, hyperparameter by hyperparameter.

    The nearest is that with the smallest sum of differences over the hyperparameters, among the
    references that are points of the space, else among all of the same kind of network.

    With --ablate one hyperparameter after the other is set to the reference's value, first what
    mattered most in the search (PED-ANOVA); conditional hyperparameters go with the one that they
    depend on, and every step can be built. All steps are trained as trials are, with fresh seeds
    common to all; test images are not touched. The runs are a study of their own,
    STUDY-explain-TRIAL: nothing is trained twice, the same command goes on after an interruption,
    and more --seeds add the difference.

    Example: mnist-search explain cnn-mnist-seed0 winner --ablate --seeds 3
    """
    from mnist_search.cli._explaining import ExplainOptions, explain_trial
    from mnist_search.cli._settings import Surroundings

    options = ExplainOptions(
        study=study,
        trial=trial,
        ablate=ablate,
        seeds=seeds,
        workers=workers,
        trial_timeout_seconds=parse_duration(trial_timeout, option="--trial-timeout"),
        home=home,
        format=format,
        quiet=quiet,
    )
    return explain_trial(options, Surroundings.of_this_process(context.obj))
