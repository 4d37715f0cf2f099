"""What a study is about, as Optuna has to know it."""

from __future__ import annotations

from typing import Literal

from mnist_search.specs import Objective
from mnist_search.studies.spec import StudySpec

ACCURACY_ALONE: tuple[Objective, ...] = ("val_accuracy",)


def objectives_of(spec: StudySpec) -> tuple[Objective, ...]:
    """Return what a study is about; runs of references are about accuracy."""
    return ACCURACY_ALONE if spec.search is None else spec.search.objectives


def directions_of(spec: StudySpec) -> list[Literal["maximize", "minimize"]]:
    """Return Optuna's directions: accuracy is to be high, costs are to be low."""
    return [
        "maximize" if objective == "val_accuracy" else "minimize"
        for objective in objectives_of(spec)
    ]
