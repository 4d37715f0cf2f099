"""Train one network: the epochs, the evaluations between them, and when to stop."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from mnist_search.specs import QUARTERS, Job, Network, describe_environment
from mnist_search.specs.shapes import measure
from mnist_search.training.backend import keras
from mnist_search.training.build import build_model
from mnist_search.training.data import Labelled, RunData, load_data
from mnist_search.training.devices import used_device
from mnist_search.training.evaluate import Evaluation, Evaluator, MovingAverages, finite
from mnist_search.training.loop import EpochTotals, Loop
from mnist_search.training.recorder import Recorder, check_fits


def train_network(job: Job, network: Network, recorder: Recorder) -> keras.Model:
    """Train a network as the job's protocol has it; what comes out goes to the recorder.

    Raises:
        UnbuildableError: a layer does not fit on the ones before it.
        MemoryError: a step cannot fit into the memory.
        DivergedError: a loss stopped to be a finite number.
    """
    size = measure(network)
    recorder.note_size(size)
    here = describe_environment(device=used_device(os.environ))
    recorder.note(environment=here)
    training = job.config.training
    with recorder.timed("data_seconds"):
        data = load_data(job)
    check_fits(
        size,
        batch_images=min(training.batch_size, len(data.train)),
        precision=job.precision,
        memory_bytes=here.memory_bytes,
    )

    with recorder.timed("build_seconds"):
        keras.utils.set_random_seed(job.seed)
        model = build_model(network, job.precision, fused=True)
        # The documents evaluated and kept their models with the averages as they were.
        documented = job.config.protocol in ("documented", "corrected")
        fit = _Fit(
            loop=Loop(model, training, data.train, seed=job.seed),
            evaluator=Evaluator(model),
            averages=MovingAverages(None if documented else model),
            data=data,
            recorder=recorder,
            rungs=frozenset(job.rungs),
        )

    with recorder.fit():
        watched = fit.run(training.epochs)
    fit.averages.correct(fit.loop.steps_done)
    recorder.conclude(data, watched, fit.evaluator.evaluate)
    if not recorder.stopped:
        recorder.note_inference(fit.evaluator.time_inference(data.scored.images))
    return model


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fit:
    """The fit of one model: a row of epochs with evaluations in between."""

    loop: Loop
    evaluator: Evaluator
    averages: MovingAverages
    data: RunData
    recorder: Recorder
    rungs: frozenset[int]

    def run(self, epochs: int) -> Evaluation | None:
        """Return the final weights evaluated on all watched images, None where there are none.

        None also where the run was stopped within an epoch.
        """
        evaluation = None
        for epoch in range(1, epochs + 1):
            evaluation = self._epoch(epoch)
            if self.recorder.stopped:
                break
        return evaluation

    def _epoch(self, epoch: int) -> Evaluation | None:
        totals, order = EpochTotals(), self.loop.order(epoch)
        if epoch == 1:
            with self.recorder.timed("first_step_seconds") as timer:
                self.loop.run(order, 1, totals)
            totals.seconds += timer.seconds
        for quarter in range(1, QUARTERS + 1):
            self._quarter(epoch, quarter, order, totals)
            rung = QUARTERS * (epoch - 1) + quarter
            if self.data.rung is not None and quarter < QUARTERS and rung in self.rungs:
                evaluation = self._evaluate(self.data.rung, epoch, totals)
                if self.recorder.report(rung, evaluation.accuracy):
                    return None
        validation = None
        if self.data.watched is not None:
            validation = self._evaluate(self.data.watched, epoch, totals)
        self.loop.end_epoch(totals.loss / totals.images)
        self.recorder.end_epoch(
            epoch,
            validation,
            loss=totals.loss / totals.images,
            accuracy=totals.correct / totals.images,
            seconds=totals.seconds,
            validation_seconds=totals.validation_seconds,
        )
        return validation

    def _quarter(self, epoch: int, quarter: int, order: Any, totals: EpochTotals) -> None:
        end = self.loop.boundary(quarter)
        steps = end - totals.steps
        if steps > 0:
            with self.recorder.timed() as timer:
                self.loop.run(order, end, totals, told=lambda: self._tell(epoch, totals))
            totals.seconds += timer.seconds
            self.recorder.step_seconds.append(timer.seconds / steps)
        place = f"epoch {epoch}, by step {totals.steps} of {self.loop.steps_per_epoch},"
        finite(totals.loss, f"the training loss of {place}")

    def _tell(self, epoch: int, totals: EpochTotals) -> None:
        self.recorder.step(QUARTERS * (epoch - 1 + totals.steps / self.loop.steps_per_epoch))

    def _evaluate(self, images: Labelled, epoch: int, totals: EpochTotals) -> Evaluation:
        with self.recorder.timed() as timer, self.averages.corrected(self.loop.steps_done):
            evaluation = self.evaluator.evaluate(
                images, what=f"the validation images in epoch {epoch}"
            )
        totals.validation_seconds += timer.seconds
        return evaluation
