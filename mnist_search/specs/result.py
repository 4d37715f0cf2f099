"""What came out of a run, and the line of the ledger that it is in.

Raw samples, never derived numbers; unknown is None.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal, assert_never

from pydantic import model_validator

from mnist_search.choices import Precision
from mnist_search.specs._frozen import Frozen, added_field, without
from mnist_search.specs.environment import Environment
from mnist_search.specs.run import DatasetRef, RunConfig

# What a search is about: accuracy, which is to be high, or also a cost, which is to be low.
Objective = Literal["val_accuracy", "train_seconds", "parameters", "inference_us"]
Status = Literal["complete", "pruned", "failed"]
FailureKind = Literal[
    "diverged",
    "error",
    "unbuildable",
    "too-large",
    "out-of-memory",
    "timeout",
    "worker-died",
]


class Failure(Frozen):
    """Why a run failed: kind and one-line message; the traceback is for the log."""

    kind: FailureKind
    message: str
    traceback: str | None = None


class Score(Frozen):
    """Right answers on a set of images; `loss` is the mean cross-entropy, in nats.

    `clipped_loss` is Keras 2's, with probabilities clipped at 1e-7 as the documents' were.
    """

    correct: int
    total: int
    loss: float | None = None
    clipped_loss: float | None = None

    @property
    def accuracy(self) -> float:
        """Return the share of right answers."""
        return self.correct / self.total


class Epoch(Frozen):
    """One epoch: running means over its training batches, and the validation after it."""

    epoch: int
    loss: float | None
    accuracy: float | None
    val_loss: float | None
    val_accuracy: float | None
    seconds: float
    validation_seconds: float


class Timings(Frozen):
    """Wall-clock seconds of the phases of a run, taken apart.

    `fit_seconds` runs from the first training step to the end of the last validation;
    `step_seconds` are samples of the steady step: the mean over each uninterrupted stretch of
    steps, so that no Python work lies between the steps. `fit_cpu_seconds` is no wall clock: it
    is the processor time of all threads during the fit, None where an older version measured.
    """

    import_seconds: float | None = None
    data_seconds: float | None = None
    build_seconds: float | None = None
    first_step_seconds: float | None = None
    step_seconds: tuple[float, ...] = ()
    fit_seconds: float | None = None
    fit_cpu_seconds: float | None = None
    inference_us_batch_1: float | None = None
    inference_us_batch_256: float | None = None
    peak_memory_bytes: int | None = None


class RunResult(Frozen):
    """The record of one run, versioned for the ledger.

    `validation` is the score on held-out images, `test` that on the test images (None where a
    protocol does not meet them). `selection` is the score on the other half of the held-out
    images, which steered the search: it chose among trials, so it is optimistic. None: there is
    no such half, and `validation` has chosen. `predictions` packs the classes answered for the
    test images: base64 of zlib of one byte per image, `validation_predictions` those for the
    validation images where the job was to keep them. `reports` are (step, accuracy) pairs, step
    in quarters of an epoch. `collapsed` says that the model gave one constant answer.
    `zero_coefficients` counts those of a linear classifier that are exactly 0, without intercepts.
    `contended` says that other processes took a notable share of the cores meanwhile.
    `weights_sha256` is that of the file of trained weights, None where none was written.
    `duplicate_of` is the number of the trial of the same configuration that this result is the
    copy of, None where it was trained. A trial that is too large was not trained either: its
    status is pruned, and its failure says which limit it exceeds.
    """

    schema_version: Literal[1] = 1
    status: Status
    config_id: str
    seed: int
    failure: Failure | None = None
    selection: Score | None = None
    validation: Score | None = None
    test: Score | None = None
    train: Score | None = None
    collapsed: bool | None = None
    epochs: tuple[Epoch, ...] = ()
    reports: tuple[tuple[int, float], ...] = ()
    parameters: int | None = None
    trainable_parameters: int | None = None
    zero_coefficients: int | None = None
    flops: int | None = None
    predictions: str | None = None
    validation_predictions: str | None = added_field(None)
    weights_sha256: str | None = None
    duplicate_of: int | None = None
    timings: Timings = Timings()
    precision: Precision = "float32"
    threads: int | None = None
    contended: bool | None = None
    environment: Environment | None = None

    @model_validator(mode="before")
    @classmethod
    def _read_version_0_1(cls, data: Any) -> Any:
        # Some of its trials went on from the weights of others.
        return without(data, ("initial_epoch", "restarted", "checkpoint_sha256"))

    @property
    def score(self) -> Score | None:
        """Return the score that the run's protocol is about: validation, else test."""
        return self.validation if self.validation is not None else self.test

    @property
    def chosen_by(self) -> Score | None:
        """Return the held-out score that trials are chosen by; runs on test images have none."""
        return self.selection if self.selection is not None else self.validation

    @property
    def last_accuracy(self) -> float | None:
        """Return the accuracy that chooses, else the test accuracy, else the last one reported."""
        score = self.test if self.chosen_by is None else self.chosen_by
        if score is not None:
            return score.accuracy
        return self.reports[-1][1] if self.reports else None

    def objective_values(self, objectives: Sequence[Objective]) -> tuple[float, ...] | None:
        """Return the numbers by which a search judges the run; None where one is unknown.

        A trial that was stopped early has its last accuracy, but no costs of a whole trial; nor
        has a failed one any number.
        """
        if self.status == "failed" or (self.status == "pruned" and len(objectives) > 1):
            return None
        found = [self._objective_value(objective) for objective in objectives]
        known = tuple(value for value in found if value is not None and math.isfinite(value))
        return known if len(known) == len(found) else None

    def _objective_value(self, objective: Objective) -> float | None:
        match objective:
            case "val_accuracy":
                return self.last_accuracy
            case "train_seconds":
                return self.timings.fit_seconds
            case "parameters":
                return None if self.parameters is None else float(self.parameters)
            case "inference_us":
                return self.timings.inference_us_batch_256
            case _:
                assert_never(objective)


RunKey = tuple[str, int]
State = Literal["waiting", "running", "complete", "pruned", "failed"]


# What begins the origin of a trial whose values a space gave.
OF_SPACE = "first point "


class Record(Frozen):
    """One slot of a study: a trial of a search, or one run of a reference.

    `reference` names the reference that the configuration is (a trial may be one too), `origin`
    where the values of a first trial are from: the trial of another study, as STUDY#TRIAL, or a
    `first point NAME` of the space.
    `values` are the trial's parameters, None for a run that no space proposed. `confirms` is the
    number of the search's trial that this run trains again, None for all other runs. `objectives`
    are what the study is about: accuracy, or also a cost.
    """

    study: str
    number: int
    kind: Literal["trial", "reference"]
    state: State
    reference: str | None = None
    origin: str | None = None
    values: dict[str, bool | int | float | str] | None = None
    config: RunConfig | None = None
    seed: int | None = None
    result: RunResult | None = None
    dataset: DatasetRef | None = None
    started: float | None = None
    finished: float | None = None
    worker: int | None = None
    confirms: int | None = None
    objectives: tuple[Objective, ...] = ("val_accuracy",)

    @property
    def run_key(self) -> RunKey | None:
        """Return (config_id, seed), which two runs of the same thing share; None before it runs."""
        if self.config is None or self.seed is None:
            return None
        return self.config.config_id, self.seed
