"""A session of training: data, number format, workers, progress, interrupt, and the loop."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from mnist_search.analysis import describe
from mnist_search.analysis.words import plural
from mnist_search.commands.context import Context, TrainingOptions
from mnist_search.commands.workers import count_workers
from mnist_search.datasets import find_again, resolve
from mnist_search.errors import UsageError
from mnist_search.execution import Executor, Workers, create_executor
from mnist_search.planning.calibration import Calibration, calibrate
from mnist_search.specs import DatasetRef, Record, RunConfig, available_cores
from mnist_search.studies import (
    Interrupt,
    Ledger,
    Limits,
    Outcome,
    Run,
    StudySpec,
    has_study,
    open_ledger,
    recorded_session,
    run_benchmark,
)
from mnist_search.studies.progress import Best, Opening, Progress
from mnist_search.studies.trials import best_first


def stored_spec(folder: Path) -> StudySpec | None:
    """Return what the study in a folder is about; None where there is none."""
    if not has_study(folder):
        return None
    with closing(open_ledger(folder)) as ledger:
        return ledger.spec


def find_dataset(name: str | None, context: Context) -> DatasetRef:
    """Find the images of a new study; None: `auto`."""
    found = "auto" if name is None else name
    return resolve(found, environ=context.environ, notice=context.notice)


def find_study_data(ref: DatasetRef, name: str | None, context: Context) -> DatasetRef:
    """Return where the images of a study are now: as named, else where they can be found.

    Raises:
        DataError: they are in none of the places that are known.
        UsageError: other images are named.
    """
    if name is None:
        return find_again(ref, context.environ, notice=context.notice)
    found = find_dataset(name, context)
    if found.digest != ref.digest:
        raise UsageError(
            f"--dataset {name} holds {found.name} ({found.digest[:12]}), and the study is about "
            f"{ref.name} ({ref.digest[:12]})",
            hint="leave --dataset out, or name the same images",
        )
    return ref.model_copy(update={"path": found.path})


def seconds_left(budget_seconds: float | None, ledger: Ledger) -> float | None:
    """Return what the sessions of a study have left of a time budget."""
    return None if budget_seconds is None else max(0.0, budget_seconds - ledger.seconds_used())


def missing_runs(runs: Sequence[Run], records: Sequence[Record]) -> list[Run]:
    """Return the runs of which no record is complete."""
    held = {record.run_key for record in records if record.state == "complete"}
    return [run for run in runs if run.key not in held]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trainer:
    """Trains for a command: with these workers, within the limits of the options."""

    options: TrainingOptions
    context: Context
    workers: Workers

    @classmethod
    def of(cls, options: TrainingOptions, context: Context, *, linear: bool = False) -> Trainer:
        """Return it with the workers that the options ask for (see `count_workers`)."""
        workers = count_workers(options, context, linear=linear)
        return cls(options=options, context=context, workers=workers)

    def train(
        self,
        ledger: Ledger,
        runs: Sequence[Run],
        *,
        what: str,
        time_budget_seconds: float | None = None,
    ) -> tuple[Outcome, list[Record]]:
        """Train whatever of the runs the study does not hold; the budget is that of all sessions.

        Returns how the session went, and the records of the runs, earlier ones among them.
        """
        wanted = {run.key for run in runs}
        budget = seconds_left(time_budget_seconds, ledger)
        with self.session(ledger) as (progress, interrupt):
            done = len(runs) - len(missing_runs(runs, ledger.records()))
            self.begin(
                progress,
                ledger,
                what=what,
                total=len(runs),
                done=done,
                noun="run",
                budget_seconds=budget,
            )
            outcome = run_benchmark(
                ledger,
                runs,
                partial(self.start_executor, ledger.folder),
                progress=progress,
                interrupt=interrupt,
                limits=self.limits(budget),
                clock=self.context.clock,
            )
        return outcome, [record for record in ledger.records() if record.run_key in wanted]

    def time_networks(
        self, networks: Sequence[RunConfig], spec: StudySpec, *, seed: int
    ) -> Calibration | None:
        """Train networks for seconds, to know how fast they are here; None where interrupted."""
        with self.context.interrupt() as interrupt:
            return calibrate(
                networks,
                partial(self.start_executor, None),
                dataset=spec.dataset,
                precision=spec.precision,
                seed=seed,
                interrupt=interrupt,
                clock=self.context.clock,
            )

    def start_executor(self, folder: Path | None) -> Executor:
        """Start workers that log into the folder of their study."""
        return create_executor(
            self.workers,
            log_folder=None if folder is None else folder / "logs",
            memory_limit_bytes=self.options.memory_limit_bytes,
            environ=self.context.environ,
        )

    def limits(self, budget_seconds: float | None) -> Limits:
        """Return the limits of a session that has so much time."""
        return Limits(
            time_budget_seconds=budget_seconds,
            trial_timeout_seconds=self.options.trial_timeout_seconds,
        )

    @contextmanager
    def session(self, ledger: Ledger) -> Iterator[tuple[Progress, Interrupt]]:
        """Hold the ledger, record the session, show progress and heed the user, for a block."""
        context = self.context
        progress = context.progress()
        with ExitStack() as stack:
            stack.callback(progress.end)
            interrupt = stack.enter_context(context.interrupt())
            stack.enter_context(ledger.exclusive())
            stack.enter_context(recorded_session(ledger, context.invocation(), now=context.now))
            yield progress, interrupt

    def begin(
        self,
        progress: Progress,
        ledger: Ledger,
        *,
        what: str,
        total: int,
        done: int,
        noun: Literal["trial", "run"],
        budget_seconds: float | None,
    ) -> None:
        """Say what is about to run, where, with how many workers and why."""
        workers, cores, dataset = self.workers, available_cores(), ledger.spec.dataset
        shared = f"{plural(workers.count, 'worker')} x {plural(workers.threads, 'thread')}"
        if workers.cluster is not None:
            shared = f"{shared} on the Ray cluster {workers.cluster.address}"
        if workers.gpus:
            names = dict.fromkeys(gpu.label for gpu in workers.gpus.values())
            shared = f"{shared} on {', '.join(names)}"
        if workers.reason is not None:
            shared = f"{shared} ({workers.reason})"
        progress.begin(
            Opening(
                headline=f"{what} · {dataset.name} {dataset.train_images:,} + "
                f"{dataset.test_images:,} images · {ledger.spec.precision} · {shared} · "
                f"{ledger.folder}",
                total=total,
                done=done,
                workers=workers.count,
                noun=noun,
                best=_best_so_far(ledger.records()) if noun == "trial" else None,
                budget_seconds=budget_seconds,
                # Those of a cluster write where they run.
                log_folder=ledger.folder / "logs" if workers.cluster is None else None,
            )
        )
        if dataset.fallback:
            progress.note(
                "WARNING: this is NOT MNIST, which was neither found nor downloadable: the 1,797 "
                "digits of scikit-learn stand in for it "
                "(set MNIST_SEARCH_DATA, or `mnist-search data fetch`)"
            )
        if workers.count > cores and workers.cluster is None:
            told = f"{workers.count} workers share {cores} cores; their times are unfit"
            progress.note(f"WARNING: {told}")


def _best_so_far(records: Sequence[Record]) -> Best | None:
    """Return the best complete trial of the sessions before this one."""
    for record in best_first(records):
        if record.config is not None and record.result is not None:
            accuracy = record.result.last_accuracy
            assert accuracy is not None
            label = describe(record.config)
            return Best(name=f"trial {record.number}", label=label, accuracy=accuracy)
    return None
