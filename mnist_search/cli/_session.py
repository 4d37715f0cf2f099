"""What `run` and `bench` do between their options and their exit code."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import typer

from mnist_search.cli._running import (
    begin,
    count_workers,
    exit_code,
    interruptible,
    resolve_dataset,
    show_progress,
    start_executor,
    train_runs,
)
from mnist_search.errors import UsageError

if TYPE_CHECKING:
    from mnist_search.cli._options import Format
    from mnist_search.engines import EngineName, PrunerName, SamplerName
    from mnist_search.specs import Precision, Protocol, Record
    from mnist_search.studies import StudySpec
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
    engine: EngineName
    sampler: SamplerName | None
    pruner: PrunerName
    epochs: int
    seed: int
    max_params: int | None
    max_flops: int | None
    workers: str
    time_budget_seconds: float | None
    trial_timeout_seconds: float | None
    memory_limit_bytes: int | None
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
    from mnist_search.engines import default_sampler
    from mnist_search.references import REFERENCES
    from mnist_search.spaces import find_space
    from mnist_search.studies import Limits, SearchSpec, StudySpec, open_search, run_search

    space = find_space(options.space)
    sampler = default_sampler(options.engine) if options.sampler is None else options.sampler
    dataset = resolve_dataset(options.dataset, around)
    spec = StudySpec(
        name=f"{space.name}-{dataset.name}-seed{options.seed}",
        dataset=dataset,
        precision=options.precision,
        search=SearchSpec(
            space=space,
            engine=options.engine,
            sampler=sampler,
            pruner=options.pruner,
            epochs=options.epochs,
            seed=options.seed,
            max_params=options.max_params,
            max_flops=options.max_flops,
        ),
    )
    folder, spec = _choose_folder(options, spec, around)
    workers = count_workers(options.workers)
    ledger = open_search(
        folder,
        spec,
        slots=options.trials,
        references=REFERENCES if options.with_references else (),
    )
    with (
        show_progress(around, quiet=options.quiet) as progress,
        interruptible() as interrupt,
        ledger.exclusive(),
    ):
        budget = options.time_budget_seconds
        if budget is not None:
            budget = max(0.0, budget - ledger.seconds_used())
        done = sum(record.state not in ("waiting", "running") for record in ledger.records())
        what = f"search {space.name} · {options.engine} {sampler}, {options.pruner}"
        total = max(options.trials, ledger.slots())
        begin(progress, ledger, what=what, total=total, done=done, workers=workers)
        summary = run_search(
            ledger,
            lambda: start_executor(
                workers, folder, around, memory_limit_bytes=options.memory_limit_bytes
            ),
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
    if summary.exhausted:
        typer.echo(
            f"space exhausted: {summary.finished} trials are all that {space.name} has for "
            f"--sampler {sampler}; {summary.waiting} slots stay empty",
            err=True,
        )
    elif summary.waiting:
        spent = summary.outcome.ending == "time budget"
        how = "a larger --time-budget" if spent else "the same command"
        typer.echo(
            f"{summary.finished} of {summary.total} trials done; {how} goes on with "
            f"the other {summary.waiting}",
            err=True,
        )
    return exit_code(summary.outcome, interrupt, records)


def benchmark(options: BenchmarkOptions, around: Surroundings) -> int:
    """Train references and print their leaderboard; return the exit code."""
    from mnist_search.references import REFERENCES, get_reference
    from mnist_search.studies import (
        StudySpec,
        open_benchmark,
        plain_name,
        plan_runs,
        resolve_home,
        study_folder,
    )

    references = [get_reference(name) for name in options.names] or list(REFERENCES)
    dataset = resolve_dataset(options.dataset, around)
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
    workers = count_workers(options.workers)
    ledger = open_benchmark(folder, spec)
    outcome, interrupt = train_runs(
        ledger,
        runs,
        what=f"bench · {options.protocol}" + (", quick" if options.quick else ""),
        workers=workers,
        trial_timeout_seconds=options.trial_timeout_seconds,
        quiet=options.quiet,
        around=around,
    )
    wanted = {run.key for run in runs}
    records = [record for record in ledger.records() if record.run_key in wanted]
    ledger.close()
    print_board(records, options.format)
    if outcome.ending == "interrupted":
        typer.echo("the same command goes on with the runs that are left", err=True)
    return exit_code(outcome, interrupt, records)


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
