"""What data there is on this machine, without fetching any."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from mnist_search.datasets.catalog import CATALOG, Source, expand
from mnist_search.datasets.files import is_there
from mnist_search.datasets.resolving import VARIABLE, embedded_digits, inspect
from mnist_search.errors import DataError
from mnist_search.specs import DatasetRef

State = Literal["ok", "missing", "damaged", "other"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetStatus:
    """One place where data may be; `other` means sound data that is not the named set.

    `auto` marks the place that `--dataset auto` takes; a download may come before the embedded
    digits.
    """

    name: str
    origin: Literal["variable", "keras-cache", "embedded"]
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
    taken = value is not None and value != ""
    if value is not None and taken:
        rows.append(_variable(value, environ, catalog))
    for source in catalog.values():
        row = _cached(source, environ, catalog, auto=not taken)
        taken = taken or row.auto
        rows.append(row)
    rows.append(
        DatasetStatus(
            name="digits",
            origin="embedded",
            location=None,
            state="ok",
            auto=not taken,
            ref=embedded_digits(fallback=False),
        )
    )
    return tuple(rows)


def _variable(
    value: str, environ: Mapping[str, str], catalog: Mapping[str, Source]
) -> DatasetStatus:
    path = expand(value, environ)
    try:
        ref = inspect(path, catalog)
    except DataError as error:
        state: State = "damaged" if is_there(path) else "missing"
        return DatasetStatus(
            name="mnist",
            origin="variable",
            location=str(path),
            state=state,
            auto=True,
            problem=error.message,
        )
    return DatasetStatus(
        name=ref.name,
        origin="variable",
        location=str(path),
        state="ok" if ref.name == "mnist" else "other",
        auto=True,
        ref=ref,
    )


def _cached(
    source: Source, environ: Mapping[str, str], catalog: Mapping[str, Source], *, auto: bool
) -> DatasetStatus:
    place = source.location(environ)
    ref: DatasetRef | None = None
    problem: str | None = None
    state: State = "missing"
    if is_there(place):
        try:
            ref = inspect(place, catalog)
            state = "ok" if ref.name == source.name else "other"
        except DataError as error:
            state, problem = "damaged", error.message
    return DatasetStatus(
        name=source.name,
        origin="keras-cache",
        location=str(place),
        state=state,
        auto=auto and source.name == "mnist" and state == "ok",
        ref=ref,
        problem=problem,
    )
