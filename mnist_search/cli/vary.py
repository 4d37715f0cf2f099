"""`mnist-search vary`: which choices matter around one model."""

from __future__ import annotations

from typing import Annotated, get_args

import typer

from mnist_search.choices import EffectsFormat
from mnist_search.cli._completing import complete_model
from mnist_search.cli.groups import keywords, takes_groups
from mnist_search.cli.options import (
    DataOptions,
    HomeOption,
    LimitOptions,
    OutputOption,
    QuietOption,
    TimeBudgetOption,
    WorkerOptions,
    on_command_line,
)
from mnist_search.cli.outputs import chosen_format, write_output
from mnist_search.cli.streams import say
from mnist_search.errors import UsageError


@takes_groups
def vary(
    context: typer.Context,
    *,
    models: Annotated[
        list[str],
        typer.Argument(
            metavar="MODEL...",
            autocompletion=complete_model,
            help="A reference, STUDY:TRIAL, STUDY:winner, or a search space, for its defaults. "
            "Several: one after the other, and what holds on all of them.",
        ),
    ],
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE,VALUE|NAME=LOW:HIGH[:STEP]",
            help="Values of a hyperparameter, by its name in space files or depth, width (a "
            "factor), batch_norm, dropout, epochs; repeat it for more.",
            show_default="depth and dropout as in the documents, half and twice the width, all "
            "activations, placements of batch normalization and optimizers",
        ),
    ] = None,
    seeds: Annotated[
        int, typer.Option(min=1, max=1000, help="Runs of each network, with common seeds.")
    ] = 3,
    factorial: Annotated[
        bool,
        typer.Option(
            "--factorial",
            help="Cross all values: main effects, and interactions of two hyperparameters.",
        ),
    ] = False,
    screen: Annotated[
        bool,
        typer.Option(
            "--screen",
            help="Many hyperparameters of two values in few runs: a fraction of the full table, "
            "chosen so that interactions of two disturb no main effect.",
        ),
    ] = False,
    epochs: Annotated[
        int | None,
        typer.Option(
            min=1, max=10_000, help="Epochs of every run.", show_default="those of the model"
        ),
    ] = None,
    time_budget: TimeBudgetOption = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Train nothing but for seconds: say what it would take."),
    ] = False,
    workers: WorkerOptions,
    limits: LimitOptions,
    data: DataOptions,
    study: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Study of the runs.", show_default="one for each model"),
    ] = None,
    home: HomeOption = None,
    format: Annotated[
        EffectsFormat | None,
        typer.Option(
            "--format",
            "-f",
            help="How to print what was found; html is a page, png and svg are its chart.",
            show_default="by the suffix of --output, else table",
        ),
    ] = None,
    output: OutputOption = None,
    quiet: QuietOption = False,
) -> int:
    """Say what single choices bring and cost, with everything else as it is in a model.

    One hyperparameter at a time is changed, and every network is trained as trials are, with seeds
    common to all; test images are not touched. Each value is compared with the model's own, on
    the same validation images, with an interval that holds images and seeds. Nothing is trained
    twice: the same command goes on after an interruption, and more --seeds add the difference.
    There is one study for each model, and --time-budget is for each.

    Example: mnist-search vary cnn-simple --set activation=relu,tanh,gelu --set dropout=0,0.2,0.5
    --epochs 2, or mnist-search vary mlp-drop-2 cnn-simple -o choices.md
    """
    from mnist_search.cli.session import CommandSession, tell
    from mnist_search.commands.vary import plan_vary
    from mnist_search.commands.vary import vary as train
    from mnist_search.reporting.effects import render_effects
    from mnist_search.reporting.effects_told import tell_plan

    form = chosen_format(format, output, of=get_args(EffectsFormat), default="table")
    if form in get_args(EffectsFormat)[-2:]:
        if output is None:
            raise UsageError(f"--format {form} needs --output FILE.{form}")
        if len(models) > 1:
            raise UsageError(f"a chart is about one model, got {len(models)}")
    call = {
        "seeds": seeds,
        "factorial": factorial,
        "screen": screen,
        "epochs": epochs,
        "study": study,
        "home": home,
        **keywords(workers, limits, data),
    }
    session = CommandSession(context, quiet=quiet)
    here = session.context
    if dry_run:
        if on_command_line(context, "time_budget"):
            raise UsageError("--time-budget and --dry-run exclude each other")
        plans = [plan_vary(model, settings, context=here, **call) for model in models]
        for sentence in tell_plan([plan for plan in plans if plan is not None]):
            say(sentence)
        return session.signal_code or 0
    found = []
    for model in models:
        found.append(train(model, settings, time_budget_seconds=time_budget, context=here, **call))
        if found[-1].outcome.ending != "done":
            tell("the same command goes on with the runs that are left")
            break
    if form == "png" or form == "svg":
        from mnist_search.reporting.charts.files import save_effects

        assert output is not None
        save_effects(found[0], output)
    else:
        write_output(output, render_effects(found, form, plain=output is not None))
    last = found[-1]
    return session.exit_code(last.outcome, last.records)
