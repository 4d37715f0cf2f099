"""Search engines: they propose values from a space and learn from the scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

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
        study,
        space,
        sampler=sampler,
        pruner=pruner,
        seed=seed,
        rungs=rung_steps(pruner, epochs=epochs),
    )


def rung_steps(pruner: PrunerName, *, epochs: int) -> tuple[int, ...]:
    """Return the steps, in quarters of an epoch, at which a pruner judges a trial.

    They grow from a quarter of an epoch on, below the end of the trial: fourfold for halving, so
    that one trial in eight reaches the end of 16 epochs, and twofold for the gentler median.
    """
    match pruner:
        case "halving":
            factor = 4
        case "median":
            factor = 2
        case "none":
            return ()
        case _:
            assert_never(pruner)
    steps = []
    step = 1
    while step < 4 * epochs:
        steps.append(step)
        step *= factor
    return tuple(steps)
