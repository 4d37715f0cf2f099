"""Search engines: they propose values from a space and learn from the scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from mnist_search.engines.base import (
    Engine,
    EngineName,
    Proposal,
    PrunerName,
    SamplerName,
)
from mnist_search.engines.checks import (
    check_objectives,
    check_pruner,
    check_sampler,
    default_pruner,
    default_sampler,
    learns,
    parse_objectives,
)
from mnist_search.engines.rungs import rung_steps

if TYPE_CHECKING:
    from optuna.study import Study

    from mnist_search.spaces import SearchSpace

__all__ = [
    "Engine",
    "EngineName",
    "Proposal",
    "PrunerName",
    "SamplerName",
    "check_objectives",
    "check_pruner",
    "check_sampler",
    "create_engine",
    "default_pruner",
    "default_sampler",
    "learns",
    "parse_objectives",
    "rung_steps",
]


def create_engine(
    study: Study,
    space: SearchSpace,
    *,
    engine: EngineName = "optuna",
    sampler: SamplerName,
    pruner: PrunerName,
    seed: int,
    epochs: int,
) -> Engine:
    """Return the engine that fills the waiting slots of `study` from `space`; close it.

    The study has one direction for each objective.

    Raises:
        UsageError: the engine has no such sampler, it cannot search the space, or lacks a package.
    """
    from mnist_search.engines._keras_tuner import OracleSampler
    from mnist_search.engines._keras_tuner_rungs import HyperbandSampler
    from mnist_search.engines._optuna import OptunaEngine
    from mnist_search.engines._pruners import create_pruner
    from mnist_search.engines._samplers import SlotSampler, create_sampler

    check_sampler(engine, sampler, space)
    proposer: SlotSampler
    match engine:
        case "optuna":
            proposer = create_sampler(sampler, space, seed=seed)
        case "keras-tuner":
            create = HyperbandSampler if sampler == "hyperband" else OracleSampler
            proposer = create(sampler, space, seed=seed, epochs=epochs)
        case _:
            assert_never(engine)
    return OptunaEngine(
        study,
        space,
        sampler=proposer,
        pruner=create_pruner(pruner, study, seed=seed, epochs=epochs),
        rungs=rung_steps(pruner, epochs=epochs),
    )
