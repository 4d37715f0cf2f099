"""What is known of a run while it runs; a result can be made of it at any moment."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mnist_search.specs import (
    Environment,
    Epoch,
    Failure,
    Job,
    Precision,
    RunResult,
    Score,
    Timings,
    describe_environment,
)
from mnist_search.training.contention import LoadMeter
from mnist_search.training.memory import peak_bytes, reset_peak
from mnist_search.training.scores import Verdict, pack


class Stretch:
    """The seconds of one timed stretch, known once it is over."""

    seconds: float = 0.0


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
        self.import_seconds: float | None = None
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

    @contextmanager
    def stretch(self) -> Iterator[Stretch]:
        """Time a stretch of work; its `seconds` are set when the block is left."""
        stretch, started, waited = Stretch(), self._clock(), self._waiting_seconds
        try:
            yield stretch
        finally:
            waiting_seconds = self._waiting_seconds - waited
            stretch.seconds = self._clock() - started - waiting_seconds

    @contextmanager
    def fit(self) -> Iterator[None]:
        """Time the fit, and watch the memory and the load of the machine meanwhile.

        A fit that fails keeps what was measured until then.
        """
        resettable = reset_peak()
        meter = LoadMeter()
        stretch = None
        try:
            with self.stretch() as stretch:
                yield
        finally:
            self._fit_seconds = None if stretch is None else stretch.seconds
            self._peak_memory_bytes = peak_bytes() if resettable else None
            self._contended = meter.contended(self.threads)

    def ask(self, step: int, accuracy: float) -> bool:
        """Report an accuracy at a step, in quarters of an epoch; True: the run must stop."""
        self.reports.append((step, accuracy))
        started = self._clock()
        self.stopped = self._report(step, accuracy)
        self._waiting_seconds += self._clock() - started
        return self.stopped

    def conclude(self, verdict: Verdict, *, test: bool) -> None:
        """Note the verdict on the weights as they are left, on the test or validation images."""
        self.collapsed = verdict.constant
        if test:
            self.test = verdict.score
            self.predictions = pack(verdict.classes)
        else:
            self.validation = verdict.score

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
                    import_seconds=self.import_seconds,
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
                "environment": environment(),
            }
        )


@functools.cache
def environment() -> Environment:
    """Describe this machine, once per process."""
    return describe_environment()
