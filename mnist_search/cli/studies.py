"""`mnist-search studies`: what there is, renamed, deleted, compared."""

from __future__ import annotations

import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal, get_args

import typer

from mnist_search.choices import PictureFormat
from mnist_search.cli.options import FormatOption, HomeOption, StudyArgument, on_command_line
from mnist_search.cli.outputs import chosen_format, typed_path
from mnist_search.cli.streams import say
from mnist_search.errors import UsageError

app = typer.Typer(
    help="The studies by name: list, rename, delete, compare.", invoke_without_command=True
)


@app.callback()
def list_studies(
    called: typer.Context, home: HomeOption = None, format: FormatOption = "table"
) -> None:
    """List the studies of a home, the latest changed first; or rename, delete and compare them.

    Example: mnist-search studies, or mnist-search studies rename cnn-mnist-seed0 first-try
    """
    if called.invoked_subcommand is not None:
        if on_command_line(called, "format"):
            raise UsageError(f"--format must stand after {called.invoked_subcommand}, if at all")
        called.obj = home
        return
    from mnist_search.commands.studies import studies
    from mnist_search.reporting import Column, render_rows

    columns = [
        Column("name", "study", "word"),
        Column("kind", "kind", "word", 3),
        Column("dataset", "data", "word", 1),
        Column("space", "space", "word", 2),
        Column("trials", "trials", "count"),
        Column("best_accuracy", "best %", "percent"),
        Column("state", "state", "word"),
        Column("when", "changed (UTC)", "word", 2),
        Column("size_bytes", "size", "bytes", 4),
    ]
    lines = studies(home=home)
    rows = [
        {**asdict(line), "when": time.strftime("%Y-%m-%d %H:%M", time.gmtime(line.changed))}
        for line in lines
    ]
    notes = [f"{line.name}: {line.problem}" for line in lines if line.problem is not None]
    if any(line.state == "interrupted" for line in lines):
        notes.append("interrupted: trials are left, which the same command goes on with")
    if not lines:
        notes.append("there is none: `mnist-search run` makes one")
    say(render_rows(rows, columns, format, title="Studies", notes=notes), nl=False)


@app.command()
def rename(
    called: typer.Context,
    study: StudyArgument,
    new: Annotated[str, typer.Argument(metavar="NEW", help="Its new name.")],
    home: HomeOption = None,
) -> None:
    """Give a study another name, its confirmation and explanations with it.

    A study that is being written is left as it is.

    Example: mnist-search studies rename cnn-mnist-seed0 first-try
    """
    from mnist_search.commands import studies

    for old, named in studies.rename(study, new, home=home or called.obj):
        say(f"{old} is {named} now", err=True)


@app.command()
def delete(
    called: typer.Context,
    study: StudyArgument,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    home: HomeOption = None,
) -> None:
    """Delete a study with its weights, its confirmation and its explanations.

    A study that is being written is left as it is.

    Example: mnist-search studies delete first-try
    """
    from mnist_search.commands import studies

    place = home or called.obj
    names = ", ".join(studies.belonging(study, home=place))
    if not yes:
        if not sys.stdin.isatty():
            raise UsageError(f"to delete {names} needs --yes where nobody can be asked")
        if not typer.confirm(f"Delete {names} for good?", err=True):
            say("nothing was deleted", err=True)
            return
    for name in studies.delete(study, home=place):
        say(f"deleted: {name}", err=True)


@app.command()
def compare(
    called: typer.Context,
    first: StudyArgument,
    second: StudyArgument,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            parser=typed_path,
            metavar="FILE",
            help="Draw the best so far of both there, .png or .svg.",
        ),
    ] = None,
    home: HomeOption = None,
    format: Annotated[
        Literal["table", "json"], typer.Option("--format", "-f", help="How to print it.")
    ] = "table",
) -> None:
    """Compare two searches of the same data: best so far, hyperparameters, times, odds.

    Studies of the home with the settings of one of them and another seed are taken as its
    repeats: then the best so far has a band, and the odds that a whole search beats another are
    known.

    Example: mnist-search studies compare cnn-mnist-seed0 mlp-mnist-seed0
    """
    from mnist_search.commands.compare import compare as compare_studies
    from mnist_search.reporting.compared import render_comparison

    if output is not None:
        # A wrong name must not wait for the reading of the home.
        chosen_format(None, output, of=get_args(PictureFormat), default="png")
        if not output.suffix:
            raise UsageError(f"{output}: a chart must end in .png or .svg, got no suffix")
    found = compare_studies(first, second, home=home or called.obj)
    say(render_comparison(found, format), nl=False)
    if output is not None:
        from mnist_search.reporting.charts.files import save_chart
        from mnist_search.reporting.charts.progress import compared_searches

        save_chart(compared_searches(found.names, found.comparison), output)
