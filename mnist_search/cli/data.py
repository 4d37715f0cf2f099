"""`data status`, `fetch`, `save` and `show`: where the images come from and what they are."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal, get_args

import typer

from mnist_search.choices import Format
from mnist_search.cli.options import FormatOption
from mnist_search.cli.outputs import chosen_format, typed_output, typed_path, write_output
from mnist_search.cli.session import CommandSession, tell
from mnist_search.cli.streams import say
from mnist_search.errors import UsageError

TERMINAL_SAMPLES = 10
# What these are is no format of rows: charts are drawn beside the rows.
PICTURES = (".png", ".svg")

DatasetArgument = Annotated[
    str,
    typer.Argument(
        envvar="MNIST_SEARCH_DATASET",
        help="auto, mnist, fashion-mnist, digits, or your own file or folder: .npz, IDX, .npy "
        "or CSV.",
    ),
]

app = typer.Typer(help="Where the images come from, and what they are.", no_args_is_help=True)


@app.command()
def status(called: typer.Context, format: FormatOption = "table") -> None:
    """Check every place where data may be; downloads nothing.

    Example: mnist-search data status
    """
    from mnist_search.commands.data import data_status
    from mnist_search.reporting.data import render_status

    say(render_status(data_status(context=CommandSession(called).context), format), nl=False)


@app.command()
def fetch(
    called: typer.Context,
    name: Annotated[
        Literal["mnist", "fashion-mnist"], typer.Argument(help="Data set to download.")
    ] = "mnist",
) -> None:
    """Download a data set into Keras' cache, checked; print the place where it is.

    Example: mnist-search data fetch fashion-mnist
    """
    from mnist_search.commands.data import data_fetch

    ref = data_fetch(name, context=CommandSession(called).context)
    tell(f"{name}: {ref.train_images:,} training and {ref.test_images:,} test images, as published")
    say(ref.path)


@app.command()
def save(
    called: typer.Context,
    dataset: DatasetArgument,
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", parser=typed_path, metavar="FILE", help="The .npz file to write."
        ),
    ],
) -> None:
    """Write a data set as a plain .npz, as exported scripts and other programs read it.

    Example: mnist-search data save digits -o digits.npz
    """
    from mnist_search.commands.data import data_save

    data_save(dataset, output, context=CommandSession(called).context)
    tell(f"written: {output}")


@app.command()
def show(
    called: typer.Context,
    dataset: DatasetArgument = "auto",
    samples: Annotated[
        int | None,
        typer.Option(
            min=0, max=1000, help="Training images to draw.", show_default="10 on a terminal"
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            parser=typed_output,
            metavar="FILE",
            help="Draw the histogram there, .png or .svg, with --samples the images beside it, "
            "in FILE-samples; or write the rows there, .json, .csv, .md or .txt.",
        ),
    ] = None,
    format: Annotated[
        Format | None,
        typer.Option(
            "--format",
            "-f",
            help="How to print the rows.",
            show_default="by the suffix of --output, else table",
        ),
    ] = None,
) -> None:
    """Show what is read as what, how often each class occurs, and sample images.

    Example: mnist-search data show mnist --samples 20
    """
    from mnist_search.commands.data import data_show
    from mnist_search.reporting.data import draw_data, render_data, sample_lines
    from mnist_search.reporting.terminal import detect_terminal

    picture = output if output is not None and output.suffix.lower() in PICTURES else None
    file = None if picture is not None else output
    form = chosen_format(format, file, of=(*get_args(Format),), default="table", also=PICTURES)
    on_screen = sys.stdout.isatty() and file is None
    wanted = sample_count(samples, form, terminal=on_screen) if picture is None else 0
    shown = data_show(dataset, context=CommandSession(called).context)
    text = render_data(shown, form, plain=file is not None)
    if wanted > 0:
        lines = sample_lines(shown.ref.name, shown.data, wanted, detect_terminal())
        text += "\n" + "\n".join(lines) + "\n"
    write_output(file, text)
    if picture is not None:
        drawn = draw_data(shown.ref, shown.data, picture, 0 if samples is None else samples)
        for path in drawn:
            tell(f"drawn: {path}")


def sample_count(samples: int | None, format: Format, *, terminal: bool) -> int:
    """Return how many images to draw.

    Raises UsageError where drawings would damage what a program reads.
    """
    if format != "table":
        if samples is not None and samples > 0:
            raise UsageError(f"--samples needs --format table, got --format {format}")
        return 0
    if samples is None:
        return TERMINAL_SAMPLES if terminal else 0
    return samples
