"""Optuna's pruners, and the steps at which they judge trials."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, assert_never

from mnist_search.choices import PrunerName
from mnist_search.specs import QUARTERS

if TYPE_CHECKING:
    from optuna.pruners import BasePruner
    from optuna.study import Study

# Of the trials at a look, the best one in so many goes on. Optuna has a rung at every power of it,
# of which one falls to each of the looks of `rung_steps`. Of 2, 3 and 4 this was soonest at a good
# network (tests/benchmarks/stopping.py); among good networks, 4 stopped the best too often.
HALVING_FACTOR = 3
# Hyperband's brackets differ in the rung they begin at, so that its factor is that of the rungs.
HYPERBAND_FACTOR = 4
# Halving stops nothing after this part of a trial. Measured by tests/benchmarks/stopping.py: with a
# look at half of the training as well, the way to a good network took 1.2 to 4.3 times as long.
LAST_PART = 8
# Trials that end before median and percentile compare with them.
STARTUP_TRIALS = 5
# Of the trials at a rung, the share that goes on from it.
BEST_PERCENT = 25.0


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


def create_pruner(name: PrunerName, *, epochs: int) -> BasePruner:
    """Return the pruner of that name for trials of `epochs` epochs.

    Hyperband draws a trial's bracket from the name of the study, which should be the seed.
    """
    import optuna

    match name:
        case "halving":
            return optuna.pruners.SuccessiveHalvingPruner(
                min_resource=1, reduction_factor=HALVING_FACTOR
            )
        case "median":
            return optuna.pruners.MedianPruner(n_startup_trials=STARTUP_TRIALS)
        case "percentile":
            return optuna.pruners.PercentilePruner(BEST_PERCENT, n_startup_trials=STARTUP_TRIALS)
        case "hyperband":
            return optuna.pruners.HyperbandPruner(
                min_resource=1, max_resource=QUARTERS * epochs, reduction_factor=HYPERBAND_FACTOR
            )
        case "patient":
            median = optuna.pruners.MedianPruner(n_startup_trials=STARTUP_TRIALS)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
                return optuna.pruners.PatientPruner(median, patience=1)
        case "none":
            return optuna.pruners.NopPruner()
        case _:
            assert_never(name)


def start_pruner(study: Study) -> None:
    """Let the pruner of an empty study make what it makes when it judges its first trial.

    Before Hyperband has brackets, a sampler sees the trials of all of them; a resumed study would
    have them later than an undisturbed one.
    """
    import optuna

    study.pruner.prune(study, optuna.trial.create_trial(state=optuna.trial.TrialState.RUNNING))


def judged(
    study: Study, number: int, reports: Sequence[tuple[int, float]], looks: Sequence[int]
) -> Mapping[str, float]:
    """Return the attributes by which Optuna's halving knows what a trial had at its rungs.

    To ask the pruner again about each of the looks of each trial would take a time that grows
    with the square of the trials. Up to 511 epochs no two of its rungs fall to one look.
    """
    from optuna.pruners import HyperbandPruner, SuccessiveHalvingPruner
    from optuna.trial import TrialState, create_trial

    match study.pruner:
        case SuccessiveHalvingPruner():
            factor, first = HALVING_FACTOR, 0
        case HyperbandPruner() as hyperband:
            trial = create_trial(state=TrialState.RUNNING)
            trial.number = number
            factor, first = HYPERBAND_FACTOR, hyperband._get_bracket_id(study, trial)
        case _:
            return {}
    attributes: dict[str, float] = {}
    for step, value in reports:
        while step in looks and not math.isnan(value):
            rung = len(attributes)
            if step < factor ** (first + rung):
                break
            attributes[f"completed_rung_{rung}"] = value
    return attributes
