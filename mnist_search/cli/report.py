"""`mnist-search report`: the leaderboard."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Literal, get_args

import typer

from mnist_search.cli._completing import complete_study
from mnist_search.cli.options import HomeOption, OutputOption
from mnist_search.cli.outputs import STDOUT, chosen_format, write_output
from mnist_search.cli.streams import say
from mnist_search.errors import MnistSearchError

ReportFormat = Literal["table", "json", "csv", "markdown", "html"]

# Of thousands of rows a page shows the best; JSON and CSV have them all.
_SHOWN = {"table": 40, "html": 1000}


def report(
    studies: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[STUDY]...",
            autocompletion=complete_study,
            help="Studies to rank; none: all in the home.",
        ),
    ] = None,
    sort: Annotated[
        Literal["accuracy", "time", "parameters", "inference", "name", "number"] | None,
        typer.Option(
            help="Order of the rows.", show_default="accuracy, or time where all runs are quick"
        ),
    ] = None,
    top: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Rows shown of each board, references among them by their rank; 0: all.",
            show_default="40 in a table, 1000 in html, else all",
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
            help="How to print the board; html: a page of its own, with charts.",
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
    from mnist_search.analysis.boards import build_leaderboards
    from mnist_search.cli._inside import find_insides
    from mnist_search.references import REFERENCES
    from mnist_search.reporting import render_leaderboard
    from mnist_search.reporting.made import made_facts
    from mnist_search.reporting.searches import search_reports
    from mnist_search.studies import read_confirmations, read_studies, resolve_home
    from mnist_search.studies.reading import read_labels

    form = chosen_format(format, output, of=get_args(ReportFormat), default="table")
    where, names = resolve_home(home, os.environ), studies or []
    left_out: set[str] = set()

    def tell(error: MnistSearchError) -> None:
        if error.message not in left_out:
            left_out.add(error.message)
            say(f"left out: {error.message}", err=True)

    shown = _SHOWN.get(form, 0) if top is None else top
    with _uncollected():
        found = read_studies(where, names, tell)
        records = [record for study in found for record in study.records]
        boards = build_leaderboards(
            records,
            REFERENCES,
            sort=sort,
            top=shown if shown > 0 else None,
            pareto=pareto,
            hide_references=not references,
            labels=read_labels(records),
        )
        confirmed = () if form == "csv" else read_confirmations(where, records, REFERENCES, tell)
        with_sessions = form not in ("csv", "table")
        sessions = {each.spec.name: each.sessions for each in found if with_sessions}
        specs = [each.spec for each in found] if form in ("html", "markdown") else []
        if form == "html":
            from mnist_search.reporting.html import render_page
            from mnist_search.reporting.mistakes import gather_answers

            text = render_page(
                boards,
                records,
                specs,
                answers=gather_answers(boards, records),
                confirmations=confirmed,
                insides=find_insides(boards, records, where, confirmed) if inside else [],
                sessions=sessions,
            )
        else:
            made = [made_facts(spec, records, sessions.get(spec.name, ())) for spec in specs]
            text = render_leaderboard(
                boards,
                form,
                plain=output not in (None, STDOUT),
                confirmed=confirmed,
                made=made,
                sessions=sessions,
                searches=search_reports([each.spec for each in found], records),
            )
        write_output(output, text)


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
