"""Where the images come from: looked for, fetched, written as one file, and shown."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mnist_search.commands.context import Context
from mnist_search.datasets import (
    DatasetStatus,
    DownloadLimits,
    FullData,
    Means,
    find_data,
    load_full,
    save_data,
    survey,
)
from mnist_search.specs import DatasetRef

# Who asks for a download by itself waits longer for it than who only starts a search.
FETCH_CONNECT_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownData:
    """A data set; `read_as` says what was read as what, None where that goes without saying."""

    ref: DatasetRef
    data: FullData
    read_as: str | None


def data_status(*, context: Context | None = None) -> list[DatasetStatus]:
    """Return what is in every place where data may be; nothing is downloaded."""
    context = Context.of_this_process() if context is None else context
    return list(survey(context.environ))


def data_fetch(
    name: Literal["mnist", "fashion-mnist"] = "mnist", *, context: Context | None = None
) -> DatasetRef:
    """Download a data set into Keras' cache, checked; raises DataError where it cannot be had."""
    context = Context.of_this_process() if context is None else context
    cache_alone = {key: each for key, each in context.environ.items() if key != "MNIST_SEARCH_DATA"}
    limits = DownloadLimits(connect_seconds=FETCH_CONNECT_SECONDS)
    return find_data(name, Means(environ=cache_alone, notice=context.notice, limits=limits)).ref


def data_save(dataset: str, output: Path | str, *, context: Context | None = None) -> DatasetRef:
    """Write a data set as a plain .npz; raises UsageError where it cannot be written."""
    context = Context.of_this_process() if context is None else context
    ref = find_data(dataset, Means(environ=context.environ, notice=context.notice)).ref
    save_data(ref, Path(output))
    return ref


def data_show(dataset: str = "auto", *, context: Context | None = None) -> ShownData:
    """Return a data set with all of its images."""
    context = Context.of_this_process() if context is None else context
    found = find_data(dataset, Means(environ=context.environ, notice=context.notice))
    return ShownData(
        ref=found.ref,
        data=load_full(found.ref),
        read_as=found.sentence if found.published else None,
    )
