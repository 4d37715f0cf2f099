"""From a name to a `DatasetRef`: find, fetch, check, recognise, find again, and look around."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from mnist_search.datasets.arrays import Part, join_digests
from mnist_search.datasets.catalog import CATALOG, LIMITS, DownloadLimits, Source, fetch_file
from mnist_search.datasets.finding import read_whole
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
class Found:
    """A data set that was found.

    `sentence` says what was read as what, `warnings` what is odd about the images. `published`:
    they are those of a data set that everyone knows.
    """

    ref: DatasetRef
    sentence: str
    warnings: tuple[str, ...] = ()
    published: bool = False


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
    state: State
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
    for place in _places(environ, catalog):
        try:
            found = inspect(place, catalog).ref
        except DataError:
            continue
        if found.digest == ref.digest:
            notice(f"{lost.message}; the same images are read from {place}")
            return ref.model_copy(update={"path": found.path})
    raise DataError(
        f"{lost.message}; {VARIABLE} and Keras' cache do not hold the same images either",
        hint=f"set {VARIABLE} to where the data of the study is now",
    ) from lost


def inspect(path: Path, catalog: Mapping[str, Source] = CATALOG) -> Found:
    """Read everything at a path, check it, and name it by what its arrays are."""
    whole = read_whole(path)
    known = [source.name for source in catalog.values() if source.holds(whole.train, whole.test)]
    name = known[0] if known else whole.name
    ref = _ref(name, whole.train, whole.test, path=str(whole.path))
    return Found(ref=ref, sentence=whole.sentence, warnings=whole.warnings, published=bool(known))


def survey(
    environ: Mapping[str, str], catalog: Mapping[str, Source] = CATALOG
) -> tuple[DatasetStatus, ...]:
    """Look at the variable, Keras' cache and the embedded digits; reads and checks all of it."""
    rows: list[DatasetStatus] = []
    if value := environ.get(VARIABLE):
        try:
            place, problem = expand(value, environ), None
        except DataError as error:
            place, problem = Path(value), error.message
        rows.append(_look("mnist", "variable", place, catalog, problem))
    for source in catalog.values():
        rows.append(_look(source.name, "keras-cache", source.location(environ), catalog))
    digits = _digits(fallback=False).ref
    rows.append(DatasetStatus(name="digits", origin="embedded", state="ok", ref=digits))
    # The variable is taken whatever it holds, the cache where it holds MNIST.
    taken = next(
        row
        for row in rows
        if row.origin != "keras-cache" or (row.name == "mnist" and row.state == "ok")
    )
    return tuple(replace(row, auto=row is taken) for row in rows)


def _look(
    name: str,
    origin: Origin,
    place: Path | None,
    catalog: Mapping[str, Source],
    problem: str | None = None,
) -> DatasetStatus:
    ref: DatasetRef | None = None
    state: State = "missing"
    if place is None:
        problem = f"there is no home folder: {HOME_HINT}"
    elif problem is None and (is_there(place) or origin == "variable"):
        try:
            ref = inspect(place, catalog).ref
            state = "ok" if ref.name == name else "other"
        except DataError as error:
            state = "damaged" if is_there(place) else "missing"
            problem = error.message
    return DatasetStatus(
        name=ref.name if ref is not None and origin == "variable" else name,
        origin=origin,
        location=None if place is None else str(place),
        state=state,
        ref=ref,
        problem=problem,
    )


def _ref(
    name: str, train: Part, test: Part, *, path: str | None = None, fallback: bool = False
) -> DatasetRef:
    return DatasetRef(
        name=name,
        path=path,
        digest=join_digests(train, test),
        train_images=len(train.labels),
        test_images=len(test.labels),
        fallback=fallback,
        held_out="halves",
    )


def _digits(*, fallback: bool) -> Found:
    ref = _ref("digits", read_digits_part("train"), read_digits_part("test"), fallback=fallback)
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


def _places(environ: Mapping[str, str], catalog: Mapping[str, Source]) -> Iterator[Path]:
    """Yield where data may be: MNIST_SEARCH_DATA, and what there is in Keras' cache."""
    if value := environ.get(VARIABLE):
        yield expand(value, environ)
    for source in catalog.values():
        place = source.location(environ)
        if place is not None and is_there(place):
            yield place
