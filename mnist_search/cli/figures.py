"""`mnist-search figures`: what a study or a finished run looks like."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, get_args

import typer

from mnist_search.choices import PictureFormat
from mnist_search.cli._completing import complete_trial
from mnist_search.cli.options import (
    HomeOption,
    ReferenceSeedOption,
    StudyArgument,
    StudyDatasetOption,
    refuse_without,
)
from mnist_search.cli.outputs import chosen_format, typed_path
from mnist_search.cli.session import CommandSession
from mnist_search.cli.streams import say
from mnist_search.errors import UsageError


def figures(
    called: typer.Context,
    study: StudyArgument,
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
        typer.Option(
            "--output",
            "-o",
            parser=typed_path,
            metavar="FOLDER|FILE",
            help="Write the charts there, as files: into a folder, or beside a FILE.png or .svg, "
            "with its name before theirs.",
        ),
    ] = None,
    format: Annotated[
        PictureFormat | None,
        typer.Option(
            "--as",
            "--format",
            "-f",
            help="Format of the files.",
            show_default="by the suffix of --output, else png",
        ),
    ] = None,
    digit: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=9,
            help="Class whose first image the feature maps are made of.",
            show_default="7",
        ),
    ] = None,
    seed: ReferenceSeedOption = None,
    show: Annotated[
        bool | None,
        typer.Option(
            "--show/--no-show",
            help="Print curves, weights, confusion and mistakes as text.",
            show_default="on a terminal",
        ),
    ] = None,
    dataset: StudyDatasetOption = None,
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
    from mnist_search.commands.figures import RunFigures
    from mnist_search.commands.figures import figures as find_figures

    # The name of a folder that is there says nothing.
    if output is not None and str(output) == "-":
        raise UsageError("--output must name a folder or a file for the charts, got -")
    if run is None:
        refuse_without(called, "a run", "digit", "seed", "dataset")
        if show:
            raise UsageError("--show needs a run")
    if output is None and format is not None:
        raise UsageError("--as needs --output")
    named = None if output is None or output.is_dir() else output
    kind = chosen_format(format, named, of=get_args(PictureFormat), default="png", option="--as")
    shown = run is not None and (sys.stdout.isatty() if show is None else show)
    if output is None and run is None:
        raise UsageError("figures of a study needs --output DIR, where it writes its charts")
    if output is None and not shown:
        raise UsageError("figures needs --output DIR or --show, else it has nowhere to draw")
    found = find_figures(
        study,
        run,
        digit=digit,
        seed=seed,
        dataset=dataset,
        home=home,
        context=CommandSession(called).context,
    )
    if isinstance(found, RunFigures):
        if found.missing:
            hint = "" if found.hint is None else f" ({found.hint})"
            told = "; ".join(found.missing)
            say(f"{found.portrait.name}: not drawn: {told}{hint}", err=True)
        if shown:
            from mnist_search.reporting.drawing import portrait_text
            from mnist_search.reporting.terminal import detect_terminal

            here = detect_terminal()
            say(portrait_text(found.portrait, width=here.width, ascii_only=here.ascii_only))
    if output is not None:
        from mnist_search.reporting.charts.files import save_figures

        for path in save_figures(found, output, kind):
            say(path)
