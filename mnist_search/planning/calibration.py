"""A few seconds of real training, to know how fast this machine is with networks of a space."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass

from mnist_search.errors import BudgetError
from mnist_search.execution import Executor, Finished, Reported, Started
from mnist_search.planning.costs import Measured, Rates, fit_rates, workload_of
from mnist_search.planning.survey import images_of
from mnist_search.specs import (
    DatasetRef,
    Failure,
    Job,
    Network,
    Precision,
    RunConfig,
    RunResult,
)
from mnist_search.studies.loop import POLL_SECONDS, Interrupt

# Four unknown rates can be estimated from six, and their error as well.
FEWEST_NETWORKS = 6
# Six of fewer may be too much alike for that.
FEWEST_USUAL = 4 * FEWEST_NETWORKS
# A network that hangs must not hold up a plan for longer.
LONGEST_SECONDS = 120.0
# Enough steps for a steady time with a small network, a second or two with a large one.
KERNEL_FLOPS = 60_000_000_000
KERNEL_IMAGES = (4_000, 20_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """The measured rates, and what a reader should know of how they were measured.

    Of the networks `failed` gave no time, while `contended` ran other processes took cores.
    """

    rates: Rates
    failed: int
    contended: int


def usual_networks(configs: Sequence[RunConfig], default: RunConfig) -> list[RunConfig]:
    """Return those with no other activations than the default one's; all, where they are few.

    A sampler that learns soon gives most of its time to few activations. In a search of the `cnn`
    space all nine complete trials were of relu, the default, and took 0.77 of the time that
    networks of all seven activations had let expect: some of the others are much dearer.
    """
    usual = _activations(default)
    found = [config for config in configs if _activations(config) <= usual]
    return found if len(found) >= FEWEST_USUAL else list(configs)


def _activations(config: RunConfig) -> set[str]:
    layers = config.model.layers if isinstance(config.model, Network) else ()
    named = {str(layer.activation) for layer in layers if hasattr(layer, "activation")}
    return named - {"linear"}


def choose_networks(configs: Sequence[RunConfig], *, workers: int) -> list[RunConfig]:
    """Return some configurations from small to large, as many for each worker as for the others.

    They stand at even distances in the order of their operations per image.
    """
    known = [
        (workload.flops, config)
        for config in configs
        if (workload := workload_of(config)) is not None
    ]
    known.sort(key=lambda pair: pair[0])
    if not known:
        return []
    wanted = -(-FEWEST_NETWORKS // workers) * workers
    places = [(2 * number + 1) * len(known) // (2 * wanted) for number in range(wanted)]
    # Large next to small, so that the workers end at about the same time.
    order = sorted(range(wanted), key=lambda number: (min(number, wanted - 1 - number), number))
    return [_shorten(known[places[number]][1]) for number in order]


def calibrate(
    configs: Sequence[RunConfig],
    create_executor: Callable[[], Executor],
    *,
    dataset: DatasetRef,
    precision: Precision,
    seed: int,
    interrupt: Interrupt,
    clock: Callable[[], float] = time.monotonic,
) -> Calibration | None:
    """Train each configuration for a moment, all workers at once; None where interrupted.

    Nothing is stored. Raises BudgetError where none of them could be trained.
    """
    begun = clock()
    with closing(create_executor()) as executor:
        waiting = [
            Job(number=number, config=config, seed=seed, dataset=dataset, precision=precision)
            for number, config in enumerate(configs)
        ]
        left = len(waiting)
        started: dict[int, float] = {}
        startup: float | None = None
        results: list[tuple[RunConfig, RunResult, float]] = []
        while left:
            if interrupt.level > 0:
                return None
            while waiting and executor.free > 0:
                executor.submit(waiting.pop(0))
            for event in executor.poll(POLL_SECONDS):
                now = clock()
                match event:
                    case Started(number=number):
                        started[number] = now
                        startup = now - begun if startup is None else startup
                    case Reported(number=number):
                        executor.answer(number, stop=False)
                    case Finished(number=number, result=result):
                        left -= 1
                        seconds = now - started.pop(number, now)
                        results.append((configs[number], result, seconds))
            _end_overdue(executor, started, clock())
    looks = images_of(dataset).validation
    measured = [
        found
        for config, result, seconds in results
        if (found := _measure(config, result, seconds, looks)) is not None
    ]
    if not measured:
        reasons = [r.failure for _, r, _ in results if r.failure is not None]
        told = f": {reasons[0].kind}: {reasons[0].message}" if reasons else ""
        raise BudgetError(f"none of {len(configs)} networks of the space could be trained{told}")
    return Calibration(
        rates=fit_rates(measured, startup_seconds=0.0 if startup is None else startup),
        failed=len(configs) - len(measured),
        contended=sum(bool(result.contended) for _, result, _ in results),
    )


def _measure(config: RunConfig, result: RunResult, seconds: float, looks: int) -> Measured | None:
    work, timings, epochs = workload_of(config), result.timings, result.epochs
    if work is None or result.status == "failed" or not epochs:
        return None
    if timings.step_seconds:
        image_seconds = statistics.median(timings.step_seconds) / config.training.batch_size
    else:
        assert config.training.train_images is not None
        image_seconds = epochs[0].seconds / config.training.train_images
    if image_seconds <= 0:
        return None
    answer = timings.inference_us_batch_256
    fit_seconds = 0.0 if timings.fit_seconds is None else timings.fit_seconds
    return Measured(
        work=work,
        image_seconds=image_seconds,
        first_step_seconds=timings.first_step_seconds,
        first_look_seconds=epochs[0].validation_seconds,
        look_images=looks,
        answer_seconds=None if answer is None else answer / 1e6,
        overhead_seconds=max(0.0, seconds - fit_seconds),
    )


def _shorten(config: RunConfig) -> RunConfig:
    work = workload_of(config)
    assert work is not None
    images = max(KERNEL_IMAGES[0], min(KERNEL_IMAGES[1], KERNEL_FLOPS // (3 * work.flops)))
    training = config.training.model_copy(update={"epochs": 1, "train_images": images})
    return config.model_copy(update={"training": training})


def _end_overdue(executor: Executor, started: dict[int, float], now: float) -> None:
    for number, since in started.items():
        if now - since > LONGEST_SECONDS:
            message = f"a moment's training took longer than {LONGEST_SECONDS:g} s"
            executor.kill(number, Failure(kind="timeout", message=message))
