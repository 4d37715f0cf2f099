"""From a name to a `DatasetRef`: find, fetch, check, recognise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from mnist_search.datasets.arrays import join_digests, part_digest
from mnist_search.datasets.catalog import CATALOG, ORIGIN, Source, expand, keras_datasets
from mnist_search.datasets.digits import read_digits_part
from mnist_search.datasets.download import LIMITS, Limits, fetch_file
from mnist_search.datasets.files import is_there, read_part
from mnist_search.errors import DataError, UsageError
from mnist_search.specs import DatasetRef

VARIABLE = "MNIST_SEARCH_DATA"
NAMES = ("auto", "mnist", "fashion-mnist", "digits")

Notice = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Means:
    environ: Mapping[str, str]
    tell: Notice
    catalog: Mapping[str, Source]
    origin: str
    limits: Limits


def resolve(
    name: str,
    *,
    environ: Mapping[str, str],
    notice: Notice | None = None,
    catalog: Mapping[str, Source] = CATALOG,
    origin: str = ORIGIN,
    limits: Limits = LIMITS,
) -> DatasetRef:
    """Find the data set `auto`, `mnist`, `fashion-mnist`, `digits`, or one at a path.

    `notice` is given a sentence for what a user should know: a download, or why `auto` fell back
    to the embedded digits. Raises DataError when the data is damaged, wrong or not to be had,
    and UsageError for a name that is neither known nor a path.
    """
    means = _Means(
        environ=environ,
        tell=notice if notice is not None else lambda _: None,
        catalog=catalog,
        origin=origin,
        limits=limits,
    )
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


def fetch(
    source: Source,
    *,
    environ: Mapping[str, str],
    notice: Notice | None = None,
    origin: str = ORIGIN,
    limits: Limits = LIMITS,
) -> Path:
    """Download what is missing of a data set into Keras' cache and return its place there.

    Raises DataError when it cannot be had.
    """
    folder = keras_datasets(environ)
    lock = folder / f".{source.place}.lock"
    for file in source.files:
        url = origin + file.path.rsplit("/", 1)[-1]
        target = folder / file.path
        fetch_file(url, target, sha256=file.sha256, lock=lock, limits=limits, notice=notice)
    return source.location(environ)


def inspect(path: Path, catalog: Mapping[str, Source] = CATALOG) -> DatasetRef:
    """Read everything at a path, check it, and name it by what its arrays are."""
    train, test = read_part(path, "train"), read_part(path, "test")
    known = [source.name for source in catalog.values() if source.holds(train, test)]
    return DatasetRef(
        name=known[0] if known else _own_name(path),
        path=str(path),
        digest=join_digests(part_digest(train), part_digest(test)),
        train_images=len(train.labels),
        test_images=len(test.labels),
    )


def embedded_digits(*, fallback: bool) -> DatasetRef:
    """Return the reference of scikit-learn's digits."""
    train, test = read_digits_part("train"), read_digits_part("test")
    return DatasetRef(
        name="digits",
        digest=join_digests(part_digest(train), part_digest(test)),
        train_images=len(train.labels),
        test_images=len(test.labels),
        fallback=fallback,
    )


def _auto(means: _Means) -> DatasetRef:
    named = _from_variable(means)
    if named is not None:
        return named
    try:
        return _published("mnist", means)
    except DataError as error:
        means.tell(
            f"{error.message}; scikit-learn's embedded digits stand in for MNIST: "
            "their scores say nothing about MNIST"
        )
        return embedded_digits(fallback=True)


def _from_variable(means: _Means) -> DatasetRef | None:
    value = means.environ.get(VARIABLE)
    if value is None or not value:
        return None
    try:
        return inspect(expand(value, means.environ), means.catalog)
    except DataError as error:
        raise DataError(
            f"{VARIABLE}: {error.message}",
            hint=f"set {VARIABLE} to an mnist.npz or a folder with the four IDX files, or unset it",
        ) from error


def _must_be_mnist(ref: DatasetRef) -> DatasetRef:
    if ref.name != "mnist":
        raise DataError(
            f"{VARIABLE}: {ref.path} does not hold MNIST but {ref.name} "
            f"({ref.train_images:,} + {ref.test_images:,} images)",
            hint=f"use --dataset auto to work with it, or set {VARIABLE} to MNIST",
        )
    return ref


def _published(name: str, means: _Means) -> DatasetRef:
    source = means.catalog[name]
    place = source.location(means.environ)
    problem = f"no {source.title} at {place}"
    if is_there(place):
        try:
            return _checked(source, place, means)
        except DataError as error:
            problem = error.message
            means.tell(f"{problem}; fetching it again")
    try:
        fetch(
            source,
            environ=means.environ,
            notice=means.tell,
            origin=means.origin,
            limits=means.limits,
        )
    except DataError as error:
        raise DataError(f"{problem}, and {error.message}", hint=_hint(source)) from error
    return _checked(source, place, means)


def _checked(source: Source, place: Path, means: _Means) -> DatasetRef:
    ref = inspect(place, means.catalog)
    if ref.name != source.name:
        raise DataError(f"{place}: does not hold {source.title} but other images")
    return ref


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


def _from_path(name: str, means: _Means) -> DatasetRef:
    path = expand(name, means.environ)
    if not name or not ("/" in name or name.endswith(".npz") or is_there(path)):
        raise UsageError(
            f"dataset must be {', '.join(NAMES)}, a .npz file or a folder of IDX files, "
            f"got {name!r}"
        )
    return inspect(path, means.catalog)


def _own_name(path: Path) -> str:
    kind, text = ("idx", path.name) if path.is_dir() else ("npz", path.stem)
    return f"{kind}:" + "".join(c if c.isprintable() else "?" for c in text)
