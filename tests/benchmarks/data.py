"""The images that the contestants of a benchmark share, in a file of their own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from mnist_search.datasets import load_full, resolve


def first_images(path: Path, *, train: int, test: int = 1000) -> Path:
    """Write an .npz of the first images of MNIST, `train` and `test` of them; return its path.

    What MNIST_SEARCH_DATASET names, if set, is taken in place of MNIST.
    """
    name = os.environ.get("MNIST_SEARCH_DATASET", "mnist")
    full = load_full(resolve(name, environ=os.environ))
    np.savez(
        path,
        x_train=full.train.images[:train],
        y_train=full.train.labels[:train],
        x_test=full.test.images[:test],
        y_test=full.test.labels[:test],
    )
    return path


def floats(path: Path, *, held_out: int = 0) -> tuple[Any, Any, Any, Any]:
    """Return images in 0..1, shape (n, 28, 28, 1), and labels: for training, and held out."""
    with np.load(path) as arrays:
        images = arrays["x_train"].astype("float32")[..., np.newaxis] / 255
        labels = arrays["y_train"].astype("int32")
    end = len(images) - held_out
    return images[:end], labels[:end], images[end:], labels[end:]
