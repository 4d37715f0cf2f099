"""The steps at which pruners judge trials."""

from __future__ import annotations

from typing import assert_never

from mnist_search.engines.base import PrunerName


def rung_steps(pruner: PrunerName, *, epochs: int) -> tuple[int, ...]:
    """Return the steps, in quarters of an epoch, at which a pruner judges a trial.

    They grow from a quarter of an epoch on, below the end of the trial: fourfold for halving and
    hyperband, so that one trial in eight reaches the end of 16 epochs, and twofold for the
    gentler median and percentile. Patience is counted in whole epochs.
    """
    match pruner:
        case "halving" | "hyperband":
            factor = 4
        case "median" | "percentile":
            factor = 2
        case "patient":
            return tuple(range(4, 4 * epochs, 4))
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
