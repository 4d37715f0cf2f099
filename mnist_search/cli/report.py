"""`mnist-search report`: the leaderboard."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, get_args

import typer

from mnist_search.choices import ReportFormat, SortKey
from mnist_search.cli._completing import complete_study
from mnist_search.cli.options import HomeOption, OutputOption, refuse_without
from mnist_search.cli.outputs import chosen_format, write_output
from mnist_search.cli.session import tell

# Of thousands of rows a page shows the best; JSON and CSV have them all.
_SHOWN = {"table": 40, "svg": 40, "html": 1000}


def report(
    context: typer.Context,
    studies: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[STUDY]...",
            autocompletion=complete_study,
            help="Studies to rank; none: all in the home.",
        ),
    ] = None,
    sort: Annotated[
        SortKey | None,
        typer.Option(
            help="Order of the rows.", show_default="accuracy, or time where all runs are quick"
        ),
    ] = None,
    top: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Rows shown of each board, references among them by their rank; 0: all.",
            show_default="40 in a table or svg, 1000 in html, else all",
        ),
    ] = None,
    references: Annotated[
        bool, typer.Option(help="Show the references beside the trials; ranks stay the same.")
    ] = True,
    pareto: Annotated[
        bool,
        typer.Option("--pareto", help="Only rows that no other beats in accuracy and time."),
    ] = False,
    home: HomeOption = None,
    format: Annotated[
        ReportFormat | None,
        typer.Option(
            "--format",
            "-f",
            help="How to print the board; html: a single page with charts; svg: a picture of "
            "the table.",
            show_default="by the suffix of --output, else table",
        ),
    ] = None,
    inside: Annotated[
        bool,
        typer.Option(
            help="Show in html what the best models answer wrongly, their weights and feature "
            "maps; each is looked into once, for which TensorFlow is loaded.",
        ),
    ] = True,
    output: OutputOption = None,
) -> None:
    """Rank trials and references together, with a board for each data set.

    Measured references add verdicts, times, findings and learning curves below the board, a
    confirmed search what `confirm` says; markdown, html and json tell how it all was made, with
    every command as it was typed. CSV holds the leaderboard alone.

    Example: mnist-search report --top 10, or
    mnist-search report bench-mnist -f markdown -o reports/references.md, or
    mnist-search report cnn-mnist-seed1 -f html -o report.html
    """
    from mnist_search.commands.report import report as rank
    from mnist_search.reporting.leaderboard import render_report

    form = chosen_format(format, output, of=get_args(ReportFormat), default="table")
    if inside and form != "html":
        refuse_without(context, "--format html", "inside")
    shown = _SHOWN.get(form, 0) if top is None else top
    with _uncollected():
        found = rank(
            studies or (),
            sort=sort,
            top=shown if shown > 0 else None,
            pareto=pareto,
            references=references,
            home=home,
        )
        for reason in found.left_out:
            tell(f"left out: {reason}")
        plain = output is not None
        write_output(output, render_report(found, form, plain=plain, inside=inside, notice=tell))


@contextmanager
def _uncollected() -> Iterator[None]:
    """Look for no garbage inside the block.

    To read a study makes many objects and no cycles among them: with a thousand trials, over a
    quarter of the time went into looking for some. Those that are left in the end are not looked
    through either, as the command is over.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.freeze()
            gc.enable()
