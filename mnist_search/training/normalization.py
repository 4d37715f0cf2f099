"""Moving statistics of batch normalization, judged early."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras

# Below this share of its starting values a moving average needs no correction.
NEGLIGIBLE = 1e-4


class MovingStatistics:
    """The moving means and variances of a model's batch normalizations.

    They start at 0 and 1 and forget by a factor `momentum`, 0.99, each step, so that after a
    quarter of an epoch they are still mostly their start, and a network that has learnt well
    answers at random. Divided by what they have not forgotten, as Adam does with its moments
    (Kingma & Ba 2015, section 3), they are the averages of the steps so far.
    """

    def __init__(self, model: keras.Model | None) -> None:
        """Find the batch normalizations of a built model; None: correct nothing."""
        layers = [] if model is None else model.layers
        self._layers = [
            layer for layer in layers if isinstance(layer, keras.layers.BatchNormalization)
        ]

    def correct(self, steps: int) -> None:
        """Replace the averages after so many training steps by the corrected ones."""
        for layer in self._layers:
            start = layer.momentum**steps
            if start < NEGLIGIBLE or start == 1.0:
                continue
            layer.moving_mean.assign(layer.moving_mean / (1.0 - start))
            layer.moving_variance.assign((layer.moving_variance - start) / (1.0 - start))

    @contextmanager
    def corrected(self, steps: int) -> Iterator[None]:
        """Correct the averages inside the block and put them back after it."""
        variables: list[Any] = [
            variable
            for layer in self._layers
            for variable in (layer.moving_mean, layer.moving_variance)
        ]
        before = [variable.numpy() for variable in variables]
        self.correct(steps)
        try:
            yield
        finally:
            for variable, value in zip(variables, before, strict=True):
                variable.assign(value)
