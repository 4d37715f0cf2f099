"""From a name to a `DatasetRef`: find, fetch, check, recognise, find again, and look around."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from mnist_search.datasets.catalog import CATALOG, LIMITS, DownloadLimits, Source, fetch_file
from mnist_search.datasets.finding import Found, describe_parts, inspect
from mnist_search.datasets.hints import RULE
from mnist_search.datasets.loading import load_part, read_digits_part
from mnist_search.datasets.places import expand, is_there
from mnist_search.errors import DataError, UsageError
from mnist_search.paths import shorten
from mnist_search.specs import DatasetRef

VARIABLE = "MNIST_SEARCH_DATA"
NAMES = ("auto", "mnist", "fashion-mnist", "digits")
HOME_HINT = "set HOME, or KERAS_HOME to a folder"

Notice = Callable[[str], None]
State = Literal["ok", "missing", "damaged", "other"]
Origin = Literal["variable", "keras-cache", "embedded"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """Where to look for data, what to fetch and how long, and whom to tell what happens."""

    environ: Mapping[str, str]
    notice: Notice = lambda _: None
    catalog: Mapping[str, Source] = field(default_factory=lambda: CATALOG)
    limits: DownloadLimits = LIMITS


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetStatus:
    """One place where data may be; `other` means sound data that is not the named set.

    `auto` marks the place that `--dataset auto` takes; a download may come before the embedded
    digits.
    """

    name: str
    origin: Origin
    location: str | None = None
    state: State = "missing"
    auto: bool = False
    ref: DatasetRef | None = None
    problem: str | None = None


def resolve(
    name: str, *, environ: Mapping[str, str], notice: Notice = lambda _: None
) -> DatasetRef:
    """Find a data set as `find_data` does."""
    return find_data(name, Means(environ=environ, notice=notice)).ref


def find_data(name: str, means: Means) -> Found:
    """Find the data set `auto`, `mnist`, `fashion-mnist`, `digits`, or one at a path.

    The notice is given a sentence on a download, on why `auto` falls back to the embedded digits,
    on what was read as what, unless it is a published data set, and on what is odd about it.
    Raises DataError when the data is damaged, wrong or neither found nor downloadable, and
    UsageError for a name that is neither known nor a path.
    """
    match name:
        case "auto":
            found = _from_variable(means) or _mnist_or_digits(means)
        case "mnist":
            found = _from_variable(means) or _published(name, means)
            ref = found.ref
            if ref.name != "mnist":
                raise DataError(
                    f"{VARIABLE}: {ref.path} does not hold MNIST but {ref.name} "
                    f"({ref.train_images:,} + {ref.test_images:,} images)",
                    hint=f"use --dataset auto to work with it, or set {VARIABLE} to MNIST",
                )
        case "fashion-mnist":
            found = _published(name, means)
        case "digits":
            found = _digits(fallback=False)
        case _:
            found = _from_path(name, means)
    for sentence in (*(() if found.published else (found.sentence,)), *found.warnings):
        means.notice(sentence)
    return found


def find_again(
    ref: DatasetRef,
    environ: Mapping[str, str],
    *,
    notice: Notice = lambda _: None,
    catalog: Mapping[str, Source] = CATALOG,
) -> DatasetRef:
    """Return the reference with the place where its images are now.

    Looks at the stored place, at MNIST_SEARCH_DATA and in Keras' cache, and goes by the digest;
    at the stored place the test images are not read. `notice` is told of another place. Raises
    DataError where the images are in none of them.
    """
    try:
        load_part(ref, "train")
        return ref
    except DataError as error:
        lost = error
    for row in _look_around(environ, catalog):
        if row.ref is not None and row.ref.digest == ref.digest:
            notice(f"{lost.message}; the same images are read from {row.location}")
            return ref.model_copy(update={"path": row.ref.path})
    raise DataError(
        f"{lost.message}; {VARIABLE} and Keras' cache do not hold the same images either",
        hint=f"--dataset or {VARIABLE} may say where the data of the study is now",
    ) from lost


def survey(
    environ: Mapping[str, str], catalog: Mapping[str, Source] = CATALOG
) -> tuple[DatasetStatus, ...]:
    """Look at the variable, Keras' cache and the embedded digits; reads and checks all of it."""
    rows = [*_look_around(environ, catalog)]
    digits = _digits(fallback=False).ref
    rows.append(DatasetStatus(name="digits", origin="embedded", state="ok", ref=digits))
    # The variable is taken whatever it holds, the cache where it holds MNIST.
    taken = next(
        row
        for row in rows
        if row.origin != "keras-cache" or (row.name == "mnist" and row.state == "ok")
    )
    return tuple(replace(row, auto=row is taken) for row in rows)


def _look_around(
    environ: Mapping[str, str], catalog: Mapping[str, Source]
) -> Iterator[DatasetStatus]:
    """Yield what is at MNIST_SEARCH_DATA, where it is set, and in Keras' cache."""
    if value := environ.get(VARIABLE):
        row = DatasetStatus(name="mnist", origin="variable", location=value)
        try:
            yield _look(row, expand(value, environ), catalog)
        except DataError as error:
            yield replace(row, problem=error.message)
    for source in catalog.values():
        row = DatasetStatus(name=source.name, origin="keras-cache")
        place = source.location(environ)
        if place is None:
            yield replace(row, problem=f"there is no home folder: {HOME_HINT}")
        elif is_there(place):
            yield _look(row, place, catalog)
        else:
            yield replace(row, location=str(place))


def _look(row: DatasetStatus, place: Path, catalog: Mapping[str, Source]) -> DatasetStatus:
    row = replace(row, location=str(place))
    try:
        ref = inspect(place, catalog).ref
    except DataError as error:
        state: State = "damaged" if is_there(place) else "missing"
        return replace(row, state=state, problem=error.message)
    name = ref.name if row.origin == "variable" else row.name
    return replace(row, name=name, state="ok" if ref.name == row.name else "other", ref=ref)


def _digits(*, fallback: bool) -> Found:
    ref = describe_parts(
        "digits", read_digits_part("train"), read_digits_part("test"), fallback=fallback
    )
    told = "read scikit-learn's digits of 8x8, enlarged to 28x28"
    return Found(ref=ref, sentence=told, published=True)


def _mnist_or_digits(means: Means) -> Found:
    try:
        return _published("mnist", means)
    except DataError as error:
        means.notice(
            f"{error.message}; scikit-learn's embedded digits stand in for MNIST: "
            "their scores say nothing about MNIST"
        )
        return _digits(fallback=True)


def _from_variable(means: Means) -> Found | None:
    value = means.environ.get(VARIABLE)
    if not value:
        return None
    try:
        return inspect(expand(value, means.environ), means.catalog)
    except DataError as error:
        hint = f"set {VARIABLE} to an mnist.npz or a folder with the four IDX files, or unset it"
        raise DataError(
            f"{VARIABLE}: {error.message}", hint=hint if error.hint is None else error.hint
        ) from error


def _published(name: str, means: Means) -> Found:
    source = means.catalog[name]
    place = source.location(means.environ)
    if place is None:
        raise DataError(
            f"no {source.title}: there is no home folder with Keras' cache",
            hint=HOME_HINT,
        )
    problem = f"no {source.title} at {place}"
    if is_there(place):
        try:
            return _checked(source, place, means)
        except DataError as error:
            problem = error.message
            means.notice(f"{problem}; fetching it again")
    try:
        for file in source.files:
            fetch_file(
                file.url,
                place.parent / file.path,
                sha256=file.sha256,
                lock=place.parent / f".{source.place}.lock",
                limits=means.limits,
                notice=means.notice,
            )
        return _checked(source, place, means)
    except DataError as error:
        hint = (
            f"set {VARIABLE} to an mnist.npz, or go online and run "
            "`mnist-search data fetch`, or use --dataset digits"
        )
        if source.name != "mnist":
            hint = (
                f"go online and run `mnist-search data fetch {source.name}`, "
                "or give --dataset a folder with its four IDX files"
            )
        raise DataError(f"{problem}, and {error.message}", hint=hint) from error


def _checked(source: Source, place: Path, means: Means) -> Found:
    found = inspect(place, means.catalog)
    if found.ref.name != source.name:
        raise DataError(f"{place}: does not hold {source.title} but other images")
    return found


def _from_path(name: str, means: Means) -> Found:
    path = expand(name, means.environ)
    if not name or not ("/" in name or "." in name or is_there(path)):
        raise UsageError(
            f"dataset must be {', '.join(NAMES)}, or a file or folder that exists, "
            f"got {shorten(name)!r}",
            hint=RULE,
        )
    return inspect(path, means.catalog)
