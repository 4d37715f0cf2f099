"""`mnist-search figures`: what a study or a finished run looks like."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from mnist_search.cli._completing import complete_study, complete_trial
from mnist_search.cli.options import HomeOption
from mnist_search.errors import UsageError


def figures(
    study: Annotated[
        str,
        typer.Argument(
            metavar="STUDY", autocompletion=complete_study, help="Study that holds the run."
        ),
    ],
    run: Annotated[
        str | None,
        typer.Argument(
            metavar="[TRIAL|winner|REFERENCE]",
            autocompletion=complete_trial,
            help="Number of a run, winner, or a reference: its first complete run. "
            "None: the study itself.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="DIR", help="Write the charts there, as files."),
    ] = None,
    format: Annotated[
        Literal["png", "svg"], typer.Option("--as", "--format", "-f", help="Format of the files.")
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
    """Draw a study, or one of its runs: curves, weights, confusions, mistakes, feature maps.

    Without a run, the charts of the study that `report -f html` shows are written. A search keeps
    the weights of its best trials (`run --keep-models`), a benchmark those of the first run of
    each reference; of other runs there is less to draw. Held-out trials are shown validation
    images, never test images.

    Example: mnist-search figures bench-mnist cnn-simple --output pictures, or
    mnist-search figures cnn-mnist-seed1 winner --as svg -o pictures
    """
    from mnist_search.cli._portrait import (
        gather,
        show_text,
        tell_missing,
        write_pictures,
        write_study,
    )
    from mnist_search.studies import (
        choose_run,
        read_confirmed,
        read_records,
        resolve_home,
        study_folder,
    )
    from mnist_search.studies.explaining import WINNER, choose_trial

    place = resolve_home(home, os.environ)
    if run is None:
        if output is None:
            raise UsageError("figures of a study needs --output DIR, where it writes its charts")
        write_study(place, study, output, format=format)
        return
    shown = sys.stdout.isatty() if show is None else show
    if output is None and not shown:
        raise UsageError("figures needs --output DIR or --show, else it has nowhere to draw")
    records = read_records(place, [study])
    if run == WINNER:
        record = choose_trial(records, read_confirmed(place, study), run, study=study)
    else:
        record = choose_run(records, run, study=study, seed=seed)
    folder = study_folder(place, study)
    portrait, missing = gather(record, records, folder, digit=digit)
    tell_missing(portrait, missing, records, folder)
    if shown:
        show_text(portrait)
    if output is not None:
        write_pictures(portrait, record, output, format=format)
