"""`data status`, `fetch`, `save` and `show`: where the images come from and what they are."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from mnist_search.choices import Format
from mnist_search.cli.options import FormatOption
from mnist_search.cli.streams import say
from mnist_search.errors import UsageError

if TYPE_CHECKING:
    from mnist_search.datasets import DatasetStatus, FullData
    from mnist_search.reporting import Column
    from mnist_search.reporting.terminal import Terminal
    from mnist_search.specs import DatasetRef

Row = dict[str, Any]

FETCH_CONNECT_SECONDS = 10.0
TERMINAL_SAMPLES = 10
BAR_LENGTH = 30

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
def status(format: FormatOption = "table") -> None:
    """Check every place where data may be; downloads nothing.

    Example: mnist-search data status
    """
    from mnist_search.datasets import survey
    from mnist_search.reporting import Column, render_rows

    columns = [
        Column("name", "data set", "word"),
        Column("origin", "from", "word"),
        Column("state", "state", "word"),
        Column("auto", "auto", "word"),
        Column("train_images", "training", "count", 1),
        Column("test_images", "test", "count", 1),
        Column("location", "location", "text", 1),
    ]
    if format == "csv":
        columns += [Column("digest", "digest"), Column("problem", "problem")]
    rows = status_rows(survey(os.environ))
    notes = ["auto: what --dataset auto takes when nothing can be downloaded"]
    notes += dict.fromkeys(row["problem"] for row in rows if row["problem"] is not None)
    say(render_rows(rows, columns, format, title="Data", notes=notes), nl=False)


@app.command()
def fetch(
    name: Annotated[
        Literal["mnist", "fashion-mnist"], typer.Argument(help="Data set to download.")
    ] = "mnist",
) -> None:
    """Download a data set into Keras' cache, checked; print the place where it is.

    Example: mnist-search data fetch fashion-mnist
    """
    from mnist_search.datasets import DownloadLimits, Means, find_data

    cache_alone = {key: value for key, value in os.environ.items() if key != "MNIST_SEARCH_DATA"}
    limits = DownloadLimits(connect_seconds=FETCH_CONNECT_SECONDS)
    ref = find_data(name, Means(environ=cache_alone, notice=_say, limits=limits)).ref
    _say(f"{name}: {ref.train_images:,} training and {ref.test_images:,} test images, as published")
    say(ref.path)


@app.command()
def save(
    dataset: DatasetArgument,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="The .npz file to write.")
    ],
) -> None:
    """Write a data set as a plain .npz, as exported scripts and other programs read it.

    Example: mnist-search data save digits -o digits.npz
    """
    from mnist_search.datasets import Means, find_data, save_data

    save_data(find_data(dataset, Means(environ=os.environ, notice=_say)).ref, output)
    _say(f"written: {output}")


@app.command()
def show(
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
            metavar="FILE",
            help="Draw the histogram there, .png or .svg; with --samples the images beside it, "
            "in FILE-samples.",
        ),
    ] = None,
    format: FormatOption = "table",
) -> None:
    """Show what is read as what, how often each class occurs, and sample images.

    Example: mnist-search data show mnist --samples 20
    """
    from mnist_search.datasets import Means, find_data, load_full
    from mnist_search.reporting import render_rows
    from mnist_search.reporting.terminal import detect_terminal

    wanted = sample_count(samples, format, terminal=sys.stdout.isatty()) if output is None else 0
    found = find_data(dataset, Means(environ=os.environ, notice=_say))
    ref = found.ref
    data = load_full(ref)
    ascii_only = detect_terminal().ascii_only
    bar = None if format != "table" else "#" if ascii_only else "\N{FULL BLOCK}"
    rows = class_rows(ref.name, data, bar=bar)
    title = f"{ref.name}: {ref.train_images:,} training and {ref.test_images:,} test images"
    notes = [found.sentence] if found.published else []
    if ref.fallback:
        notes.append("these digits stand in for MNIST, which was neither found nor downloadable")
    say(render_rows(rows, class_columns(rows, format), format, title=title, notes=notes), nl=False)
    if wanted > 0:
        say("\n" + "\n".join(sample_lines(ref.name, data, wanted, detect_terminal())))
    if output is not None:
        for path in draw_data(ref, data, output, 0 if samples is None else samples):
            _say(f"drawn: {path}")


def status_rows(statuses: Sequence[DatasetStatus]) -> list[Row]:
    """Return a row for each place where data may be."""
    origins = {
        "variable": "MNIST_SEARCH_DATA",
        "keras-cache": "Keras' cache",
        "embedded": "scikit-learn",
    }
    return [
        {
            "name": item.name,
            "origin": origins[item.origin],
            "state": item.state,
            "auto": item.auto,
            "train_images": None if item.ref is None else item.ref.train_images,
            "test_images": None if item.ref is None else item.ref.test_images,
            "digest": None if item.ref is None else item.ref.digest,
            "location": item.location,
            "problem": item.problem,
        }
        for item in statuses
    ]


def class_rows(name: str, data: FullData, *, bar: str | None) -> list[Row]:
    """Return a row for each class, with a histogram of that character; shares are fractions."""
    from mnist_search.datasets import class_counts, class_names

    train, test = class_counts(data.y_train), class_counts(data.y_test)
    rows: list[Row] = []
    for label, class_name in enumerate(class_names(name)):
        row: Row = {
            "label": label,
            "class_name": class_name,
            "train_images": train[label],
            "train_share": train[label] / sum(train),
            "test_images": test[label],
            "test_share": test[label] / sum(test),
        }
        if bar is not None:
            row["histogram"] = bar * round(BAR_LENGTH * train[label] / max(train))
        rows.append(row)
    return rows


def class_columns(rows: Sequence[Row], format: Format) -> list[Column]:
    """Return the columns that are worth showing of `class_rows`."""
    from mnist_search.reporting import Column

    named = any(row["class_name"] != str(row["label"]) for row in rows)
    columns = [
        Column("label", "label", "count", 0),
        Column("class_name", "class", "word", 1),
        Column("train_images", "training", "count", 0),
        Column("train_share", "share", "percent", 0),
        Column("histogram", "histogram", "word", 2),
        Column("test_images", "test", "count", 1),
        Column("test_share", "share", "percent", 1),
    ]
    hidden = {"histogram"} if format != "table" else set()
    if format in {"table", "markdown"} and not named:
        hidden.add("class_name")
    return [column for column in columns if column.key not in hidden]


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


def sample_lines(name: str, data: FullData, count: int, terminal: Terminal) -> list[str]:
    """Return training images of all classes in turn, drawn with their labels above them."""
    from mnist_search.datasets import class_names
    from mnist_search.reporting.drawing import draw_images, pick_samples

    chosen = pick_samples(data.y_train, count)
    names = class_names(name)
    captions = [
        names[label] if names[label] == str(label) else f"{label} {names[label]}"
        for label in data.y_train[chosen].tolist()
    ]
    return draw_images(
        data.x_train[chosen],
        captions,
        columns=terminal.width,
        colour=terminal.color and not terminal.ascii_only,
        blocks=not terminal.ascii_only,
    )


def draw_data(ref: DatasetRef, data: FullData, path: Path, samples: int) -> list[Path]:
    """Draw the training images' histogram and some of them; return the files written."""
    from mnist_search.datasets import class_counts, class_names
    from mnist_search.reporting.charts.files import save_chart
    from mnist_search.reporting.charts.portraits import class_counts as count_bars
    from mnist_search.reporting.charts.portraits import picture_grid
    from mnist_search.reporting.drawing import pick_samples
    from mnist_search.reporting.pictures import picture_of

    name = f"{ref.name}, not MNIST" if ref.fallback else ref.name
    names = class_names(ref.name)
    bars = count_bars(class_counts(data.y_train), names)
    assert bars is not None, "a data set has images"
    save_chart(bars, path, title=f"{name}: training images by class")
    if samples == 0:
        return [path]
    chosen = pick_samples(data.y_train, samples)
    captions = [names[label] for label in data.y_train[chosen].tolist()]
    beside = path.with_stem(f"{path.stem}-samples")
    pictures = [picture_of(image.reshape(28, 28), 0, 255) for image in data.x_train[chosen]]
    grid = picture_grid(pictures, captions, columns=10)
    assert grid is not None
    save_chart(grid, beside, title=f"{name}: training images")
    return [path, beside]


def _say(text: str) -> None:
    say("".join(c if c.isprintable() else "?" for c in text), err=True)
