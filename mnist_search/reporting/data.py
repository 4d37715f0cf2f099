"""Data sets as rows, as pictures of a terminal, and as charts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mnist_search.choices import Format
from mnist_search.commands.data import ShownData
from mnist_search.datasets import DatasetStatus, FullData
from mnist_search.reporting.cells import Column, to_ascii
from mnist_search.reporting.rows import render_rows
from mnist_search.reporting.terminal import Terminal, detect_terminal
from mnist_search.specs import DatasetRef

Row = dict[str, Any]

BAR_LENGTH = 30


def render_status(statuses: Sequence[DatasetStatus], format: Format) -> str:
    """Return what is in every place where data may be, as text."""
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
    rows = status_rows(statuses)
    notes = ["auto: what --dataset auto takes when nothing can be downloaded"]
    notes += dict.fromkeys(row["problem"] for row in rows if row["problem"] is not None)
    return render_rows(rows, columns, format, title="Data", notes=notes)


def render_data(shown: ShownData, format: Format, *, plain: bool = False) -> str:
    """Return how often each class occurs, as text; `plain` is for a file."""
    ref = shown.ref
    ascii_only = detect_terminal(plain=plain).ascii_only
    bar = None if format != "table" else "#" if ascii_only else "\N{FULL BLOCK}"
    rows = class_rows(ref.name, shown.data, bar=bar)
    title = f"{ref.name}: {ref.train_images:,} training and {ref.test_images:,} test images"
    notes = [] if shown.read_as is None else [shown.read_as]
    if ref.fallback:
        notes.append("these digits stand in for MNIST, which was neither found nor downloadable")
    columns = class_columns(rows, format)
    return render_rows(rows, columns, format, title=title, notes=notes, plain=plain)


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

    train, test = class_counts(data.train.labels), class_counts(data.test.labels)
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


def sample_lines(name: str, data: FullData, count: int, terminal: Terminal) -> list[str]:
    """Return training images of all classes in turn, drawn with their labels above them."""
    from mnist_search.datasets import class_names
    from mnist_search.reporting.drawing import draw_images, pick_samples

    chosen = pick_samples(data.train.labels, count)
    names = class_names(name)
    captions = [
        names[label] if names[label] == str(label) else f"{label} {names[label]}"
        for label in data.train.labels[chosen].tolist()
    ]
    lines = draw_images(
        data.train.images[chosen],
        captions,
        columns=terminal.width,
        colour=terminal.color and not terminal.ascii_only,
    )
    return [to_ascii(line) if terminal.ascii_only else line for line in lines]


def draw_data(ref: DatasetRef, data: FullData, path: Path, samples: int) -> list[Path]:
    """Draw the training images' histogram and some of them; return the files written."""
    from mnist_search.datasets import class_counts, class_names
    from mnist_search.reporting.charts.files import save_chart
    from mnist_search.reporting.charts.portraits import class_counts as count_bars
    from mnist_search.reporting.charts.portraits import picture_grid
    from mnist_search.reporting.drawing import pick_samples
    from mnist_search.reporting.inside import picture_of

    name = f"{ref.name}, not MNIST" if ref.fallback else ref.name
    names = class_names(ref.name)
    bars = count_bars(class_counts(data.train.labels), names)
    assert bars is not None, "a data set has images"
    save_chart(bars, path, title=f"{name}: training images by class")
    if samples == 0:
        return [path]
    chosen = pick_samples(data.train.labels, samples)
    captions = [names[label] for label in data.train.labels[chosen].tolist()]
    beside = path.with_stem(f"{path.stem}-samples")
    pictures = [picture_of(image.reshape(28, 28), 0, 255) for image in data.train.images[chosen]]
    grid = picture_grid(pictures, captions, columns=10)
    assert grid is not None
    save_chart(grid, beside, title=f"{name}: training images")
    return [path, beside]
