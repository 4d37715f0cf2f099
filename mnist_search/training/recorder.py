"""What is known of a run while it runs; a result can be made of it at any moment."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from mnist_search.specs import Epoch, Failure, Job, RunResult, describe_environment
from mnist_search.specs.shapes import Size
from mnist_search.training.evaluate import Evaluation
from mnist_search.training.resources import is_contended, peak_bytes, read_load, reset_peak

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
        report: Callable[[float, float | None], bool],
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
        resettable, load = reset_peak(), read_load()
        try:
            with self.timed("fit_seconds"):
                yield
        finally:
            self._timings["peak_memory_bytes"] = peak_bytes() if resettable else None
            self.note(contended=is_contended(load, read_load(), self._threads))

    def report(self, step: int, accuracy: float) -> bool:
        """Report an accuracy at a step, in quarters of an epoch; True: the run must stop."""
        self._reports.append((step, accuracy))
        started = self._clock()
        self.stopped = self._report(step, accuracy)
        self._waiting_seconds += self._clock() - started
        return self.stopped

    def step(self, step: float) -> None:
        """Say how far the run is, in quarters of an epoch, unless it said so within a second."""
        now = self._clock()
        if now - self._stepped >= STEP_SECONDS:
            self._stepped = now
            self._report(step, None)
            self._waiting_seconds += self._clock() - now

    def conclude(self, evaluation: Evaluation, *, test: bool) -> None:
        """Note how good the final weights are, on the test images or the validation images."""
        self.note(collapsed=evaluation.collapsed)
        if test:
            self.note(test=evaluation.score, predictions=evaluation.predictions)
        else:
            self.note(validation=evaluation.score)

    def result(self, failure: Failure | None = None) -> RunResult:
        """Return the result of the run, with all that is known by now.

        Without a failure the run has reached its end, or was told to stop.
        """
        status = "pruned" if self.stopped else "complete"
        return RunResult.model_validate(
            {
                **self._noted,
                "status": status if failure is None else "failed",
                "failure": failure,
                "config_id": self._job.config.config_id,
                "seed": self._job.seed,
                "epochs": tuple(self.epochs),
                "reports": tuple(self._reports),
                "timings": {**self._timings, "step_seconds": tuple(self.step_seconds)},
                "threads": self._threads,
                "environment": describe_environment(),
            }
        )
