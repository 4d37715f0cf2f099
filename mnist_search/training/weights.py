"""Trained weights in a file: plain arrays, written whole, read without trusting them."""

from __future__ import annotations

import hashlib
import os
import stat
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_search.datasets.readers import DAMAGE
from mnist_search.errors import DataError
from mnist_search.specs import Model
from mnist_search.specs.shapes import measure
from mnist_search.writing import replacing

# By `layer.name`, such as `1.kernel`, layers from 1 on.
Weights = dict[str, NDArray[np.float32]]

# A hundred times what the largest network of the documents has.
MOST_BYTES = 2**30

COEFFICIENTS, INTERCEPTS = "1.coefficients", "1.intercepts"


def kernels(weights: Weights, spec: Model) -> Weights:
    """Return what each layer multiplies its input by, under its number and label.

    Biases and batch normalization are left out: one scale does not fit them.
    """
    names = {
        f"{layer.number}.{kind}": f"{layer.number} {layer.label}"
        for layer in measure(spec).layers
        for kind in ("kernel", "coefficients")
    }
    return {names[key]: array for key, array in weights.items() if key in names}


def save_weights(weights: Weights, path: Path) -> str:
    """Write weights as .npz, the whole file or none; return its SHA-256 in hex digits.

    Raises OSError where it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as temporary, temporary.open("w+b") as file:
        arrays: dict[str, Any] = dict(weights)
        np.savez(file, **arrays)
        file.seek(0)
        return hashlib.file_digest(file, "sha256").hexdigest()


def load_weights(path: Path, *, sha256: str) -> Weights:
    """Read weights that `save_weights` wrote.

    Raises:
        DataError: the file cannot be read, or is not the one with that checksum.
    """
    content = _read(path)
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise DataError(
            f"{path}: the weights are not those that the study wrote "
            f"(sha256 {sha256[:16]}…, got {found[:16]}…)"
        )
    try:
        # A study of a stranger brings the checksum along: nothing may be packed, as bombs are.
        with zipfile.ZipFile(BytesIO(content)) as members:
            if any(member.compress_type != zipfile.ZIP_STORED for member in members.infolist()):
                raise DataError(f"{path}: no weights in it: it is compressed")
        with np.load(BytesIO(content), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except (*DAMAGE, KeyError, MemoryError, OSError) as error:
        raise DataError(f"{path}: no weights in it: {error}") from error
    if not all(isinstance(array, np.ndarray) for array in arrays.values()):
        raise DataError(f"{path}: no weights in it: it holds other things than arrays")
    return arrays


def _read(path: Path) -> bytes:
    """Return what a file holds; read once, so that what is checked is what is parsed."""
    try:
        # Not waiting: opening a pipe would, for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                raise DataError(f"{path}: weights must be a file, got a folder, pipe or device")
            if found.st_size > MOST_BYTES:
                raise DataError(
                    f"{path}: weights have at most {MOST_BYTES:,} bytes, got {found.st_size:,}"
                )
            return file.read(MOST_BYTES)
    except OSError as error:
        raise DataError(f"{path}: the weights cannot be read: {error.strerror}") from error
