"""How long an answer takes."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

INFERENCE_BATCHES = (1, 256)
BUDGET_SECONDS = 0.1
MIN_REPEATS = 3
MAX_REPEATS = 200


def time_per_image(
    answer: Callable[[], object],
    batch_size: int,
    clock: Callable[[], float] = time.perf_counter,
) -> float:
    """Return the median microseconds per image of repeated calls, after one that warms up.

    At least 3 calls and at most 200; beyond the third only while 0.1 s are not used up.
    """
    answer()
    seconds: list[float] = []
    while len(seconds) < MIN_REPEATS or (
        sum(seconds) < BUDGET_SECONDS and len(seconds) < MAX_REPEATS
    ):
        started = clock()
        answer()
        seconds.append(clock() - started)
    return statistics.median(seconds) / batch_size * 1e6
