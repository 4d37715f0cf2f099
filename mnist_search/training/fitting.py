"""Train one network: the epochs, what is looked at between them, and when to stop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras

from mnist_search.specs import QUARTERS, Epoch, Job, Network
from mnist_search.specs.shapes import measure
from mnist_search.training.building import build_model
from mnist_search.training.data import Labelled, RunData, load_data
from mnist_search.training.evaluation import Examiner
from mnist_search.training.loop import Loop, Tally
from mnist_search.training.memory import check_fits
from mnist_search.training.normalization import MovingStatistics
from mnist_search.training.optimizing import make_optimizer
from mnist_search.training.recorder import Recorder, environment
from mnist_search.training.scores import Verdict, finite


def train_network(job: Job, network: Network, recorder: Recorder) -> keras.Model:
    """Train a network as the job's protocol has it; what comes out goes to the recorder.

    Raises:
        UnbuildableError: a layer does not fit on the ones before it.
        MemoryError: a step cannot fit into the memory.
        DivergedError: a loss stopped to be a finite number.
    """
    size = measure(network)
    recorder.flops = size.flops
    with recorder.stretch() as stretch:
        data = load_data(job)
    recorder.data_seconds = stretch.seconds
    check_fits(
        size,
        batch_images=min(job.config.training.batch_size, len(data.train)),
        precision=job.precision,
        memory_bytes=environment().memory_bytes,
    )

    with recorder.stretch() as stretch:
        keras.utils.set_random_seed(job.seed)
        model = build_model(network, job.precision, fused=True)
        loop = _make_loop(job, model, data.train)
        examiner = Examiner(model)
        # The documents judged and kept their models with the averages as they were.
        documented = job.config.protocol in ("documented", "corrected")
        statistics = MovingStatistics(None if documented else model)
    fit = _Fit(
        loop=loop,
        examiner=examiner,
        statistics=statistics,
        data=data,
        recorder=recorder,
        rungs=frozenset(job.rungs),
    )
    recorder.build_seconds = stretch.seconds
    recorder.parameters = model.count_params()
    recorder.trainable_parameters = sum(
        int(v.value.shape.num_elements()) for v in model.trainable_variables
    )

    with recorder.fit():
        verdict = fit.run(job.config.training.epochs)
    statistics.correct(fit.steps)
    if data.final is not None:
        verdict = examiner.examine(data.final, what="the test images")
    if verdict is not None:
        recorder.conclude(verdict, test=data.ends_with_test)
    if not recorder.stopped:
        asked = next(part for part in (data.watched, data.final) if part is not None)
        recorder.inference_us = examiner.time_inference(asked.images)
    return model


def _make_loop(job: Job, model: keras.Model, train: Labelled) -> Loop:
    training = job.config.training
    steps_per_epoch = -(-len(train) // training.batch_size)
    optimizer = make_optimizer(
        training.optimizer, training.schedule, steps_per_epoch * training.epochs
    )
    return Loop(
        model=model,
        optimizer=optimizer,
        train=train,
        batch_size=training.batch_size,
        seed=job.seed,
        augmentation=training.augmentation,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fit:
    """The fit of one model: a row of epochs with looks in between."""

    loop: Loop
    examiner: Examiner
    statistics: MovingStatistics
    data: RunData
    recorder: Recorder
    rungs: frozenset[int]

    def run(self, epochs: int) -> Verdict | None:
        """Return the verdict on all the watched images of the weights as they are left, if any."""
        verdict = None
        for epoch in range(1, epochs + 1):
            verdict = self._epoch(epoch)
            if self.recorder.stopped:
                break
        return verdict

    def _epoch(self, epoch: int) -> Verdict | None:
        tally = Tally()
        validation_seconds = 0.0
        order = self.loop.order(epoch)
        train_seconds = self._first_step(order, tally) if epoch == 1 else 0.0
        for quarter in range(1, QUARTERS + 1):
            train_seconds += self._quarter(epoch, quarter, order, tally)
            rung = QUARTERS * (epoch - 1) + quarter
            if self.data.rung is not None and quarter < QUARTERS and rung in self.rungs:
                verdict, seconds = self._examine(self.data.rung, epoch, tally)
                validation_seconds += seconds
                if self.recorder.ask(rung, verdict.accuracy):
                    return None
        watched = None
        if self.data.watched is not None:
            watched, seconds = self._examine(self.data.watched, epoch, tally)
            validation_seconds += seconds
        self.recorder.epochs.append(
            Epoch(
                epoch=epoch,
                loss=tally.loss / tally.images,
                accuracy=tally.correct / tally.images,
                val_loss=None if watched is None else watched.loss,
                val_accuracy=None if watched is None else watched.accuracy,
                seconds=train_seconds,
                validation_seconds=validation_seconds,
            )
        )
        if watched is not None:
            self.recorder.ask(QUARTERS * epoch, watched.accuracy)
        return watched

    @property
    def steps(self) -> int:
        """Return the steps of all whole epochs so far."""
        return len(self.recorder.epochs) * self.loop.steps_per_epoch

    def _first_step(self, order: Any, tally: Tally) -> float:
        with self.recorder.stretch() as stretch:
            self.loop.run(order, 1, tally)
        self.recorder.first_step_seconds = stretch.seconds
        return stretch.seconds

    def _quarter(self, epoch: int, quarter: int, order: Any, tally: Tally) -> float:
        steps = self.loop.boundary(quarter) - tally.steps
        seconds = 0.0
        if steps > 0:
            with self.recorder.stretch() as stretch:
                self.loop.run(order, tally.steps + steps, tally)
            seconds = stretch.seconds
            self.recorder.step_seconds.append(seconds / steps)
        place = f"epoch {epoch}, by step {tally.steps} of {self.loop.steps_per_epoch},"
        finite(tally.loss, f"the training loss of {place}")
        return seconds

    def _examine(self, asked: Labelled, epoch: int, tally: Tally) -> tuple[Verdict, float]:
        steps = (epoch - 1) * self.loop.steps_per_epoch + tally.steps
        with self.recorder.stretch() as stretch, self.statistics.corrected(steps):
            verdict = self.examiner.examine(asked, what=f"the validation images in epoch {epoch}")
        return verdict, stretch.seconds
