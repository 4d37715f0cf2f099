"""`mnist-search run`: search a space."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Annotated

import typer

from mnist_search.cli._completing import complete_confirmed_reference, complete_study
from mnist_search.cli.groups import keywords, takes_groups
from mnist_search.cli.options import (
    DataOptions,
    FirstTrialOptions,
    FormatOption,
    HomeOption,
    LimitOptions,
    QuietOption,
    SearchOptions,
    SpaceOption,
    TimeBudgetOption,
    TrialsOption,
    VerboseOption,
    WorkerOptions,
    on_command_line,
    refuse_without,
)
from mnist_search.cli.streams import say


@takes_groups
def run(
    context: typer.Context,
    *,
    space: SpaceOption = None,
    trials: TrialsOption = None,
    study: Annotated[
        str | None,
        typer.Option(
            envvar="MNIST_SEARCH_STUDY",
            autocompletion=complete_study,
            help="Name of the study.",
            show_default="from space, data set and seed",
        ),
    ] = None,
    new: Annotated[
        bool, typer.Option("--new", help="Start another study, even if this one exists.")
    ] = False,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume", help="Go on with a study that must exist, with the settings that it has."
        ),
    ] = False,
    from_study: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="STUDY",
            autocompletion=complete_study,
            help="Begin a new study with the best trials of this one.",
            show_default="none",
        ),
    ] = None,
    settings: SearchOptions,
    workers: WorkerOptions,
    time_budget: TimeBudgetOption = None,
    limits: LimitOptions,
    keep_models: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=100_000,
            envvar="MNIST_SEARCH_KEEP_MODELS",
            metavar="K",
            help="Keep the trained weights of the K best trials, 0: of none.",
            show_default="3, or as so far",
        ),
    ] = None,
    first: FirstTrialOptions,
    confirm: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=1000,
            envvar="MNIST_SEARCH_CONFIRM",
            metavar="K",
            help="Afterwards train the best K trials again on all training images and test them, "
            "as the command `confirm` does.",
        ),
    ] = None,
    confirm_seeds: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=1000,
            envvar="MNIST_SEARCH_CONFIRM_SEEDS",
            metavar="S",
            help="With --confirm: runs of each.",
            show_default="3",
        ),
    ] = None,
    confirm_references: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            autocompletion=complete_confirmed_reference,
            help="With --confirm: reference to train as well, or `best`; repeat it for more.",
            show_default="none",
        ),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Make nothing: print what the run would cost, as the command `plan` does.",
        ),
    ] = False,
    data: DataOptions,
    home: HomeOption = None,
    format: FormatOption = "table",
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
) -> int:
    """Search a space and rank its trials beside the references.

    The same command resumes an interrupted study, and adds trials when --trials is raised;
    `run --study NAME --resume` does with all settings of the study.

    With --confirm it ends with the honest winner: the best trials trained again and tested.

    Example: mnist-search run --space cnn --trials 50 --seed 1, or
    mnist-search run --space cnn --trials 50 --confirm 3 --confirm-references cnn-double-32
    """
    from mnist_search.cli.concluding import conclude
    from mnist_search.cli.session import CommandSession, tell
    from mnist_search.commands.confirm import confirm as train_best
    from mnist_search.commands.plan import plan_rest
    from mnist_search.commands.search import search
    from mnist_search.reporting.plan import render_plan
    from mnist_search.studies import find_references

    if confirm is None:
        refuse_without(context, "--confirm", "confirm_seeds", "confirm_references")
    references = confirm_references or []
    # A wrong name must not wait for the end of the search.
    find_references(references)
    session = CommandSession(context, quiet=quiet, verbose=verbose)
    if resume and study is not None and not on_command_line(context, "dataset"):
        # A variable names the images of studies to come; this one has its own.
        data = replace(data, dataset=None)
    call = {
        "trials": trials,
        "time_budget_seconds": time_budget,
        "study": study,
        "new": new,
        "resume": resume,
        "from_study": from_study,
        "home": home,
        "context": session.context,
        **keywords(settings, first, workers, limits, data),
    }
    if dry_run:
        planned = plan_rest(space, **call)
        if confirm is not None:
            tell("the confirmation is not part of the plan")
        if planned is not None:
            say(render_plan(planned, format), nl=False)
        return session.signal_code or 0
    result = search(space, keep_models=keep_models, **call)
    confirmation = None
    if confirm is not None:
        confirmation = partial(
            train_best,
            result.study,
            top=confirm,
            seeds=3 if confirm_seeds is None else confirm_seeds,
            references=references,
            home=home,
            context=session.context,
            **keywords(workers, limits),
        )
    again = f"the same command with --study {result.study} in place of --new"
    return conclude(
        result, format, session, confirm=confirmation, again=again if new else "the same command"
    )
