"""Search engines: they propose values from a space and learn from the scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnist_search.engines.base import Engine, Proposal, PrunerName, SamplerName

if TYPE_CHECKING:
    from optuna.study import Study

    from mnist_search.spaces import SearchSpace

__all__ = [
    "Engine",
    "Proposal",
    "PrunerName",
    "SamplerName",
    "create_engine",
    "rung_steps",
]


def create_engine(
    study: Study,
    space: SearchSpace,
    *,
    sampler: SamplerName,
    pruner: PrunerName,
    seed: int,
    epochs: int,
) -> Engine:
    """Return the engine that fills the waiting slots of `study` from `space`."""
    from mnist_search.engines._optuna import OptunaEngine

    return OptunaEngine(
        study, space, sampler=sampler, pruner=pruner, seed=seed, last_step=4 * epochs
    )


def rung_steps(pruner: PrunerName, *, epochs: int) -> tuple[int, ...]:
    """Return the steps, in quarters of an epoch, at which a pruner looks at a trial.

    They double from a quarter of an epoch on, below the end of the trial.
    """
    if pruner == "none":
        return ()
    steps = []
    step = 1
    while step < 4 * epochs:
        steps.append(step)
        step *= 2
    return tuple(steps)
