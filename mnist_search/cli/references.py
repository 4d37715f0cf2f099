"""`references list` and `references show`: the published systems, without TensorFlow."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from mnist_search.choices import Document
from mnist_search.cli._completing import complete_reference
from mnist_search.cli.options import FormatOption
from mnist_search.cli.streams import say

app = typer.Typer(help="The published systems beside which trials rank.", no_args_is_help=True)


@app.command("list")
def list_references(
    family: Annotated[
        Literal["mlp", "cnn", "linear"] | None, typer.Option(help="Only those of this family.")
    ] = None,
    document: Annotated[
        Document | None,
        typer.Option(help="Only those of this source document.", case_sensitive=False),
    ] = None,
    format: FormatOption = "table",
) -> None:
    """List the references with their sizes and published figures.

    Example: mnist-search references list --family cnn -f markdown
    """
    from mnist_search.references.rows import reference_rows
    from mnist_search.reporting.references import render_references

    say(render_references(reference_rows(family=family, document=document), format), nl=False)


@app.command("show")
def show_reference(
    name: Annotated[
        str, typer.Argument(autocompletion=complete_reference, help="Name of a reference.")
    ],
    format: FormatOption = "table",
) -> None:
    """Show one reference: layers, recipe, published figures and quirks.

    Example: mnist-search references show cnn-plain
    """
    from mnist_search.references import get_reference
    from mnist_search.reporting.references import render_reference

    say(render_reference(get_reference(name), format), nl=False)
