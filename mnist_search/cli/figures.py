"""`mnist-search figures`: what a finished run looks like."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from mnist_search.cli._completing import complete_run, complete_study
from mnist_search.cli._options import HomeOption
from mnist_search.errors import UsageError


def figures(
    study: Annotated[
        str,
        typer.Argument(
            metavar="STUDY", autocompletion=complete_study, help="Study that holds the run."
        ),
    ],
    run: Annotated[
        str,
        typer.Argument(
            metavar="TRIAL|REFERENCE",
            autocompletion=complete_run,
            help="Number of a run, or name of a reference: its first complete run.",
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="DIR", help="Write the pictures there, as files."),
    ] = None,
    format: Annotated[
        Literal["png", "svg"], typer.Option("--format", "-f", help="Format of the files.")
    ] = "png",
    digit: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=9,
            help="Class whose first image the feature maps are made of.",
            show_default="7",
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Which of a reference's runs.", show_default="any")
    ] = None,
    show: Annotated[
        bool | None,
        typer.Option(
            "--show/--no-show",
            help="Print curves, weights, confusion and mistakes as text.",
            show_default="on a terminal",
        ),
    ] = None,
    home: HomeOption = None,
) -> None:
    """Draw learning curves, weights, confusions, mistakes and feature maps of a run.

    A search keeps the weights of its best trials (`run --keep-models`), a benchmark those of the
    first run of each reference; of other runs there is less to draw. Held-out trials are asked
    about the validation images, never about the test images.

    Example: mnist-search figures bench-mnist cnn-simple --output pictures
    """
    from mnist_search.cli._portrait import gather, show_text, tell_missing, write_pictures
    from mnist_search.reporting.figures import require_matplotlib
    from mnist_search.studies import choose_run, read_records, resolve_home, study_folder

    shown = sys.stdout.isatty() if show is None else show
    if output is not None:
        require_matplotlib()
    elif not shown:
        raise UsageError("figures needs --output DIR or --show, else it has nowhere to draw")
    place = resolve_home(home, os.environ)
    records = read_records(place, [study])
    record = choose_run(records, run, study=study, seed=seed)
    folder = study_folder(place, study)
    portrait, missing = gather(record, records, folder, digit=digit)
    tell_missing(portrait, missing, records, folder)
    if shown:
        show_text(portrait)
    if output is not None:
        write_pictures(portrait, output, format=format)
