"""What a study is about: fixed when it is created, and written for us and for Optuna's tools."""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from pydantic import PlainSerializer, PlainValidator

from mnist_search.engines import EngineName, PrunerName, SamplerName
from mnist_search.errors import UsageError
from mnist_search.spaces import SearchSpace
from mnist_search.specs import DatasetRef, Frozen, Objective, Precision, dataset_labels
from mnist_search.specs.result import OF_SPACE

if TYPE_CHECKING:
    from optuna.storages import BaseStorage
    from optuna.study import Study

Difference = tuple[str, str, str]
# The values of a trial to begin with, and where they are from: a reference by its name, else what
# `Record.origin` says: STUDY#TRIAL of another study, or `first point NAME` of the space.
FirstPoint = tuple[str | None, dict[str, Any]]
TAKEN = "#"
# Attributes of a study.
SPEC, FIRST, REVISION = "spec", "first", "revisions"
# Rules that say what a search's numbers mean; who changes one counts it up here, and a study that
# was begun under another says so when it goes on. Version 0.1 wrote none of them: 0.
GONE_SAMPLERS = ("cmaes",)
REVISIONS = {"sampler": 1, "pruner": 2, "kernels": 1, "seeds": 1}

_METRICS: dict[Objective, str] = {
    "val_accuracy": "validation accuracy",
    "train_seconds": "training seconds",
    "parameters": "parameters",
    "inference_us": "inference, µs per image",
}


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
            mine, others = dataset_labels([self.dataset, other.dataset])
            found.append(("data set", mine, others))
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


def origin_of(name: str | None) -> str | None:
    """Return where the values of a first point are from, unless they are those of a reference."""
    if name is None or not (TAKEN in name or name.startswith(OF_SPACE)):
        return None
    return name


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


def write_study(storage: BaseStorage, spec: StudySpec, first: Sequence[FirstPoint]) -> None:
    """Write what a study is about to an empty storage."""
    import optuna

    directions: list[Literal["maximize", "minimize"]] = [
        "maximize" if each == "val_accuracy" else "minimize" for each in spec.objectives
    ]
    study = optuna.create_study(study_name=spec.name, storage=storage, directions=directions)
    study.set_user_attr(SPEC, spec.model_dump(mode="json"))
    study.set_user_attr(REVISION, dict(REVISIONS))
    study.set_user_attr(FIRST, [list(point) for point in first])
    name_metrics(study, metric_names(spec))
    for label, text in _labels(spec).items():
        study.set_user_attr(label, text)


def name_metrics(study: Study, names: list[str]) -> None:
    """Say what the values of trials are."""
    from optuna.exceptions import ExperimentalWarning

    with warnings.catch_warnings():
        # The name of the metric is all that is used of it, and it has been there since 3.4.
        warnings.simplefilter("ignore", ExperimentalWarning)
        study.set_metric_names(names)


def metric_names(spec: StudySpec) -> list[str]:
    """Return what the values of a trial are, in words."""
    if spec.search is None:
        return ["test accuracy"]
    return [_METRICS[objective] for objective in spec.objectives]


def _labels(spec: StudySpec) -> dict[str, str]:
    """Return what dashboards show beside the name of a study."""
    dataset, search = spec.dataset, spec.search
    stand_in = ", which stand in for MNIST" if dataset.fallback else ""
    about = {
        "data set": f"{dataset.name}, {dataset.train_images:,} + {dataset.test_images:,} images"
        f"{stand_in}"
    }
    if search is None:
        return about | {"purpose": "models trained as they are, no search"}
    return about | {
        "purpose": f"search of space {search.space.name}: {search.engine} {search.sampler}, "
        f"{search.pruner}, up to {search.epochs} epochs"
    }


def _kind(spec: StudySpec) -> str:
    return "benchmark" if spec.search is None else "search"


def _space(space: SearchSpace) -> str:
    return f"{space.name} ({space.space_id[:8]})"
