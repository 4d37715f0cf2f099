"""The steps at which pruners judge trials."""

from __future__ import annotations

from typing import assert_never

from mnist_search.engines.base import PrunerName

QUARTERS = 4
# Halving stops nothing after this part of a trial. Played on 99 random networks of `cnn` that were
# trained whole (15,000 images, 8 epochs), in 300 orders: without a look at half of the training the
# expected time to one of the best two was 0.67 of that with it, and 0.40 among the better half of
# the networks, such as a sampler that has learned proposes. Looks at two epochs were worse, too.
LAST_PART = 8


def rung_steps(pruner: PrunerName, *, epochs: int) -> tuple[int, ...]:
    """Return the steps, in quarters of an epoch, at which a pruner judges a trial.

    They grow from a quarter of an epoch on, below the end of the trial: fourfold for halving and
    hyperband, twofold for the gentler median and percentile. Halving judges no later than after
    the first epoch, or an eighth of a longer trial: what is good by then is told apart by the
    schedule and by chance, not by what it will come to. Patience is counted in whole epochs.
    """
    match pruner:
        case "halving":
            factor, last = 4, max(QUARTERS, QUARTERS * epochs // LAST_PART)
        case "hyperband":
            factor, last = 4, QUARTERS * epochs
        case "median" | "percentile":
            factor, last = 2, QUARTERS * epochs
        case "patient":
            return tuple(range(QUARTERS, QUARTERS * epochs, QUARTERS))
        case "none":
            return ()
        case _:
            assert_never(pruner)
    steps = []
    step = 1
    while step < QUARTERS * epochs and step <= last:
        steps.append(step)
        step *= factor
    return tuple(steps)
