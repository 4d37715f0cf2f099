"""What is known of a run while it runs, also its memory and the load of the machine."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mnist_search.execution.base import Report
from mnist_search.specs import (
    QUARTERS,
    Epoch,
    Failure,
    Job,
    Precision,
    RunResult,
    describe_environment,
)
from mnist_search.specs.shapes import Size
from mnist_search.training.data import RunData, ScoreName
from mnist_search.training.evaluate import Evaluation

# How often a run says how far it is.
STEP_SECONDS = 1.0


class Timer:
    """The seconds of one piece of work, known once it is over."""

    seconds: float = 0.0


class Recorder:
    """Collect the epochs, reports, scores and times of one run.

    `threads` are those of one operation. The clock returns seconds and never goes back. Time spent
    waiting for the answer to a report belongs to no phase of the run.
    """

    def __init__(
        self,
        *,
        job: Job,
        report: Report,
        threads: int | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.stopped = False
        self.epochs: list[Epoch] = []
        self.step_seconds: list[float] = []
        self._job = job
        self._threads = threads
        self._report = report
        self._clock = clock
        self._waiting_seconds = 0.0
        self._stepped = clock()
        self._reports: list[tuple[int, float]] = []
        self._noted: dict[str, Any] = {"precision": job.precision}
        self._timings: dict[str, Any] = {}

    def note(self, **fields: Any) -> None:
        """Note fields of the result, by their names in `RunResult`."""
        self._noted |= fields

    def note_size(self, size: Size) -> None:
        """Note what the model costs."""
        self.note(
            flops=size.flops,
            parameters=size.parameters,
            trainable_parameters=size.trainable_parameters,
        )

    def note_inference(self, microseconds: dict[int, float]) -> None:
        """Note the time per image by batch size."""
        for batch_size, value in microseconds.items():
            self._timings[f"inference_us_batch_{batch_size}"] = value

    @contextmanager
    def timed(self, phase: str | None = None) -> Iterator[Timer]:
        """Time the block; the timer's `seconds`, and the `phase` in `Timings`, are set after it."""
        timer, started, waited = Timer(), self._clock(), self._waiting_seconds
        try:
            yield timer
        finally:
            waiting_seconds = self._waiting_seconds - waited
            timer.seconds = self._clock() - started - waiting_seconds
            if phase is not None:
                self._timings[phase] = timer.seconds

    @contextmanager
    def fit(self) -> Iterator[None]:
        """Time the fit, and watch the memory and the load of the machine meanwhile.

        A fit that fails keeps what was measured until then.
        """
        resettable, load, worked = reset_peak(), read_load(), time.process_time()
        try:
            with self.timed("fit_seconds"):
                yield
        finally:
            self._timings["fit_cpu_seconds"] = time.process_time() - worked
            self._timings["peak_memory_bytes"] = peak_bytes() if resettable else None
            self.note(contended=is_contended(load, read_load(), self._threads))

    def report(self, step: int, accuracy: float) -> bool:
        """Report an accuracy at a step, in quarters of an epoch; True: the run must stop."""
        self._reports.append((step, accuracy))
        started = self._clock()
        self.stopped = self._report(step, accuracy)
        self._waiting_seconds += self._clock() - started
        return self.stopped

    def end_epoch(self, epoch: int, watched: Evaluation | None, **known: float | None) -> None:
        """Note an epoch with what is known of it, by the names in `Epoch`, and report it."""
        loss, accuracy = (None, None) if watched is None else (watched.loss, watched.accuracy)
        fields = {"epoch": epoch, "val_loss": loss, "val_accuracy": accuracy, **known}
        self.epochs.append(Epoch.model_validate(fields))
        if accuracy is not None:
            self.report(QUARTERS * epoch, accuracy)

    def step(self, step: float) -> None:
        """Say how far the run is, in quarters of an epoch, unless it said so within a second."""
        now = self._clock()
        if now - self._stepped >= STEP_SECONDS:
            self._stepped = now
            self._report(step, None)
            self._waiting_seconds += self._clock() - now

    def conclude(
        self,
        data: RunData,
        watched: Evaluation | None,
        evaluate: Callable[..., Evaluation],
    ) -> None:
        """Note how good the final weights are, on the images watched and on the final ones.

        A run that was stopped does not meet the latter.
        """
        if watched is not None:
            self._note_score(data.watched_as, watched)
        if data.final is not None and not self.stopped:
            what = f"the {data.final_as} images"
            self._note_score(data.final_as, evaluate(data.final, what=what))

    def _note_score(self, name: ScoreName, evaluation: Evaluation) -> None:
        self.note(collapsed=evaluation.collapsed, **{name: evaluation.score})
        if name == "test":
            self.note(predictions=evaluation.predictions)
        if name == "validation" and self._job.keep_answers:
            self.note(validation_predictions=evaluation.predictions)

    def result(self, failure: Failure | None = None) -> RunResult:
        """Return the result of the run, with all that is known by now.

        Without a failure the run has reached its end, or was told to stop.
        """
        status = "pruned" if self.stopped else "complete"
        return RunResult.model_validate(
            {
                "environment": describe_environment(),
                **self._noted,
                "status": status if failure is None else "failed",
                "failure": failure,
                "config_id": self._job.config.config_id,
                "seed": self._job.seed,
                "epochs": tuple(self.epochs),
                "reports": tuple(self._reports),
                "timings": {**self._timings, "step_seconds": tuple(self.step_seconds)},
                "threads": self._threads,
            }
        )


TOLERATED_SHARE = 0.10
# Threads of one run get into each other's way as well: measured on two cores with two threads,
# 0.15 alone, 0.17 beside processes of idle priority, 1.1 beside one process that takes a core.
TOLERATED_WAITING = 0.30


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
