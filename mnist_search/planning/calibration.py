"""How fast this machine is with networks of a space: a few seconds of real training tell."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from mnist_search.errors import BudgetError
from mnist_search.execution import Executor
from mnist_search.planning.costs import Measured, Rates, fit_rates, images_of, workload_of
from mnist_search.specs import (
    DatasetRef,
    Network,
    Precision,
    Record,
    RunConfig,
    RunResult,
    derive_seed,
)
from mnist_search.studies.benchmark import Run, run_benchmark, shorten
from mnist_search.studies.loop import Interrupt, Limits
from mnist_search.studies.opening import ledger_in_memory
from mnist_search.studies.progress import Assignment, Progress
from mnist_search.studies.spec import StudySpec

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
    return [
        shorten(known[places[number]][1], flops=KERNEL_FLOPS, images=KERNEL_IMAGES)
        for number in order
    ]


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
    watch = _Watch(clock=clock, begun=clock())
    ledger = ledger_in_memory(StudySpec(name="timing", dataset=dataset, precision=precision))
    run_benchmark(
        ledger,
        [
            Run(reference=None, config=config, seed=derive_seed(seed, "timing", number))
            for number, config in enumerate(configs)
        ],
        create_executor,
        progress=watch,
        interrupt=interrupt,
        limits=Limits(trial_timeout_seconds=LONGEST_SECONDS, grace_seconds=0.0),
        clock=clock,
        keep_weights=False,
    )
    if interrupt.level > 0:
        return None
    records = ledger.records()
    looks = images_of(dataset).validation
    measured = [
        found
        for record in records
        if (found := _measure(record, looks, watch.overheads.get(record.number, 0.0))) is not None
    ]
    results = [record.result for record in records if record.result is not None]
    if not measured:
        failures = [result.failure for result in results if result.failure is not None]
        why = f": {failures[0].kind}: {failures[0].message}" if failures else ""
        raise BudgetError(f"none of {len(configs)} networks of the space could be trained{why}")
    return Calibration(
        rates=fit_rates(measured, startup_seconds=watch.startup or 0.0),
        failed=len(configs) - len(measured),
        contended=sum(bool(result.contended) for result in results),
    )


@dataclass(slots=True, kw_only=True)
class _Watch(Progress):
    """How long the first worker took to start, and what each job took beside its fit."""

    clock: Callable[[], float]
    begun: float
    startup: float | None = None
    starts: dict[int, float] = field(default_factory=dict)
    overheads: dict[int, float] = field(default_factory=dict)

    def started(self, assignment: Assignment, worker: int) -> None:
        self.starts[assignment.number] = self.clock()
        if self.startup is None:
            self.startup = self.starts[assignment.number] - self.begun

    def finished(self, assignment: Assignment, result: RunResult, worker: int | None) -> None:
        took = self.clock() - self.starts.get(assignment.number, self.clock())
        self.overheads[assignment.number] = max(0.0, took - (result.timings.fit_seconds or 0.0))


def _measure(record: Record, looks: int, overhead_seconds: float) -> Measured | None:
    config, result = record.config, record.result
    work = None if config is None else workload_of(config)
    if config is None or work is None or result is None or not result.epochs:
        return None
    if result.status == "failed":
        return None
    timings, epochs = result.timings, result.epochs
    if timings.step_seconds:
        image_seconds = statistics.median(timings.step_seconds) / config.training.batch_size
    else:
        assert config.training.train_images is not None
        image_seconds = epochs[0].seconds / config.training.train_images
    if image_seconds <= 0:
        return None
    answer = timings.inference_us_batch_256
    return Measured(
        work=work,
        image_seconds=image_seconds,
        first_step_seconds=timings.first_step_seconds,
        first_look_seconds=epochs[0].validation_seconds,
        look_images=looks,
        answer_seconds=None if answer is None else answer / 1e6,
        overhead_seconds=overhead_seconds,
    )
