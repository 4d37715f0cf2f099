"""What a run takes: seconds, memory, and the cores that others did not take from it."""

from __future__ import annotations

import math
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mnist_search.specs import Precision
from mnist_search.specs.shapes import Size

INFERENCE_BATCHES = (1, 256)
BUDGET_SECONDS = 0.1
MIN_REPEATS = 3
MAX_REPEATS = 200

TOLERATED_SHARE = 0.10
# Threads of one run get into each other's way as well: measured on two cores with two threads,
# 0.15 alone, 0.17 beside processes of idle priority, 1.1 beside one process that takes a core.
TOLERATED_WAITING = 0.30


def time_per_image(
    predict: Callable[[], object],
    batch_size: int,
    clock: Callable[[], float] = time.perf_counter,
) -> float:
    """Return the median microseconds per image of repeated calls, after one that warms up.

    At least 3 calls and at most 200; beyond the third only while 0.1 s are not used up.
    """
    predict()
    seconds: list[float] = []
    while len(seconds) < MIN_REPEATS or (
        sum(seconds) < BUDGET_SECONDS and len(seconds) < MAX_REPEATS
    ):
        started = clock()
        predict()
        seconds.append(clock() - started)
    return statistics.median(seconds) / batch_size * 1e6


def reset_peak(process: Path = Path("/proc/self")) -> bool:
    """Let the peak start again from the present size; False where that cannot be done."""
    try:
        # 5 resets VmHWM alone, see proc_pid_clear_refs(5).
        (process / "clear_refs").write_text("5")
    except OSError:
        return False
    return True


def peak_bytes(process: Path = Path("/proc/self")) -> int | None:
    """Return the largest resident size since the last reset, or None where it is unknown."""
    try:
        lines = (process / "status").read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        name, _, value = line.partition(":")
        if name == "VmHWM":
            return int(value.split()[0]) * 1024
    return None


def check_fits(
    size: Size, *, batch_images: int, precision: Precision, memory_bytes: int | None
) -> None:
    """Raise MemoryError if one step of training cannot fit into this machine's memory.

    oneDNN's convolutions do not report an allocation that fails: the process is gone with a
    segmentation fault (TensorFlow 2.21).
    """
    needed = least_step_bytes(size, batch_images=batch_images, precision=precision)
    if memory_bytes is not None and needed > memory_bytes:
        raise MemoryError(
            f"a training step on {batch_images} images needs {needed / 2**30:.1f} GiB or more, "
            f"the machine has {memory_bytes / 2**30:.1f} GiB"
        )


def least_step_bytes(size: Size, *, batch_images: int, precision: Precision) -> int:
    """Return what a step holds at the least: weights, gradients, and outputs kept for the way back.

    Of the layers without weights and of the optimizer nothing is counted.
    """
    kept = sum(math.prod(layer.output_shape) for layer in size.layers if layer.parameters > 0)
    value_bytes = 2 if precision == "bfloat16" else 4
    return kept * batch_images * value_bytes + (size.parameters + size.trainable_parameters) * 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """A reading: seconds that all processes, and this one, have kept the usable cores busy.

    `waiting_seconds`: how long threads of this process were ready to run and had no core; None
    where the kernel does not count it.
    """

    wall_seconds: float
    busy_seconds: float
    own_seconds: float
    cores: int
    waiting_seconds: float | None = None


def read_load(stat: Path = Path("/proc/stat")) -> Load | None:
    """Read the load of the cores that this process may use; None off Linux."""
    try:
        lines = stat.read_text().splitlines()
        usable = os.sched_getaffinity(0)
    except (OSError, AttributeError):
        return None
    ticks = {name: fields for name, *fields in map(str.split, lines) if name.startswith("cpu")}
    # Fields of a cpu line, see proc_stat(5): the fourth and fifth are idle; those after the eighth
    # are of guests, and part of the first two.
    busy = [
        sum(map(int, (*fields[:3], *fields[5:8])))
        for number in usable
        if (fields := ticks.get(f"cpu{number}")) is not None
    ]
    if not busy:
        return None
    return Load(
        wall_seconds=time.perf_counter(),
        busy_seconds=sum(busy) / os.sysconf("SC_CLK_TCK"),
        own_seconds=time.process_time(),
        cores=len(busy),
        waiting_seconds=read_waiting(),
    )


def read_waiting(tasks: Path = Path("/proc/self/task")) -> float | None:
    """Read how long this process's threads waited for a core, in seconds; None if unknown."""
    waited = 0
    try:
        for task in tasks.iterdir():
            # nanoseconds: on a core, waiting for one; then the number of turns
            waited += int((task / "schedstat").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return None
    return waited / 1e9


def is_contended(start: Load | None, end: Load | None, threads: int | None) -> bool | None:
    """Return whether others left the run less than its threads, give or take 10 % of the cores.

    Cores beyond `threads` are free for others: the sibling worker of a search does not count
    as long as each has a core. Nor does a process that yields whenever the run wants a core:
    where the kernel counts it, the run's threads must also have waited for cores longer than
    their own number explains. None when a reading is missing or too short to tell.
    """
    if start is None or end is None:
        return None
    wall_seconds = end.wall_seconds - start.wall_seconds
    # /proc/stat counts hundredths of a second.
    if wall_seconds < 0.2:
        return None
    own_seconds = end.own_seconds - start.own_seconds
    others = (end.busy_seconds - start.busy_seconds - own_seconds) / wall_seconds
    wanted = end.cores if threads is None else min(threads, end.cores)
    if others <= end.cores - wanted + TOLERATED_SHARE * end.cores:
        return False
    if start.waiting_seconds is None or end.waiting_seconds is None:
        return True
    return end.waiting_seconds - start.waiting_seconds > TOLERATED_WAITING * own_seconds
