"""Optuna's pruners, set to our rungs."""

from __future__ import annotations

import binascii
import warnings
from typing import assert_never

import optuna
from optuna.pruners import BasePruner, HyperbandPruner
from optuna.study import Study
from optuna.trial import FrozenTrial

from mnist_search.engines.base import PrunerName
from mnist_search.specs import QUARTERS

# Of the trials at a look, the best one in so many goes on. Optuna has a rung at every power of it,
# of which one falls to each of the looks of `rung_steps`. Of 2, 3 and 4 this was soonest at a good
# network (tests/benchmarks/stopping.py); among good networks, 4 stopped the best too often.
HALVING_FACTOR = 3
# Hyperband's brackets differ in the rung they begin at, so that its factor is that of the rungs.
HYPERBAND_FACTOR = 4
# Trials that end before median and percentile compare with them.
STARTUP_TRIALS = 5
# Of the trials at a rung, the share that goes on from it.
BEST_PERCENT = 25.0


def create_pruner(name: PrunerName, study: Study, *, seed: int, epochs: int) -> BasePruner:
    """Return the pruner of that name for trials of `epochs` epochs."""
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
            return _SeededHyperband(study, seed=seed, epochs=epochs)
        case "patient":
            median = optuna.pruners.MedianPruner(n_startup_trials=STARTUP_TRIALS)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
                return optuna.pruners.PatientPruner(median, patience=1)
        case "none":
            return optuna.pruners.NopPruner()
        case _:
            assert_never(name)


class _SeededHyperband(HyperbandPruner):
    """Hyperband whose brackets hang on the seed, and exist from the first trial on.

    Optuna draws a trial's bracket from the study's name, and makes the brackets when it prunes
    first, which a resumed study would do later than an uninterrupted one.
    """

    def __init__(self, study: Study, *, seed: int, epochs: int) -> None:
        super().__init__(
            min_resource=1, max_resource=QUARTERS * epochs, reduction_factor=HYPERBAND_FACTOR
        )
        self._seed = seed
        self._try_initialization(study)

    def _get_bracket_id(self, study: Study, trial: FrozenTrial) -> int:
        drawn = binascii.crc32(f"{self._seed}_{trial.number}".encode())
        place = drawn % self._total_trial_allocation_budget
        for bracket, share in enumerate(self._trial_allocation_budgets):
            place -= share
            if place < 0:
                return bracket
        raise AssertionError("the shares of the brackets add up to the whole")
