"""What `run` and `bench` do between their options and their exit code."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import typer

from mnist_search.errors import BudgetError, UsageError

if TYPE_CHECKING:
    from mnist_search.cli._options import Format
    from mnist_search.engines import PrunerName, SamplerName
    from mnist_search.execution import Executor
    from mnist_search.reporting.live import Progress
    from mnist_search.specs import DatasetRef, Precision, Protocol, Record
    from mnist_search.studies import Interrupt, Ledger, Outcome, StudySpec
    from mnist_search.studies.benchmark import TestPixels


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a command takes from the world outside."""

    environ: Mapping[str, str]
    stderr: TextIO
    clock: Callable[[], float]

    @classmethod
    def of_this_process(cls) -> Surroundings:
        """Return the real ones."""
        return cls(environ=os.environ, stderr=sys.stderr, clock=time.monotonic)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchOptions:
    """The options of `run`."""

    space: str
    trials: int
    study: str | None
    new: bool
    resume: bool
    sampler: SamplerName
    pruner: PrunerName
    epochs: int
    seed: int
    workers: str
    time_budget_seconds: float | None
    trial_timeout_seconds: float | None
    with_references: bool
    dataset: str
    precision: Precision
    home: Path | None
    format: Format
    quiet: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkOptions:
    """The options of `bench`."""

    names: Sequence[str]
    quick: bool
    protocol: Protocol
    repeats: int
    study: str | None
    seed: int
    workers: str
    trial_timeout_seconds: float | None
    dataset: str
    precision: Precision
    home: Path | None
    format: Format
    quiet: bool
    learning_rate: float | None = None
    test_pixels: TestPixels = "as-documented"

    @property
    def purpose(self) -> str:
        """Return what the runs are for: runs of changed recipes have a study of their own."""
        changed = self.learning_rate is not None or self.test_pixels != "as-documented"
        return "changed" if changed else "quick" if self.quick else "bench"


def search(options: SearchOptions, around: Surroundings) -> int:
    """Search a space and print its leaderboard; return the exit code."""
    from mnist_search.references import REFERENCES
    from mnist_search.spaces import find_space
    from mnist_search.studies import Limits, SearchSpec, StudySpec, open_search, run_search

    space = find_space(options.space)
    dataset = _resolve_dataset(options.dataset, around)
    spec = StudySpec(
        name=f"{space.name}-{dataset.name}-seed{options.seed}",
        dataset=dataset,
        precision=options.precision,
        search=SearchSpec(
            space=space,
            sampler=options.sampler,
            pruner=options.pruner,
            epochs=options.epochs,
            seed=options.seed,
        ),
    )
    folder, spec = _choose_folder(options, spec, around)
    workers = _workers(options.workers)
    ledger = open_search(
        folder,
        spec,
        slots=options.trials,
        references=REFERENCES if options.with_references else (),
    )
    with (
        _progress(around, quiet=options.quiet) as progress,
        _interruptible() as interrupt,
        ledger.exclusive(),
    ):
        budget = options.time_budget_seconds
        if budget is not None:
            budget = max(0.0, budget - ledger.seconds_used())
        done = sum(record.state not in ("waiting", "running") for record in ledger.records())
        what = f"search {space.name} · {options.sampler}, {options.pruner}"
        total = max(options.trials, ledger.slots())
        _begin(progress, ledger, what=what, total=total, done=done, workers=workers)
        summary = run_search(
            ledger,
            lambda: _executor(workers, folder, around),
            trials=options.trials,
            progress=progress,
            interrupt=interrupt,
            limits=Limits(
                time_budget_seconds=budget,
                trial_timeout_seconds=options.trial_timeout_seconds,
            ),
            clock=around.clock,
        )
    records = ledger.records()
    ledger.close()
    print_board(records, options.format, top=10 if options.format == "table" else None)
    if summary.waiting:
        typer.echo(
            f"{summary.finished} of {summary.total} trials done; the same command goes on with "
            f"the other {summary.waiting}",
            err=True,
        )
    return _exit_code(summary.outcome, interrupt, records)


def benchmark(options: BenchmarkOptions, around: Surroundings) -> int:
    """Train references and print their leaderboard; return the exit code."""
    from mnist_search.references import REFERENCES, get_reference
    from mnist_search.studies import (
        Limits,
        StudySpec,
        open_benchmark,
        plain_name,
        plan_runs,
        resolve_home,
        run_benchmark,
        study_folder,
    )

    references = [get_reference(name) for name in options.names] or list(REFERENCES)
    dataset = _resolve_dataset(options.dataset, around)
    name = options.study
    if name is None:
        name = plain_name(f"{options.purpose}-{dataset.name}")
    folder = study_folder(resolve_home(options.home, around.environ), name)
    spec = StudySpec(name=name, dataset=dataset, precision=options.precision)
    runs = plan_runs(
        references,
        protocol=options.protocol,
        repeats=options.repeats,
        seed=options.seed,
        quick=options.quick,
        learning_rate=options.learning_rate,
        test_pixels=options.test_pixels,
    )
    workers = _workers(options.workers)
    ledger = open_benchmark(folder, spec)
    with (
        _progress(around, quiet=options.quiet) as progress,
        _interruptible() as interrupt,
        ledger.exclusive(),
    ):
        held = {r.run_key for r in ledger.records() if r.state == "complete"}
        done = sum(run.key in held for run in runs)
        what = f"bench · {options.protocol}" + (", quick" if options.quick else "")
        _begin(progress, ledger, what=what, total=len(runs), done=done, workers=workers)
        outcome = run_benchmark(
            ledger,
            runs,
            lambda: _executor(workers, folder, around),
            progress=progress,
            interrupt=interrupt,
            limits=Limits(trial_timeout_seconds=options.trial_timeout_seconds),
            clock=around.clock,
        )
    wanted = {run.key for run in runs}
    records = [record for record in ledger.records() if record.run_key in wanted]
    ledger.close()
    print_board(records, options.format)
    if outcome.ending == "interrupted":
        typer.echo("the same command goes on with the runs that are left", err=True)
    return _exit_code(outcome, interrupt, records)


def print_board(records: Sequence[Record], format: Format, *, top: int | None = None) -> None:
    """Print the leaderboard of some records with all references beside them."""
    from mnist_search.analysis import build_leaderboard
    from mnist_search.references import REFERENCES
    from mnist_search.reporting import render_leaderboard

    board = build_leaderboard(records, REFERENCES, top=top)
    typer.echo(render_leaderboard(board, format), nl=False)


def _choose_folder(
    options: SearchOptions, spec: StudySpec, around: Surroundings
) -> tuple[Path, StudySpec]:
    from mnist_search.studies import plain_name, resolve_home, study_folder, unused_name

    if options.new and options.resume:
        raise UsageError("--new and --resume exclude each other")
    home = resolve_home(options.home, around.environ)
    name = plain_name(spec.name) if options.study is None else options.study
    folder = study_folder(home, name)
    if options.new:
        name = unused_name(home, name)
        folder = study_folder(home, name)
    elif options.resume and not (folder / "study.db").exists():
        raise UsageError(
            f"there is no study {name} in {home} to resume", hint="leave --resume out to start it"
        )
    return folder, spec.model_copy(update={"name": name})


def _resolve_dataset(name: str, around: Surroundings) -> DatasetRef:
    from mnist_search.datasets import resolve

    def notice(sentence: str) -> None:
        print(sentence, file=around.stderr)

    return resolve(name, environ=around.environ, notice=notice)


def _workers(text: str) -> int:
    from mnist_search.execution import resolve_workers

    return resolve_workers(text)


def _executor(workers: int, folder: Path, around: Surroundings) -> Executor:
    from mnist_search.execution import create_executor

    return create_executor(
        workers, threads=None, log_folder=folder / "logs", environ=around.environ
    )


@contextmanager
def _progress(around: Surroundings, *, quiet: bool) -> Iterator[Progress]:
    from mnist_search.reporting.live import create_progress

    with create_progress(around.stderr, environ=around.environ, quiet=quiet) as progress:
        yield progress


def _begin(
    progress: Progress, ledger: Ledger, *, what: str, total: int, done: int, workers: int
) -> None:
    from mnist_search.specs import available_cores

    cores = available_cores()
    threads = max(1, cores // workers)
    dataset = ledger.spec.dataset
    progress.begin(
        f"{what} · {dataset.name} {dataset.train_images:,} + {dataset.test_images:,} images · "
        f"{ledger.spec.precision} · {_count(workers, 'worker')} x {_count(threads, 'thread')} · "
        f"{ledger.folder}",
        total=total,
        done=done,
        workers=workers,
    )
    if dataset.fallback:
        progress.note(
            "WARNING: MNIST was not to be had, so this is NOT MNIST: the 1,797 digits embedded in "
            "scikit-learn stand in for it (set MNIST_SEARCH_DATA, or `mnist-search data fetch`)"
        )
    if workers > cores:
        progress.note(f"WARNING: {workers} workers share {cores} cores; their times are unfit")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


@contextmanager
def _interruptible() -> Iterator[Interrupt]:
    """Turn signals into wishes to stop, for as long as the block runs."""
    from mnist_search.studies import Interrupt

    interrupt = Interrupt()
    handlers = {
        signal.SIGINT: lambda *_: interrupt.request(exit_code=130),
        signal.SIGTERM: lambda *_: interrupt.request(exit_code=143, level=2),
        signal.SIGHUP: lambda *_: interrupt.request(exit_code=129, level=2),
    }
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield interrupt
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _exit_code(outcome: Outcome, interrupt: Interrupt, records: Sequence[Record]) -> int:
    if outcome.ending == "interrupted":
        return interrupt.exit_code
    failure = outcome.first_failure
    reason = "" if failure is None else f": {failure.kind}: {failure.message}"
    if outcome.ending == "failing":
        raise BudgetError(
            f"stopped after {outcome.failed} failures in a row{reason}",
            hint="`mnist-search report -f json` holds every reason",
        )
    if not any(record.state in ("complete", "pruned") for record in records):
        raise BudgetError(f"no trial succeeded{reason}")
    return 0
