"""`mnist-search report`: the leaderboard."""

from __future__ import annotations

import os
from typing import Annotated, Literal

import typer

from mnist_search.cli._options import FormatOption, HomeOption, OutputOption


def report(
    studies: Annotated[
        list[str] | None,
        typer.Argument(metavar="[STUDY]...", help="Studies to rank; none: all in the home."),
    ] = None,
    sort: Annotated[
        Literal["accuracy", "time", "parameters", "inference", "name", "number"],
        typer.Option(help="Order of the rows."),
    ] = "accuracy",
    top: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Trials shown; 0: all. References always stay.",
            show_default="20 in a table, else all",
        ),
    ] = None,
    pareto: Annotated[
        bool,
        typer.Option("--pareto", help="Only rows that no other beats in accuracy and time."),
    ] = False,
    home: HomeOption = None,
    format: FormatOption = "table",
    output: OutputOption = None,
) -> None:
    """Rank trials and references together, published figures beside measured ones.

    Measured references add verdicts, times, findings and learning curves below the board.

    Example: mnist-search report --top 10, or
    mnist-search report bench-mnist -f markdown -o reports/references.md
    """
    from mnist_search.analysis import build_leaderboard
    from mnist_search.references import REFERENCES
    from mnist_search.reporting import render_leaderboard
    from mnist_search.reporting.files import write_atomically
    from mnist_search.studies import read_records, resolve_home

    records = read_records(resolve_home(home, os.environ), studies or [])
    shown = (20 if format == "table" else 0) if top is None else top
    board = build_leaderboard(
        records, REFERENCES, sort=sort, top=shown if shown > 0 else None, pareto=pareto
    )
    if output is None:
        typer.echo(render_leaderboard(board, format), nl=False)
    else:
        write_atomically(output, render_leaderboard(board, format, plain=True))
