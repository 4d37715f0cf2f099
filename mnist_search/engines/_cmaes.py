"""CMA-ES, which keeps its state in the study: as a pickle, that may be anybody's."""

from __future__ import annotations

import io
import pickle
from typing import Any

import optuna
from optuna.trial import FrozenTrial

from mnist_search.errors import DataError

# All that the state of cmaes 0.13 under NumPy 1 and 2 is made of.
_ALLOWED = {
    ("cmaes._cma", "CMA"),
    ("numpy", "dtype"),
    ("numpy", "ndarray"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "scalar"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy.core.multiarray", "scalar"),
}


class GuardedCmaEsSampler(optuna.samplers.CmaEsSampler):
    """Optuna's CMA-ES; of a state it builds the algorithm and its arrays, and calls nothing else.

    Optuna's own would run whatever the file of a study that a stranger made asks for.
    """

    def _restore_optimizer(self, completed_trials: list[FrozenTrial]) -> Any:
        for trial in reversed(completed_trials):
            parts = {
                key: value
                for key, value in trial.system_attrs.items()
                if key.startswith(self._attr_key_optimizer)
            }
            if parts:
                return _load(self._concat_optimizer_attrs(parts), trial.number)
        return None


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"{module}.{name}")
        return super().find_class(module, name)


def _load(digits: str, number: int) -> Any:
    try:
        return _Unpickler(io.BytesIO(bytes.fromhex(digits))).load()
    # A broken pickle raises whatever its broken parts do.
    except Exception as error:
        raise DataError(
            f"trial {number} holds a state of CMA-ES that mnist-search did not write",
            hint="start a study of your own with --new",
        ) from error
