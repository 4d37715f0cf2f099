"""Labels that a person reads in Optuna's tools, beside the JSON that the project itself reads."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from mnist_search.analysis import describe
from mnist_search.specs import Objective, RunConfig, RunResult
from mnist_search.studies.spec import StudySpec

if TYPE_CHECKING:
    from optuna.study import Study

_METRICS: dict[Objective, str] = {
    "val_accuracy": "validation accuracy",
    "train_seconds": "training seconds",
    "parameters": "parameters",
    "inference_us": "inference, µs per image",
}


def label_study(study: Study, spec: StudySpec) -> None:
    """Give a new study the words that dashboards show: its metric, data and purpose."""
    name_metrics(study, metric_names(spec))
    for name, told in _about(spec).items():
        study.set_user_attr(name, told)


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


def label_run(config: RunConfig) -> dict[str, str]:
    """Return what a trial is about to train, as a dashboard shows it."""
    return {"network": describe(config)}


def label_result(result: RunResult) -> dict[str, str | int | float]:
    """Return the figures of a result that dashboards can sort and plot, and why it failed."""
    test, failure = result.test, result.failure
    figures: dict[str, str | int | float | None] = {
        "fit seconds": result.timings.fit_seconds,
        "weights": result.parameters,
        "FLOPs per image": result.flops,
        "test accuracy": None if test is None or test.total == 0 else test.accuracy,
        "why": None if failure is None else f"{failure.kind}: {failure.message}",
    }
    return {name: figure for name, figure in figures.items() if figure is not None}


def _about(spec: StudySpec) -> dict[str, str]:
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
