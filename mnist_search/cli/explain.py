"""`mnist-search explain`: what makes a trial what it is."""

from __future__ import annotations

from typing import Annotated

import typer

from mnist_search.cli._completing import complete_trial
from mnist_search.cli.groups import keywords, takes_groups
from mnist_search.cli.options import (
    FormatOption,
    HomeOption,
    LimitOptions,
    LocalWorkerOptions,
    QuietOption,
    SearchArgument,
    StudyDatasetOption,
    StudyPrecisionOption,
    VerboseOption,
    refuse_without,
)
from mnist_search.cli.streams import say


@takes_groups
def explain(
    context: typer.Context,
    *,
    study: SearchArgument,
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
        int | None,
        typer.Option(
            min=1,
            max=1000,
            help="With --ablate: runs of each step, all with the same seeds.",
            show_default="3",
        ),
    ] = None,
    processes: LocalWorkerOptions,
    limits: LimitOptions,
    dataset: StudyDatasetOption = None,
    precision: StudyPrecisionOption = None,
    home: HomeOption = None,
    format: FormatOption = "table",
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
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
    from mnist_search.cli.session import CommandSession, tell
    from mnist_search.commands.explain import explain as compare
    from mnist_search.reporting.explanation import render_explanation

    training = keywords(processes, limits) | {"dataset": dataset, "precision": precision}
    if not ablate:
        refuse_without(context, "--ablate", "seeds", *training, "verbose")
        training = {}
    session = CommandSession(context, quiet=quiet, verbose=verbose)
    found = compare(
        study,
        trial,
        ablate=ablate,
        seeds=seeds,
        home=home,
        context=session.context,
        **training,
    )
    if found.outcome is not None and found.outcome.ending == "interrupted":
        tell("the same command goes on with the runs that are left")
    text = render_explanation(
        found.trial, found.comparison, found.records, found.attributed, format
    )
    say(text, nl=False)
    return 0 if found.outcome is None else session.exit_code(found.outcome, found.walk)
