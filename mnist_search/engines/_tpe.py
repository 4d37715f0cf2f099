"""Optuna's TPE, with what it works out for each group of parameters worked out once a trial.

It proposes exactly what Optuna's own would. A space with conditions falls into a dozen groups,
for each of which that one sorts all trials again, and reads their values one by one.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import TPESampler
from optuna.samplers._tpe import _truncnorm
from optuna.samplers._tpe import sampler as tpe
from optuna.search_space.group_decomposed import _GroupDecomposedSearchSpace, _SearchSpaceGroup
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

if TYPE_CHECKING:
    import numpy as np

Groups = tuple[list[FrozenTrial], list[FrozenTrial]]


class FinishedTrials:
    """What finished trials had, by their numbers: it never changes."""

    def __init__(self) -> None:
        """Know none."""
        self._values: dict[int, dict[str, float]] = {}
        self._names: dict[int, frozenset[str]] = {}

    def values(self, trial: FrozenTrial) -> dict[str, float]:
        """Return the parameters as Optuna's numbers."""
        found = self._values.get(trial.number)
        if found is None:
            found = self._values[trial.number] = numbers_of(trial, trial.params)
        return found

    def names(self, trial: FrozenTrial) -> frozenset[str]:
        """Return which parameters a trial had."""
        found = self._names.get(trial.number)
        if found is None:
            found = self._names[trial.number] = frozenset(trial.distributions)
        return found


def numbers_of(trial: FrozenTrial, values: dict[str, Any]) -> dict[str, float]:
    """Return values as Optuna's numbers, those without a known distribution left out."""
    return {
        name: distribution.to_internal_repr(values[name])
        for name, distribution in trial.distributions.items()
        if name in values
    }


class SharingTPESampler(TPESampler):
    """Multivariate TPE over groups of parameters, for one trial."""

    def __init__(self, *, seed: int, known: FinishedTrials) -> None:
        """Take what is known of finished trials from the samplers of other trials."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            # Without groups, parameters that only some trials have would be sampled one by one.
            super().__init__(seed=seed, multivariate=True, group=True)
        self._known = known
        self._group_decomposed_search_space = _Groups(known)
        self._split: Groups | None = None
        self._columns: dict[tuple[bool, str], np.ndarray] = {}

    def _sample(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        if self._split is None:
            self._split = self._below_and_above(study, trial)
        below, above = self._split
        good = self._build_parzen_estimator(study, search_space, below, handle_below=True)
        bad = self._build_parzen_estimator(study, search_space, above, handle_below=False)
        samples = good.sample(self._rng.rng, self._n_ei_candidates)
        # Only here: another rounding of the samples would be another proposal.
        with _whole_arrays():
            gains = self._compute_acquisition_func(samples, good, bad)
        best = self._compare(samples, gains)
        return {
            name: distribution.to_external_repr(best[name])
            for name, distribution in search_space.items()
        }

    def _below_and_above(self, study: Study, trial: FrozenTrial) -> Groups:
        # Running trials count as bad ones, so that trials at a time do not try the same.
        states = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.RUNNING)
        trials = study.get_trials(deepcopy=False, states=states)
        others = [other for other in trials if other.number != trial.number]
        finished = sum(other.state != TrialState.RUNNING for other in others)
        several = len(study.directions) > 1
        gamma = tpe.default_gamma_multiobjective if several else tpe.default_gamma
        return tpe._split_trials(study, others, gamma(finished))

    def _get_internal_repr(
        self, trials: list[FrozenTrial], search_space: dict[str, BaseDistribution], study: Study
    ) -> dict[str, np.ndarray]:
        import numpy as np

        assert self._split is not None
        is_below = trials is self._split[0]
        columns = {
            name: self._column(is_below, name, distribution, trials, study)
            for name, distribution in search_space.items()
        }
        have_all = np.logical_and.reduce([~np.isnan(column) for column in columns.values()])
        return {name: column[have_all] for name, column in columns.items()}

    def _column(
        self,
        is_below: bool,
        name: str,
        distribution: BaseDistribution,
        trials: Sequence[FrozenTrial],
        study: Study,
    ) -> np.ndarray:
        """Return the number of each trial for a parameter, NaN where it had none."""
        import numpy as np

        if not self._columns:
            assert self._split is not None
            for below, part in zip((True, False), self._split, strict=True):
                self._fill(below, part, study)
        column = self._columns.get((is_below, name))
        return np.full(len(trials), np.nan) if column is None else column

    def _fill(self, is_below: bool, trials: Sequence[FrozenTrial], study: Study) -> None:
        import numpy as np

        for place, trial in enumerate(trials):
            if trial.state.is_finished():
                numbers = self._known.values(trial)
            else:
                # What others were proposed, whether or not they have asked for it yet.
                numbers = self._running(trial, study)
            for name, number in numbers.items():
                key = is_below, name
                if key not in self._columns:
                    self._columns[key] = np.full(len(trials), np.nan)
                self._columns[key][place] = number

    def _running(self, trial: FrozenTrial, study: Study) -> dict[str, float]:
        values = self._get_params(trial, study)
        space = self._search_space_group
        spaces = [] if space is None else space.search_spaces
        known = {name: each for group in spaces for name, each in group.items()}
        known.update(trial.distributions)
        return {
            name: known[name].to_internal_repr(value)
            for name, value in values.items()
            if name in known
        }


class _Groups(_GroupDecomposedSearchSpace):
    """Parameters in the groups in which trials had them."""

    def __init__(self, known: FinishedTrials) -> None:
        super().__init__(include_pruned=True)
        self._known = known

    def calculate(self, study: Study, use_cache: bool = False) -> _SearchSpaceGroup:
        states = (TrialState.COMPLETE, TrialState.PRUNED)
        groups = _SearchSpaceGroup()
        seen = set()
        for trial in study.get_trials(deepcopy=False, states=states):
            names = self._known.names(trial)
            # Of those with the same parameters one says all.
            if names not in seen:
                seen.add(names)
                groups.add_distributions(trial.distributions)
        return groups


@contextmanager
def _whole_arrays() -> Iterator[None]:
    """Let SciPy do for whole arrays what Optuna does in Python, number by number."""
    from scipy.special import log_ndtr

    own = _truncnorm._log_ndtr
    _truncnorm._log_ndtr = log_ndtr
    try:
        yield
    finally:
        _truncnorm._log_ndtr = own
