"""The steps at which pruners judge trials."""

from __future__ import annotations

from typing import assert_never

from mnist_search.engines.base import PrunerName
from mnist_search.specs import QUARTERS

# Halving stops nothing after this part of a trial. Measured by tests/benchmarks/stopping.py: with a
# look at half of the training as well, the way to a good network took 1.2 to 4.3 times as long.
LAST_PART = 8


def rung_steps(pruner: PrunerName, *, epochs: int) -> tuple[int, ...]:
    """Return the steps, in quarters of an epoch, at which a pruner judges a trial.

    They grow from a quarter of an epoch on, below the end of the trial: fourfold for halving and
    hyperband, twofold for the gentler median and percentile. Halving judges no later than after
    the first epoch, or an eighth of a longer trial: what is good by then is told apart by the
    schedule and by chance, not by what it will come to. Patience is counted in whole epochs.
    """
    last = QUARTERS * epochs - 1
    match pruner:
        case "halving":
            factor = 4
            last = min(last, max(QUARTERS, QUARTERS * epochs // LAST_PART))
        case "hyperband":
            factor = 4
        case "median" | "percentile":
            factor = 2
        case "patient":
            return tuple(range(QUARTERS, last, QUARTERS))
        case "none":
            return ()
        case _:
            assert_never(pruner)
    steps = []
    step = 1
    while step <= last:
        steps.append(step)
        step *= factor
    return tuple(steps)
