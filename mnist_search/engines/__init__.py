"""Search engines: they propose values from a space and learn from the scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import assert_never

from mnist_search.choices import EngineName, PrunerName, SamplerName
from mnist_search.engines.base import (
    Engine,
    PastTrial,
    Proposal,
    check_sampler,
    check_search,
    default_pruner,
    default_sampler,
    learns,
    parse_objectives,
)
from mnist_search.engines.pruners import rung_steps
from mnist_search.spaces import SearchSpace, Value
from mnist_search.specs import Objective

__all__ = [
    "Engine",
    "EngineName",
    "PastTrial",
    "Proposal",
    "PrunerName",
    "SamplerName",
    "check_sampler",
    "check_search",
    "create_engine",
    "default_pruner",
    "default_sampler",
    "learns",
    "parse_objectives",
    "rung_steps",
]


def create_engine(
    space: SearchSpace,
    *,
    engine: EngineName = "optuna",
    sampler: SamplerName,
    pruner: PrunerName,
    seed: int,
    epochs: int,
    objectives: Sequence[Objective] = ("val_accuracy",),
    first: Sequence[Mapping[str, Value]] = (),
    past: Sequence[PastTrial] = (),
) -> Engine:
    """Return an engine that proposes trials of `space`; close it.

    `past` are all trials there are, in the order of their numbers 0..n-1. `first[i]` are values of
    trial i where it is not among them; of those that are missing the sampler makes up its mind.

    Raises:
        UsageError: the engine has no such sampler, it cannot search the space, or lacks a package.
    """
    from mnist_search.engines.optuna import OptunaEngine
    from mnist_search.engines.samplers import Samplers, create_samplers

    check_sampler(engine, sampler, space)
    samplers: Samplers
    match engine:
        case "optuna":
            samplers = create_samplers(sampler, space, seed=seed)
        case "keras-tuner":
            from mnist_search.engines.keras_tuner import OracleSamplers

            samplers = OracleSamplers(sampler, space, seed=seed, epochs=epochs)
        case _:
            assert_never(engine)
    return OptunaEngine(
        space,
        samplers=samplers,
        pruner=pruner,
        seed=seed,
        epochs=epochs,
        objectives=len(objectives),
        first=first,
        past=past,
    )
