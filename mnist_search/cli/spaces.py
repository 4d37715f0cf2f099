"""`spaces list`, `spaces show` and `spaces check`: what can be searched, without TensorFlow."""

from __future__ import annotations

from typing import Annotated

import typer

from mnist_search.cli._completing import complete_space
from mnist_search.cli.options import FormatOption
from mnist_search.cli.streams import say
from mnist_search.errors import SpaceError

app = typer.Typer(help="The search spaces, and files of your own.", no_args_is_help=True)


@app.command("list")
def list_all(format: FormatOption = "table") -> None:
    """List the search spaces: those in ./search_spaces, then those that come with the package.

    Example: mnist-search spaces list -f json
    """
    from mnist_search.commands.spaces import spaces
    from mnist_search.reporting.spaces import render_spaces

    say(render_spaces(spaces(), format), nl=False)


@app.command("show")
def show_one(
    space: Annotated[
        str,
        typer.Argument(
            metavar="NAME|FILE", autocompletion=complete_space, help="Name or TOML file."
        ),
    ],
    references: Annotated[
        bool, typer.Option("--references", help="Show where the published systems lie in it.")
    ] = False,
    format: FormatOption = "table",
) -> None:
    """Show every setting of a space: searched, fixed, or left at its default.

    Example: mnist-search spaces show cnn --references
    """
    from mnist_search.reporting.spaces import render_references_in, render_space
    from mnist_search.spaces import find_space

    found = find_space(space)
    say((render_references_in if references else render_space)(found, format), nl=False)


@app.command("check")
def check_files(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...", autocompletion=complete_space, help="TOML files or names."
        ),
    ],
) -> None:
    """Check space files; print everything that is wrong with them at once.

    Example: mnist-search spaces check search_spaces/cnn.toml mine.toml
    """
    from mnist_search.commands.spaces import check_spaces
    from mnist_search.reporting.spaces import size_words

    found = check_spaces(files)
    for space, misfit in zip(found.spaces, found.misfits, strict=True):
        say(f"ok: {space.source}: {size_words(space)}")
        if misfit is not None:
            say(f"note: {space.source}: trials may fail to build, {misfit}", err=True)
    if found.problems:
        raise SpaceError(tuple(found.problems), hint=found.hint)
