"""What is known of a run while it runs; a result can be made of it at any moment."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mnist_search.specs import (
    Epoch,
    Failure,
    Job,
    Precision,
    RunResult,
    Score,
    Timings,
    describe_environment,
)
from mnist_search.specs.shapes import Size
from mnist_search.training.evaluate import Evaluation
from mnist_search.training.resources import LoadMeter, Timer, peak_bytes, reset_peak


class Recorder:
    """Collect the epochs, reports, scores and times of one run.

    The clock returns seconds and never goes back. Time spent waiting for the answer to a report
    belongs to no phase of the run.
    """

    def __init__(
        self,
        *,
        job: Job,
        report: Callable[[int, float], bool],
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.job = job
        self.stopped = False
        self.epochs: list[Epoch] = []
        self.reports: list[tuple[int, float]] = []
        self.validation: Score | None = None
        self.test: Score | None = None
        self.train: Score | None = None
        self.collapsed: bool | None = None
        self.predictions: str | None = None
        self.weights_sha256: str | None = None
        self.parameters: int | None = None
        self.trainable_parameters: int | None = None
        self.flops: int | None = None
        self.precision: Precision = job.precision
        self.threads: int | None = None
        self.data_seconds: float | None = None
        self.build_seconds: float | None = None
        self.first_step_seconds: float | None = None
        self.step_seconds: list[float] = []
        self.inference_us: dict[int, float] = {}
        self._fit_seconds: float | None = None
        self._peak_memory_bytes: int | None = None
        self._contended: bool | None = None
        self._report = report
        self._clock = clock
        self._waiting_seconds = 0.0

    def note_size(self, size: Size) -> None:
        """Note what the model costs."""
        self.flops = size.flops
        self.parameters = size.parameters
        self.trainable_parameters = size.trainable_parameters

    @contextmanager
    def timed(self) -> Iterator[Timer]:
        """Time the block; the timer's `seconds` are set when it is left."""
        timer, started, waited = Timer(), self._clock(), self._waiting_seconds
        try:
            yield timer
        finally:
            waiting_seconds = self._waiting_seconds - waited
            timer.seconds = self._clock() - started - waiting_seconds

    @contextmanager
    def fit(self) -> Iterator[None]:
        """Time the fit, and watch the memory and the load of the machine meanwhile.

        A fit that fails keeps what was measured until then.
        """
        resettable = reset_peak()
        meter = LoadMeter()
        timer = Timer()
        try:
            with self.timed() as timer:
                yield
        finally:
            self._fit_seconds = timer.seconds
            self._peak_memory_bytes = peak_bytes() if resettable else None
            self._contended = meter.contended(self.threads)

    def report(self, step: int, accuracy: float) -> bool:
        """Report an accuracy at a step, in quarters of an epoch; True: the run must stop."""
        self.reports.append((step, accuracy))
        started = self._clock()
        self.stopped = self._report(step, accuracy)
        self._waiting_seconds += self._clock() - started
        return self.stopped

    def conclude(self, evaluation: Evaluation, *, test: bool) -> None:
        """Note how good the final weights are, on the test images or the validation images."""
        self.collapsed = evaluation.collapsed
        if test:
            self.test = evaluation.score
            self.predictions = evaluation.predictions
        else:
            self.validation = evaluation.score

    def finished(self) -> RunResult:
        """Return the result of a run that reached its end or was told to stop."""
        return self._result("pruned" if self.stopped else "complete", None)

    def failed(self, failure: Failure) -> RunResult:
        """Return the result of a run that failed, with all that was known by then."""
        return self._result("failed", failure)

    def _result(self, status: str, failure: Failure | None) -> RunResult:
        return RunResult.model_validate(
            {
                "status": status,
                "config_id": self.job.config.config_id,
                "seed": self.job.seed,
                "failure": failure,
                "validation": self.validation,
                "test": self.test,
                "train": self.train,
                "collapsed": self.collapsed,
                "epochs": tuple(self.epochs),
                "reports": tuple(self.reports),
                "parameters": self.parameters,
                "trainable_parameters": self.trainable_parameters,
                "flops": self.flops,
                "predictions": self.predictions,
                "weights_sha256": self.weights_sha256,
                "timings": Timings(
                    data_seconds=self.data_seconds,
                    build_seconds=self.build_seconds,
                    first_step_seconds=self.first_step_seconds,
                    step_seconds=tuple(self.step_seconds),
                    fit_seconds=self._fit_seconds,
                    inference_us_batch_1=self.inference_us.get(1),
                    inference_us_batch_256=self.inference_us.get(256),
                    peak_memory_bytes=self._peak_memory_bytes,
                ),
                "precision": self.precision,
                "threads": self.threads,
                "contended": self._contended,
                "environment": describe_environment(),
            }
        )
