"""`mnist-search export`: take a model away."""

from __future__ import annotations

from typing import Annotated, get_args

import typer

from mnist_search.choices import ExportForm
from mnist_search.cli._completing import complete_trial
from mnist_search.cli.options import HomeOption, OutputOption, StudyArgument
from mnist_search.cli.outputs import chosen_format
from mnist_search.cli.session import CommandSession
from mnist_search.cli.streams import say


def export(
    called: typer.Context,
    study: StudyArgument,
    run: Annotated[
        str,
        typer.Argument(
            metavar="TRIAL|REFERENCE|winner",
            autocompletion=complete_trial,
            help="Number of a run, name of a reference, or the best: as confirmed, else as "
            "searched.",
        ),
    ],
    form: Annotated[
        ExportForm | None,
        typer.Option(
            "--as",
            help="keras: the trained model; python: a script that needs only Keras and trains it "
            "anew; json: the recipe, for `verify`.",
            show_default="by the suffix of --output, else json",
        ),
    ] = None,
    output: OutputOption = None,
    home: HomeOption = None,
) -> None:
    """Write a model as a .keras file, as a script of its own, or as a recipe.

    A trial that `confirm` has trained again is exported as confirmed, with all training images.
    All three know the score to expect. The .keras file takes pixels in 0..255, its scaling being
    a layer; weights are kept of the best trials of a search (`run --keep-models`), and of the
    first run of each confirmed model and each reference.

    Example: mnist-search export cnn-mnist-seed0 winner --as python --output winner.py
    """
    from mnist_search.commands.export import export as take_away

    chosen = chosen_format(form, output, of=get_args(ExportForm), default="json", option="--as")
    here = CommandSession(called).context
    found = take_away(study, run, form=chosen, output=output, home=home, context=here)
    if output is None and found.text is not None:
        say(found.text, nl=False)
    model, expected = found.export, found.export.expected
    say(
        f"{model.name} ({model.config.protocol}): expected {100 * expected.accuracy:.2f} % of the "
        f"{expected.images:,} {expected.on} images, {100 * expected.low:.2f} to "
        f"{100 * expected.high:.2f} %, n = {expected.n}",
        err=True,
    )
