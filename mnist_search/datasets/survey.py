"""What data there is on this machine, without fetching any."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mnist_search.datasets.catalog import CATALOG, Source
from mnist_search.datasets.places import expand, is_there
from mnist_search.datasets.resolving import VARIABLE, embedded_digits, inspect
from mnist_search.errors import DataError
from mnist_search.specs import DatasetRef

State = Literal["ok", "missing", "damaged", "other"]
Origin = Literal["variable", "keras-cache", "embedded"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetStatus:
    """One place where data may be; `other` means sound data that is not the named set.

    `auto` marks the place that `--dataset auto` takes; a download may come before the embedded
    digits.
    """

    name: str
    origin: Origin
    location: str | None
    state: State
    auto: bool
    ref: DatasetRef | None = None
    problem: str | None = None


def survey(
    environ: Mapping[str, str], catalog: Mapping[str, Source] = CATALOG
) -> tuple[DatasetStatus, ...]:
    """Look at the variable, Keras' cache and the embedded digits; reads and checks all of it."""
    rows: list[DatasetStatus] = []
    value = environ.get(VARIABLE)
    if value is not None and value:
        place, problem = Path(value), None
        try:
            place = expand(value, environ)
        except DataError as error:
            problem = error.message
        rows.append(_look("mnist", "variable", place, catalog, auto=True, problem=problem))
    for source in catalog.values():
        auto = source.name == "mnist" and not any(row.auto for row in rows)
        location = source.location(environ)
        rows.append(_look(source.name, "keras-cache", location, catalog, auto=auto))
    digits = embedded_digits(fallback=False).ref
    rows.append(
        DatasetStatus(
            name="digits",
            origin="embedded",
            location=None,
            state="ok",
            auto=not any(row.auto for row in rows),
            ref=digits,
        )
    )
    return tuple(rows)


def _look(
    name: str,
    origin: Origin,
    place: Path | None,
    catalog: Mapping[str, Source],
    *,
    auto: bool,
    problem: str | None = None,
) -> DatasetStatus:
    """Look at one place; the variable is taken whatever it holds, the cache where it is MNIST."""
    ref: DatasetRef | None = None
    state: State = "missing"
    if place is None:
        problem = "there is no home folder: set HOME, or KERAS_HOME to a folder"
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
        auto=auto and (origin == "variable" or state == "ok"),
        ref=ref,
        problem=problem,
    )
