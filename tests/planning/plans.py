"""Searches to plan, on a machine of known speed."""

from __future__ import annotations

import dataclasses
from typing import Any

from mnist_search.planning.costs import Rates
from mnist_search.planning.survey import Plan
from mnist_search.spaces import SearchSpace
from mnist_search.specs import DatasetRef
from mnist_search.studies import SearchSpec, StudySpec

RATES = Rates(
    features=(1e-9, 0.0, 0.0, 0.0),
    answer_share=0.3,
    first_step_per_layer=0.05,
    first_look_per_layer=0.01,
    overhead=0.5,
    startup=7.0,
    error=0.1,
    networks=6,
)
EXACT = dataclasses.replace(RATES, error=0.0)
MNIST = DatasetRef(name="mnist", digest="0" * 16, train_images=60_000, test_images=10_000)


def plan_of(
    space: SearchSpace,
    *,
    trials: int = 12,
    workers: int = 2,
    timeout: float | None = None,
    **more: Any,
) -> Plan:
    chosen = {"sampler": "random", "pruner": "halving", "epochs": 8, "seed": 3, **more}
    search = SearchSpec.model_validate({"space": space, **chosen})
    return Plan(
        spec=StudySpec(name="plan", dataset=MNIST, search=search),
        trials=trials,
        workers=workers,
        first=((None, space.defaults()),),
        trial_timeout_seconds=timeout,
    )
