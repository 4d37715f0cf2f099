"""A benchmark: references trained as their protocol says, one run after the other."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence, Set
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, assert_never

from mnist_search.analysis import describe
from mnist_search.errors import UsageError
from mnist_search.execution import Executor
from mnist_search.references import Reference
from mnist_search.specs import (
    Job,
    LinearClassifier,
    Precision,
    Protocol,
    Record,
    RunConfig,
    RunKey,
    RunResult,
)
from mnist_search.specs.shapes import measure
from mnist_search.studies.artifacts import weights_path
from mnist_search.studies.home import has_study
from mnist_search.studies.ledger import Ledger
from mnist_search.studies.loop import (
    Assignment,
    Interrupt,
    Limits,
    Outcome,
    Progress,
    run_loop,
)
from mnist_search.studies.opening import StudyExistsError, create_ledger, open_ledger
from mnist_search.studies.spec import StudySpec

TestPixels = Literal["as-documented", "scaled", "raw"]

# A quick run spends about as much arithmetic on every network (a training step costs about three
# forward passes), within bounds: enough steps for a steady time, never the whole epoch of a
# network that is slow for other reasons.
QUICK_FLOPS = 400_000_000_000
QUICK_IMAGES = (4_000, 30_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run that a study wants to have: of a reference, or of a trial that it confirms."""

    reference: str | None
    config: RunConfig
    seed: int
    confirms: int | None = None

    @property
    def key(self) -> RunKey:
        """Return what two runs of the same thing share."""
        return self.config.config_id, self.seed


def plan_runs(
    references: Sequence[Reference],
    *,
    protocol: Protocol,
    repeats: int,
    seed: int,
    quick: bool = False,
    learning_rate: float | None = None,
    test_pixels: TestPixels = "as-documented",
) -> list[Run]:
    """Return the wanted runs: every reference once, then again with the next seed, and so on.

    `quick` trains for one epoch on a part of the images that grows as the model gets cheaper.
    `learning_rate` and `test_pixels` change the recipe, to see whether such a mistake shows: the
    runs have another config_id, and boards name the change and keep the reference's own row.

    Raises:
        UsageError: the change cannot be made, or would do nothing.
    """
    configs = {
        reference.name: _change(
            reference.name, reference.run_config(protocol), learning_rate, test_pixels
        )
        for reference in references
    }
    if quick:
        configs = {name: _shorten(config) for name, config in configs.items()}
    return [
        Run(reference=name, config=config, seed=seed + repeat)
        for repeat in range(repeats)
        for name, config in configs.items()
    ]


def open_benchmark(folder: Path, spec: StudySpec) -> Ledger:
    """Create the benchmark study or open the one that is there."""
    if not has_study(folder):
        # Another process may be quicker: then it is there.
        with suppress(StudyExistsError):
            return create_ledger(folder, spec)
    ledger = open_ledger(folder)
    differences = ledger.spec.differences(spec)
    if differences:
        ledger.close()
        told = ", ".join(f"{what} {here}, not {there}" for what, here, there in differences)
        raise UsageError(
            f"study {ledger.spec.name} was made with {told}", hint="name another one with --study"
        )
    ledger.take_data_from(spec)
    return ledger


def run_benchmark(
    ledger: Ledger,
    runs: Sequence[Run],
    create_executor: Callable[[], Executor],
    *,
    progress: Progress,
    interrupt: Interrupt,
    limits: Limits,
    clock: Callable[[], float],
) -> Outcome:
    """Train whatever of `runs` the ledger does not hold; the caller holds `exclusive()`."""
    ledger.recover()
    held = {record.run_key: record.state for record in ledger.records() if record.state != "failed"}
    for run in runs:
        if run.key not in held:
            ledger.add_run(
                run.config, seed=run.seed, reference=run.reference, confirms=run.confirms
            )
    wanted = {run.key for run in runs if held.get(run.key, "waiting") == "waiting"}
    if not wanted:
        return Outcome()
    with closing(create_executor()) as executor:
        return run_loop(
            _BenchmarkWork(ledger, wanted),
            executor,
            progress=progress,
            interrupt=interrupt,
            limits=limits,
            clock=clock,
        )


class _BenchmarkWork:
    def __init__(self, ledger: Ledger, wanted: Set[RunKey]) -> None:
        self._ledger = ledger
        self._wanted = wanted

    def claim(self) -> Assignment | None:
        self._ledger.check_room()
        record = self._ledger.claim_run(self._wanted)
        if record is None:
            return None
        assert record.config is not None
        assert record.seed is not None
        precision: Precision = self._ledger.spec.precision
        job = Job(
            number=record.number,
            config=record.config,
            seed=record.seed,
            dataset=self._ledger.spec.dataset,
            precision=precision,
            weights_path=self._weights_path(record),
        )
        name = record.reference if record.confirms is None else f"trial {record.confirms}"
        if name is None:
            name = describe(record.config)
        return Assignment(job=job, label=f"{name}, seed {record.seed}")

    def _weights_path(self, record: Record) -> str | None:
        """Return where the first run of each configuration leaves its weights."""
        for other in self._ledger.records():
            if other.config != record.config or other.number == record.number:
                continue
            has_weights = other.result is not None and other.result.weights_sha256 is not None
            comes_first = other.number < record.number and other.state in ("waiting", "running")
            if has_weights or comes_first:
                return None
        return str(weights_path(self._ledger.folder, record.number))

    def report(self, assignment: Assignment, step: int, accuracy: float) -> bool:
        return False

    def finish(self, assignment: Assignment, result: RunResult, *, worker: int) -> None:
        self._ledger.record(assignment.number, result, worker=worker)
        self._ledger.finish(assignment.number, result)

    def release(self, assignment: Assignment) -> None:
        self._ledger.release(assignment.number)


def _shorten(config: RunConfig) -> RunConfig:
    flops = measure(config.model).flops
    images = QUICK_FLOPS // (3 * flops)
    images = max(QUICK_IMAGES[0], min(QUICK_IMAGES[1], images // 1000 * 1000))
    training = config.training.model_copy(update={"epochs": 1, "train_images": images})
    return config.model_copy(update={"training": training})


def _change(
    name: str, config: RunConfig, learning_rate: float | None, test_pixels: TestPixels
) -> RunConfig:
    if learning_rate is not None:
        config = _with_learning_rate(name, config, learning_rate)
    match test_pixels:
        case "as-documented":
            return config
        case "scaled" | "raw" if config.protocol == "held-out":
            raise UsageError(
                f"test pixels must be as-documented under protocol held-out, got {test_pixels}",
                hint="held-out runs never meet the test images",
            )
        case "scaled" | "raw":
            return config.model_copy(update={"raw_test_pixels": test_pixels == "raw"})
        case _:
            assert_never(test_pixels)


def _with_learning_rate(name: str, config: RunConfig, rate: float) -> RunConfig:
    if not (math.isfinite(rate) and rate > 0):
        raise UsageError(f"learning rate must be a positive number, got {rate:g}")
    if isinstance(config.model, LinearClassifier):
        raise UsageError(
            f"{name}: its policy {config.model.policy} sets the learning rate, got {rate:g}",
            hint="name the networks to train",
        )
    optimizer = config.training.optimizer.model_copy(update={"learning_rate": rate})
    training = config.training.model_copy(update={"optimizer": optimizer})
    return config.model_copy(update={"training": training})
