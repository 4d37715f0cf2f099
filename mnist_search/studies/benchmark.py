"""A benchmark: references trained as their protocol says, one run after the other."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from mnist_search.analysis import describe
from mnist_search.choices import TestPixels
from mnist_search.errors import UsageError
from mnist_search.execution import Executor
from mnist_search.references import Reference
from mnist_search.specs import (
    Job,
    LinearClassifier,
    Protocol,
    Record,
    RunConfig,
    RunKey,
    RunResult,
)
from mnist_search.specs.shapes import measure
from mnist_search.studies.artifacts import weights_path
from mnist_search.studies.ledger import Ledger
from mnist_search.studies.loop import Interrupt, Limits, Outcome, run_loop
from mnist_search.studies.opening import ensure_ledger
from mnist_search.studies.progress import Assignment, Progress
from mnist_search.studies.spec import StudySpec

# A quick run spends about as much arithmetic on every network, within bounds: enough steps for a
# steady time, never the whole epoch of a network that is slow for other reasons.
QUICK_FLOPS = 400_000_000_000
QUICK_IMAGES = (4_000, 30_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run that a study wants to have: of a reference, or of a trial that it confirms."""

    config: RunConfig
    reference: str | None = None
    seed: int = 0
    confirms: int | None = None

    @property
    def key(self) -> RunKey:
        """Return what two runs of the same thing share."""
        return self.config.config_id, self.seed

    @property
    def name(self) -> str:
        """Return what it is called on a screen."""
        if self.confirms is not None:
            return f"trial {self.confirms}"
        return describe(self.config) if self.reference is None else self.reference


def plan_runs(
    references: Sequence[Reference],
    *,
    protocol: Protocol,
    repeats: int,
    seed: int,
    quick: bool = False,
    most_images: int | None = None,
    learning_rate: float | None = None,
    test_pixels: TestPixels = "as-documented",
) -> list[Run]:
    """Return the wanted runs: every reference once, then again with the next seed, and so on.

    `quick` trains for one epoch on a part of the images that grows as the model gets cheaper, up
    to `most_images`, all that the data set has.
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
        low, high = QUICK_IMAGES
        if most_images is not None:
            low, high = min(low, most_images), min(high, most_images)
        configs = {
            name: shorten(config, flops=QUICK_FLOPS, images=(low, high))
            for name, config in configs.items()
        }
    once = [Run(reference=name, config=config) for name, config in configs.items()]
    return with_seeds(once, range(seed, seed + repeats))


def with_seeds(runs: Sequence[Run], seeds: Iterable[int]) -> list[Run]:
    """Return every run with the first seed, then with the next, and so on."""
    return [replace(run, seed=seed) for seed in seeds for run in runs]


def open_benchmark(folder: Path, spec: StudySpec) -> Ledger:
    """Create the benchmark study or open the one that is there.

    Raises:
        UsageError: the study that is there is about something else.
    """
    return ensure_ledger(folder, spec, hint="name another one with --study")


def run_benchmark(
    ledger: Ledger,
    runs: Sequence[Run],
    create_executor: Callable[[], Executor],
    *,
    progress: Progress,
    interrupt: Interrupt,
    limits: Limits,
    clock: Callable[[], float],
    keep_weights: bool = True,
) -> Outcome:
    """Train whatever of `runs` the ledger does not hold; the caller holds `exclusive()`."""
    ledger.recover()
    work = BenchmarkWork(ledger, runs, ledger.records(), keep_weights=keep_weights, clock=clock)
    if not work.pending:
        return Outcome()
    try:
        with closing(create_executor()) as executor:
            return run_loop(
                work, executor, progress=progress, interrupt=interrupt, limits=limits, clock=clock
            )
    finally:
        work.save_seconds()


def shorten(config: RunConfig, *, flops: int, images: tuple[int, int]) -> RunConfig:
    """Return one epoch on so many images that it takes about `flops`, within bounds."""
    # A training step costs about three forward passes.
    affordable = flops // (3 * measure(config.model).flops)
    count = max(images[0], min(images[1], affordable // 1000 * 1000))
    training = config.training.model_copy(update={"epochs": 1, "train_images": count})
    return config.model_copy(update={"training": training})


class BenchmarkWork:
    """Runs of references and of trials that are confirmed, for the loop."""

    def __init__(
        self,
        ledger: Ledger,
        runs: Sequence[Run],
        records: Sequence[Record],
        *,
        keep_weights: bool,
        clock: Callable[[], float],
    ) -> None:
        """Take up those of `runs` that wait in `records`, then those that are not there."""
        self._keep_weights = keep_weights
        self.save_seconds = ledger.timed(clock)
        wanted = {run.key: run for run in runs}
        held = {record.run_key for record in records if record.state != "failed"}
        waiting: list[tuple[int | None, Run]] = [
            (record.number, wanted[record.run_key])
            for record in records
            if record.state == "waiting" and record.run_key in wanted
        ]
        new = [(None, run) for run in runs if run.key not in held]
        self.pending = deque([*waiting, *new])
        self._ledger = ledger
        self._running: dict[int, Run] = {}
        # The first run of each configuration leaves its weights.
        self._stored = {
            record.config.config_id
            for record in records
            if record.config is not None
            and record.result is not None
            and record.result.weights_sha256 is not None
        }

    def claim(self) -> Assignment | None:
        """Open the next run."""
        self._ledger.check_room()
        if not self.pending:
            return None
        number, run = self.pending.popleft()
        stored = {*self._stored, *(other.config.config_id for other in self._running.values())}
        number = self._ledger.open_trial(
            number,
            config=run.config,
            seed=run.seed,
            reference=run.reference,
            confirms=run.confirms,
        )
        self._running[number] = run
        keeps = self._keep_weights and run.config.config_id not in stored
        job = Job(
            number=number,
            config=run.config,
            seed=run.seed,
            dataset=self._ledger.spec.dataset,
            precision=self._ledger.spec.precision,
            weights_path=str(weights_path(self._ledger.folder, number)) if keeps else None,
            keep_answers=run.config.protocol == "held-out",
        )
        return Assignment(job=job, name=f"{run.name}, seed {run.seed}")

    def report(self, assignment: Assignment, step: int, accuracy: float) -> bool:
        """Write the accuracy; runs of references are never stopped."""
        self._ledger.report(assignment.number, step, accuracy)
        return False

    def finish(self, assignment: Assignment, result: RunResult, *, worker: int) -> None:
        """Write the result."""
        self._ledger.close_trial(assignment.number, result, worker=worker)
        self.save_seconds()
        del self._running[assignment.number]
        if result.weights_sha256 is not None:
            self._stored.add(result.config_id)

    def release(self, assignment: Assignment) -> None:
        """Give the run back; it is the next to be claimed."""
        self._ledger.give_back(assignment.number)
        self.pending.appendleft((assignment.number, self._running.pop(assignment.number)))


def _change(
    name: str, config: RunConfig, learning_rate: float | None, test_pixels: TestPixels
) -> RunConfig:
    if test_pixels != "as-documented":
        if config.protocol == "held-out":
            raise UsageError(
                f"test pixels must be as-documented under protocol held-out, got {test_pixels}",
                hint="held-out runs never meet the test images",
            )
        config = config.model_copy(update={"raw_test_pixels": test_pixels == "raw"})
    if learning_rate is None:
        return config
    if not (math.isfinite(learning_rate) and learning_rate > 0):
        raise UsageError(f"learning rate must be a positive number, got {learning_rate:g}")
    if isinstance(config.model, LinearClassifier):
        raise UsageError(
            f"{name}: its policy {config.model.policy} sets the learning rate, "
            f"got {learning_rate:g}",
            hint="name the networks to train",
        )
    changed = {"learning_rate": learning_rate}
    optimizer = config.training.optimizer.model_copy(update=changed)
    training = config.training.model_copy(update={"optimizer": optimizer})
    return config.model_copy(update={"training": training})
