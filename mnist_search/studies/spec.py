"""What a study is about; fixed when it is created."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal, get_args

from pydantic import PlainSerializer, PlainValidator

from mnist_search.engines import EngineName, PrunerName, SamplerName
from mnist_search.errors import UsageError
from mnist_search.spaces import SearchSpace
from mnist_search.specs import DatasetRef, Frozen, Objective, Precision

Difference = tuple[str, str, str]
# Rules that say what a search's numbers mean; who changes one counts it up here, and a study that
# was begun under another says so when it goes on. Version 0.1 wrote none of them: 0.
GONE_SAMPLERS = ("cmaes",)
REVISIONS = {"sampler": 1, "pruner": 1, "kernels": 1, "seeds": 1}


def _read_space(value: object) -> SearchSpace:
    return value if isinstance(value, SearchSpace) else SearchSpace.from_json(json.dumps(value))


def _write_space(space: SearchSpace) -> Any:
    return json.loads(space.to_json())


# Spaces are plain dataclasses with a JSON form of their own.
StoredSpace = Annotated[
    SearchSpace, PlainValidator(_read_space), PlainSerializer(_write_space, return_type=dict)
]


def _read_sampler(value: object) -> object:
    known = (*get_args(SamplerName), *GONE_SAMPLERS)
    if value not in known:
        raise ValueError(f"sampler must be one of {', '.join(known)}, got {value!r}")
    return value


# Searches with those that are gone can still be reported, and nothing else.
StoredSampler = Annotated[SamplerName, PlainValidator(_read_sampler)]


class SearchSpec(Frozen):
    """How a search proposes, for what, how long its trials train, and how large they may be.

    `max_flops` counts forward floating-point operations per image; None: no limit.
    """

    space: StoredSpace
    engine: EngineName = "optuna"
    sampler: StoredSampler
    pruner: PrunerName
    epochs: int
    seed: int
    max_params: int | None = None
    max_flops: int | None = None
    objectives: tuple[Objective, ...] = ("val_accuracy",)


class StudySpec(Frozen):
    """Name, data and precision of a study; `search` is None for a benchmark of references."""

    schema_version: Literal[1] = 1
    name: str
    dataset: DatasetRef
    precision: Precision = "float32"
    search: SearchSpec | None = None

    @property
    def objectives(self) -> tuple[Objective, ...]:
        """Return what the study is about; runs of references are about accuracy."""
        return ("val_accuracy",) if self.search is None else self.search.objectives

    def differences(self, other: StudySpec) -> list[Difference]:
        """Return (what, here, there) for each choice that would make trials incomparable."""
        found = []
        if self.dataset.digest != other.dataset.digest:
            found.append(("data set", self.dataset.name, other.dataset.name))
        if self.precision != other.precision:
            found.append(("precision", self.precision, other.precision))
        if self.search is None or other.search is None:
            if self.search is not other.search:
                found.append(("kind", _kind(self), _kind(other)))
            return found
        if self.search.space.space_id != other.search.space.space_id:
            found.append(("space", _space(self.search.space), _space(other.search.space)))
        for name in (
            "seed",
            "engine",
            "sampler",
            "pruner",
            "epochs",
            "max_params",
            "max_flops",
        ):
            here, there = getattr(self.search, name), getattr(other.search, name)
            if here != there:
                found.append((name.replace("_", "-"), str(here), str(there)))
        mine, others = (",".join(each.objectives) for each in (self.search, other.search))
        if mine != others:
            found.append(("objective", mine, others))
        return found


def search_of(spec: StudySpec) -> SearchSpec:
    """Return how a study searches.

    Raises:
        UsageError: the study is no search.
    """
    if spec.search is None:
        raise UsageError(
            f"study {spec.name} is a benchmark of references, not a search",
            hint="choose the study of a `run`",
        )
    return spec.search


def _kind(spec: StudySpec) -> str:
    return "benchmark" if spec.search is None else "search"


def _space(space: SearchSpace) -> str:
    return f"{space.name} ({space.space_id[:8]})"
