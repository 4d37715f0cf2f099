"""From the specification of an optimizer and its schedule to Keras' own."""

from __future__ import annotations

import math
from typing import Any, assert_never

import keras

from mnist_search.specs import SGD, Adadelta, Adam, AdamW, Nadam, Optimizer, RMSprop
from mnist_search.specs.training import Schedule
from mnist_search.training import fused

WARM_UP_SHARE = 0.3
FIRST_RATE_SHARE = 0.1


def make_optimizer(optimizer: Optimizer, schedule: Schedule, total_steps: int) -> keras.Optimizer:
    """Make the optimizer of a run of `total_steps` steps; defaults are those of Keras 2."""
    rate = _rate(optimizer.learning_rate, schedule, total_steps)
    match optimizer:
        case Adam():
            return fused.Adam(rate)
        case AdamW(weight_decay=weight_decay):
            return fused.AdamW(rate, weight_decay=weight_decay)
        case Nadam():
            return keras.optimizers.Nadam(rate)
        case RMSprop():
            return keras.optimizers.RMSprop(rate)
        case SGD(momentum=momentum, nesterov=nesterov):
            return keras.optimizers.SGD(rate, momentum=momentum, nesterov=nesterov)
        case Adadelta(rho=rho):
            return fused.Adadelta(rate, rho=rho)
        case _:
            assert_never(optimizer)


def _rate(
    peak: float, schedule: Schedule, total_steps: int
) -> float | keras.optimizers.schedules.LearningRateSchedule:
    match schedule:
        case "constant":
            return peak
        case "cosine":
            return keras.optimizers.schedules.CosineDecay(peak, total_steps)
        case "one-cycle":
            return OneCycle(peak, total_steps)
        case _:
            assert_never(schedule)


class OneCycle(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
    """Up once, down once, over all the steps of a run.

    With w = round(0.3 total) the rate at step s is peak (0.1 + 0.9 s / w) for s < w, then
    peak / 2 (1 + cos(pi (s - w) / (total - w))): 0 at s = total. After Smith & Topin,
    https://arxiv.org/abs/1708.07120, with a cosine for the way down.
    """

    def __init__(self, peak: float, total_steps: int) -> None:
        self.peak = peak
        self.total_steps = total_steps
        self.warm_steps = round(WARM_UP_SHARE * total_steps)

    def __call__(self, step: Any) -> Any:
        """Return the rate at a step; both scalar tensors."""
        step = keras.ops.cast(step, "float32")
        climb = step / max(self.warm_steps, 1)
        fall = (step - self.warm_steps) / max(self.total_steps - self.warm_steps, 1)
        # Not CosineDecay's warm-up: that is a branch in the graph, and AdamW asks for the rate
        # once per variable.
        return self.peak * keras.ops.where(
            step < self.warm_steps,
            FIRST_RATE_SHARE + (1 - FIRST_RATE_SHARE) * climb,
            (1 + keras.ops.cos(math.pi * keras.ops.minimum(fall, 1.0))) / 2,
        )

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make this schedule."""
        return {"peak": self.peak, "total_steps": self.total_steps}
