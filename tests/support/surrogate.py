"""A trainer that trains nothing: results as a pure function of the job, for tests of the rest.

`MNIST_SEARCH_TRAINER=tests.support.surrogate` lets workers import it (see `execution.factory`). It
has optima to be found, learning curves, collapses, divergence and networks that cannot be built.
All its figures are invented, the seconds too, so its machine is called `surrogate` and can never
be ranked together with a real one. What it answers for single images is unknown.

`MNIST_SEARCH_SURROGATE_SECONDS` sleeps that long before each report, so that a test can strike in
the middle. `MNIST_SEARCH_SURROGATE_FAULTS`, such as `3=diverged,5=raise,*=error`, makes jobs fail
halfway, by number: `diverged`, `error` and `out-of-memory` are failed results, `raise` is an
exception, `exit` (code 3) and `crash` (a segmentation fault) end the process; where that is not a
worker process, they raise as well.
"""

from __future__ import annotations

import math
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from functools import cache
from statistics import fmean
from typing import assert_never

from mnist_search.execution.base import Report
from mnist_search.specs import (
    QUARTERS,
    SGD,
    Adadelta,
    Adam,
    AdamW,
    BatchNorm,
    Conv,
    Dense,
    Device,
    Dropout,
    Environment,
    Epoch,
    Failure,
    Job,
    LinearClassifier,
    Nadam,
    Network,
    Optimizer,
    RMSprop,
    RunResult,
    Score,
    Timings,
    derive_seed,
    describe_environment,
)
from mnist_search.specs.environment import GPU_WORKERS
from mnist_search.specs.result import Status
from mnist_search.specs.shapes import Size, UnbuildableError, measure

SECONDS_VARIABLE = "MNIST_SEARCH_SURROGATE_SECONDS"
FAULTS_VARIABLE = "MNIST_SEARCH_SURROGATE_FAULTS"
FAULTS = ("diverged", "error", "out-of-memory", "raise", "exit", "crash")

# A constant answer is right for the share of the most frequent digit, the 1.
CONSTANT_ANSWER = 0.1135
NOISE = 0.0008
# One image of six is held out, as 10,000 of 60,000.
HELD_OUT = 6
FLOPS_PER_SECOND = 2e11
DIVERGENCE_DECADES = 1.8
CONVERGED_EPOCHS = 30


def prepare() -> float:
    """Import nothing; return 0 seconds."""
    return 0.0


def run_job(job: Job, report: Report) -> RunResult:
    """Return what training this job might have given, reporting and stopping on the way.

    Raises:
        RuntimeError: the faults demand it.
        ValueError: the faults cannot be read.
    """
    faults = read_faults(os.environ)
    fault = faults.get(job.number, faults.get(None))
    pause_seconds = float(os.environ.get(SECONDS_VARIABLE, "0"))
    try:
        size = measure(job.config.model)
    except UnbuildableError as error:
        failure = Failure(kind="unbuildable", message=str(error))
        return _result(job, "failed", failure=failure)
    if fault is None and _decades_off(job) > DIVERGENCE_DECADES:
        fault = "diverged"
    last_step = QUARTERS * _epochs(job)
    reports: list[tuple[int, float]] = []
    for step in _steps(job, last_step):
        time.sleep(pause_seconds)
        if fault is not None and 2 * step >= last_step:
            failure = _fail(fault)
            return _result(
                job, "failed", size=size, step=step - 1, reports=reports, failure=failure
            )
        if not _is_silent(job):
            reports.append((step, _score(job, step).accuracy))
            if report(*reports[-1]):
                return _result(job, "pruned", size=size, step=step, reports=reports)
    return _result(job, "complete", size=size, step=last_step, reports=reports)


surrogate_trainer = run_job


def read_faults(environ: Mapping[str, str]) -> dict[int | None, str]:
    """Return which job fails how, None standing for all others.

    Raises:
        ValueError: an item is not `number=fault` or `*=fault`.
    """
    faults: dict[int | None, str] = {}
    for item in filter(None, environ.get(FAULTS_VARIABLE, "").split(",")):
        number, _, fault = item.strip().partition("=")
        if fault not in FAULTS or not (number == "*" or number.isdecimal()):
            known = ", ".join(FAULTS)
            raise ValueError(
                f"{FAULTS_VARIABLE}: each item must be number=fault or *=fault "
                f"with one of {known}, got {item}"
            )
        faults[None if number == "*" else int(number)] = fault
    return faults


def _fail(fault: str) -> Failure:
    main = sys.modules["__main__"].__spec__
    worker = main is not None and main.name == "mnist_search.execution._worker"
    match fault:
        case "diverged":
            return Failure(kind="diverged", message="the loss of a step is nan")
        case "error":
            return Failure(kind="error", message="RuntimeError: a fault was asked for")
        case "out-of-memory":
            return Failure(kind="out-of-memory", message="MemoryError: a fault was asked for")
        case "exit" if worker:
            os._exit(3)
        case "crash" if worker:
            os.kill(os.getpid(), signal.SIGSEGV)
    raise RuntimeError(f"a fault was asked for: {fault}")


def _steps(job: Job, last_step: int) -> Sequence[int]:
    rungs = [rung for rung in job.rungs if 0 < rung < last_step]
    return sorted({*rungs, *range(4, last_step + 1, 4)})


def _epochs(job: Job) -> int:
    """Return after how many epochs a run ends; one with a tolerance soon sees no progress."""
    model, epochs = job.config.model, job.config.training.epochs
    with_tolerance = isinstance(model, LinearClassifier) and model.tolerance is not None
    return min(epochs, CONVERGED_EPOCHS) if with_tolerance else epochs


def _is_silent(job: Job) -> bool:
    """Return whether a run like this one never validates before its end."""
    model = job.config.model
    fitted_at_once = isinstance(model, LinearClassifier) and model.tolerance is not None
    return fitted_at_once or job.config.protocol == "confirm"


def _score(job: Job, step: int, *, final: bool = False) -> Score:
    """Return the score on the images that are watched, or on the `final` half of those held out."""
    dataset = job.dataset
    total = dataset.test_images
    if job.config.protocol == "held-out":
        total = max(1, dataset.train_images // HELD_OUT)
        if dataset.held_out == "halves":
            total = total // 2 if final else total - total // 2
    if _collapses(job):
        return Score(correct=round(CONSTANT_ANSWER * total), total=total, loss=2.301)
    config = job.config
    # Halves the distance to the best it can reach about three times an epoch.
    unlearned = math.exp(-2.2 * step / 4 / (1 + _decades_off(job) ** 2))
    least = _least_error(job)
    error = least + (0.9 - least) * unlearned
    if config.raw_test_pixels and _has(job, BatchNorm):
        error += 0.12
    labels = (config.config_id, step, "final") if final else (config.config_id, step)
    luck = 2 * derive_seed(job.seed, *labels) / 2**32 - 1
    error = min(0.9, max(0.0, error + NOISE * luck))
    return Score(correct=round((1 - error) * total), total=total, loss=0.01 + 3 * error)


def _least_error(job: Job) -> float:
    """Return the error after endless epochs; decades of it are won by what usually helps."""
    model, training = job.config.model, job.config.training
    match model:
        case LinearClassifier():
            decades = -1.0 if model.penalty == "none" else -1.05
        case Network(layers=layers):
            convolutions = sum(isinstance(layer, Conv) for layer in layers)
            units = sum(layer.units for layer in layers if isinstance(layer, Dense))
            rates = [layer.rate for layer in layers if isinstance(layer, Dropout)]
            decades = -1.0
            decades -= 0.75 * (1 - math.exp(-convolutions / 1.5))
            decades -= 0.6 * (1 - math.exp(-math.log2(1 + units) / 8))
            decades -= 0.12 * math.exp(-(((fmean(rates) - 0.3) / 0.2) ** 2)) if rates else 0.0
            decades -= 0.1 if _has(job, BatchNorm) else 0.0
        case _:
            assert_never(model)
    images = job.dataset.train_images
    trained = images if training.train_images is None else min(images, training.train_images)
    decades += 0.2 * _decades_off(job) ** 2 + 0.25 * math.log10(60_000 / max(1, trained))
    return min(0.9, math.pow(10, decades))


def _decades_off(job: Job) -> float:
    """Return the powers of ten between the learning rate and the best one; above it is > 0."""
    if isinstance(job.config.model, LinearClassifier):
        return 0.0
    optimizer = job.config.training.optimizer
    return math.log10(optimizer.learning_rate / _best_rate(optimizer))


def _best_rate(optimizer: Optimizer) -> float:
    match optimizer:
        case Adam() | AdamW() | Nadam() | RMSprop():
            return 1e-3
        case SGD(momentum=momentum):
            return 0.1 * (1 - momentum)
        case Adadelta():
            return 1.0
        case _:
            assert_never(optimizer)


def _collapses(job: Job) -> bool:
    """Return whether the gradient vanishes in a deep stack of sigmoids without normalization."""
    model = job.config.model
    if not isinstance(model, Network) or _has(job, BatchNorm):
        return False
    hidden = [layer for layer in model.layers if isinstance(layer, Conv | Dense)]
    return len(hidden) >= 5 and all(layer.activation == "sigmoid" for layer in hidden)


def _has(job: Job, kind: type[BatchNorm]) -> bool:
    model = job.config.model
    return isinstance(model, Network) and any(isinstance(layer, kind) for layer in model.layers)


def _result(
    job: Job,
    status: Status,
    *,
    size: Size | None = None,
    step: int = 0,
    reports: Sequence[tuple[int, float]] = (),
    failure: Failure | None = None,
) -> RunResult:
    score = None if failure is not None else _score(job, step)
    held_out = job.config.protocol == "held-out"
    halves = held_out and job.dataset.held_out == "halves"
    measured = score
    if halves:
        whole = status == "complete" and failure is None
        measured = _score(job, step, final=True) if whole else None
    seconds = 0.0 if size is None else 3 * size.flops * job.dataset.train_images / FLOPS_PER_SECOND
    batches = max(1, job.dataset.train_images // job.config.training.batch_size)
    epochs = tuple(_epoch(job, number, seconds) for number in range(1, step // 4 + 1))
    return RunResult(
        status=status,
        config_id=job.config.config_id,
        seed=job.seed,
        failure=failure,
        selection=score if halves else None,
        validation=measured if held_out else None,
        test=None if held_out else score,
        collapsed=None if failure is not None else _collapses(job),
        epochs=epochs,
        reports=tuple(reports),
        parameters=None if size is None else size.parameters,
        trainable_parameters=None if size is None else size.trainable_parameters,
        flops=None if size is None else size.flops,
        timings=Timings(
            build_seconds=0.1,
            first_step_seconds=1.0,
            step_seconds=(seconds / batches,) * 5,
            fit_seconds=1.1 * seconds * step / 4,
            fit_cpu_seconds=1.05 * seconds * step / 4,
            inference_us_batch_1=1000.0,
            inference_us_batch_256=None if size is None else 1e6 * size.flops / FLOPS_PER_SECOND,
        ),
        precision=job.precision,
        threads=1,
        contended=False,
        environment=_environment(),
    )


def _epoch(job: Job, number: int, seconds: float) -> Epoch:
    score = _score(job, 4 * number)
    shown = None if _is_silent(job) else score
    return Epoch(
        epoch=number,
        loss=score.loss,
        accuracy=score.accuracy,
        val_loss=None if shown is None else shown.loss,
        val_accuracy=None if shown is None else shown.accuracy,
        seconds=seconds,
        validation_seconds=0.1 * seconds,
    )


@cache
def _environment() -> Environment:
    gpu = None
    if GPU_WORKERS in os.environ:
        # As a worker finds it that was given a GPU.
        name = f"made-up GPU {os.environ['CUDA_VISIBLE_DEVICES']}"
        gpu = Device(kind="gpu", name=name, workers=int(os.environ[GPU_WORKERS]))
    here = describe_environment(device=gpu)
    return here.model_copy(update={"processor": "surrogate"})
