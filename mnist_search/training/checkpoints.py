"""Where a run stands, in a file: weights, optimizer and random state, for another to go on from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np

from mnist_search.errors import DataError
from mnist_search.specs import Continuation
from mnist_search.training.weights import load_weights, save_weights


def save_checkpoint(model: keras.Model, optimizer: keras.Optimizer, path: Path) -> str:
    """Write the state as .npz, the whole file or none; return its SHA-256 in hex digits.

    The states of dropout's random generators are in it, and the optimizer's steps and moments.
    Moving averages are stored as the steps have left them. Raises OSError where it cannot be
    written.
    """
    variables = _variables(model, optimizer)
    arrays: Any = {name: np.asarray(found.numpy()) for name, found in variables.items()}
    return save_weights(arrays, path)


def load_checkpoint(
    model: keras.Model, optimizer: keras.Optimizer, continuation: Continuation
) -> None:
    """Put a model and its optimizer, both built, to where another run ended; all of it or nothing.

    Raises:
        DataError: there is no checkpoint, it is damaged, or that of another model.
    """
    if continuation.sha256 is None:
        raise DataError(f"run {continuation.number} left no checkpoint")
    arrays: Any = load_weights(Path(continuation.path), sha256=continuation.sha256)
    variables = _variables(model, optimizer)
    expected = {name: (tuple(v.shape), str(v.dtype)) for name, v in variables.items()}
    found = {name: (array.shape, str(array.dtype)) for name, array in arrays.items()}
    if found != expected:
        raise DataError(f"{continuation.path}: the checkpoint is that of another model")
    for name, variable in variables.items():
        variable.assign(arrays[name])


def _variables(model: keras.Model, optimizer: keras.Optimizer) -> dict[str, Any]:
    found = {f"model.{at}": variable for at, variable in enumerate(model.variables)}
    found |= {f"optimizer.{at}": variable for at, variable in enumerate(optimizer.variables)}
    return found
