"""From a name to a `DatasetRef`: find, fetch, check, recognise, and find again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mnist_search.datasets.arrays import join_digests, part_digest
from mnist_search.datasets.catalog import CATALOG, ORIGIN, Source
from mnist_search.datasets.digits import read_digits_part
from mnist_search.datasets.download import LIMITS, Limits, fetch_file
from mnist_search.datasets.finding import read_whole
from mnist_search.datasets.hints import RULE
from mnist_search.datasets.loading import load_part
from mnist_search.datasets.places import expand, is_there, shorten
from mnist_search.errors import DataError, UsageError
from mnist_search.specs import DatasetRef

VARIABLE = "MNIST_SEARCH_DATA"
NAMES = ("auto", "mnist", "fashion-mnist", "digits")

Notice = Callable[[str], None]


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
    """Where to look for data, where to fetch it from, and whom to tell what happens meanwhile."""

    environ: Mapping[str, str]
    notice: Notice = lambda _: None
    catalog: Mapping[str, Source] = field(default_factory=lambda: CATALOG)
    origin: str = ORIGIN
    limits: Limits = LIMITS


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
    found = _find(name, means)
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


def fetch(source: Source, place: Path, means: Means) -> None:
    """Download what is missing of a data set to its place in Keras' cache.

    Raises DataError when it cannot be had.
    """
    folder = place.parent
    for file in source.files:
        fetch_file(
            means.origin + file.path.rsplit("/", 1)[-1],
            folder / file.path,
            sha256=file.sha256,
            lock=folder / f".{source.place}.lock",
            limits=means.limits,
            notice=means.notice,
        )


def inspect(path: Path, catalog: Mapping[str, Source] = CATALOG) -> Found:
    """Read everything at a path, check it, and name it by what its arrays are."""
    whole = read_whole(path)
    known = [source.name for source in catalog.values() if source.holds(whole.train, whole.test)]
    ref = DatasetRef(
        name=known[0] if known else whole.name,
        path=str(whole.path),
        digest=join_digests(part_digest(whole.train), part_digest(whole.test)),
        train_images=len(whole.train.labels),
        test_images=len(whole.test.labels),
    )
    return Found(ref=ref, sentence=whole.sentence, warnings=whole.warnings, published=bool(known))


def embedded_digits(*, fallback: bool) -> Found:
    """Return scikit-learn's digits."""
    train, test = read_digits_part("train"), read_digits_part("test")
    ref = DatasetRef(
        name="digits",
        digest=join_digests(part_digest(train), part_digest(test)),
        train_images=len(train.labels),
        test_images=len(test.labels),
        fallback=fallback,
    )
    told = "read scikit-learn's digits of 8x8, enlarged to 28x28"
    return Found(ref=ref, sentence=told, published=True)


def _find(name: str, means: Means) -> Found:
    match name:
        case "auto":
            return _auto(means)
        case "mnist":
            named = _from_variable(means)
            return _published("mnist", means) if named is None else _must_be_mnist(named)
        case "fashion-mnist":
            return _published(name, means)
        case "digits":
            return embedded_digits(fallback=False)
        case _:
            return _from_path(name, means)


def _auto(means: Means) -> Found:
    named = _from_variable(means)
    if named is not None:
        return named
    try:
        return _published("mnist", means)
    except DataError as error:
        means.notice(
            f"{error.message}; scikit-learn's embedded digits stand in for MNIST: "
            "their scores say nothing about MNIST"
        )
        return embedded_digits(fallback=True)


def _from_variable(means: Means) -> Found | None:
    value = means.environ.get(VARIABLE)
    if value is None or not value:
        return None
    try:
        return inspect(expand(value, means.environ), means.catalog)
    except DataError as error:
        hint = f"set {VARIABLE} to an mnist.npz or a folder with the four IDX files, or unset it"
        raise DataError(
            f"{VARIABLE}: {error.message}", hint=hint if error.hint is None else error.hint
        ) from error


def _must_be_mnist(found: Found) -> Found:
    ref = found.ref
    if ref.name != "mnist":
        raise DataError(
            f"{VARIABLE}: {ref.path} does not hold MNIST but {ref.name} "
            f"({ref.train_images:,} + {ref.test_images:,} images)",
            hint=f"use --dataset auto to work with it, or set {VARIABLE} to MNIST",
        )
    return found


def _published(name: str, means: Means) -> Found:
    source = means.catalog[name]
    place = source.location(means.environ)
    if place is None:
        raise DataError(
            f"no {source.title}: there is no home folder with Keras' cache",
            hint="set HOME, or KERAS_HOME to a folder",
        )
    problem = f"no {source.title} at {place}"
    if is_there(place):
        try:
            return _checked(source, place, means)
        except DataError as error:
            problem = error.message
            means.notice(f"{problem}; fetching it again")
    try:
        fetch(source, place, means)
        return _checked(source, place, means)
    except DataError as error:
        raise DataError(f"{problem}, and {error.message}", hint=_hint(source)) from error


def _checked(source: Source, place: Path, means: Means) -> Found:
    found = inspect(place, means.catalog)
    if found.ref.name != source.name:
        raise DataError(f"{place}: does not hold {source.title} but other images")
    return found


def _hint(source: Source) -> str:
    if source.name == "mnist":
        return (
            f"set {VARIABLE} to an mnist.npz, or go online and run "
            "`mnist-search data fetch`, or use --dataset digits"
        )
    return (
        f"go online and run `mnist-search data fetch {source.name}`, "
        "or give --dataset a folder with its four IDX files"
    )


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
    value = environ.get(VARIABLE)
    if value is not None and value:
        yield expand(value, environ)
    for source in catalog.values():
        place = source.location(environ)
        if place is not None and is_there(place):
            yield place
