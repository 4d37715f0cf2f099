"""Made-up trials and their parameters."""

from __future__ import annotations

from mnist_search.reporting.charts.trials import Trial
from mnist_search.spaces import ChoiceParameter, FloatParameter, IntParameter

RATE = FloatParameter("rate", low=1e-4, high=1e-1, log=True)
WIDTH = IntParameter("width", low=8, high=64)
DEPTH = IntParameter("depth", low=1, high=3)
NAME = ChoiceParameter("block.name", choices=("a", "b", "c"))


def trials(count: int = 20) -> list[Trial]:
    return [
        Trial(
            run=f"s/{number}",
            name=f"trial {number}",
            what="best" if number == count - 1 else ("complete", "pruned")[number % 2],
            accuracy=0.9 + 0.004 * number,
            values={
                "rate": 10 ** (-1 - (number % 9) / 3),
                "width": 8 + 2 * number,
                "depth": 1 + number % 3,
                "block.name": NAME.choices[number % 3],
            },
            reports=((1, 0.5), (4, 0.9 + 0.004 * number)),
        )
        for number in range(count)
    ]
