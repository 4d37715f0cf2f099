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

from mnist_search.cli._concluding import conclude, print_board
from mnist_search.cli._running import (
    begin,
    choose_precision,
    count_workers,
    exit_code,
    interruptible,
    keep_precision,
    resolve_dataset,
    show_progress,
    start_executor,
    train_runs,
)
from mnist_search.errors import UsageError

if TYPE_CHECKING:
    from mnist_search.cli._options import Format
    from mnist_search.engines import EngineName, PrunerName, SamplerName
    from mnist_search.execution import PrecisionChoice
    from mnist_search.specs import Protocol
    from mnist_search.studies import Invocation, StudySpec
    from mnist_search.studies.benchmark import TestPixels


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a command takes from the world outside."""

    environ: Mapping[str, str]
    stderr: TextIO
    clock: Callable[[], float]
    now: Callable[[], float]
    typed: Sequence[str]

    @classmethod
    def of_this_process(cls, typed: Sequence[str]) -> Surroundings:
        """Return the real ones; `typed` are the words of the command line."""
        from mnist_search.studies.clock import utc_seconds

        return cls(
            environ=os.environ,
            stderr=sys.stderr,
            clock=time.monotonic,
            now=utc_seconds,
            typed=typed,
        )

    def invocation(self) -> Invocation:
        """Return what is stored about this call."""
        from mnist_search import __version__
        from mnist_search.specs import describe_environment
        from mnist_search.studies import describe_invocation

        machine = describe_environment().machine_id
        return describe_invocation(self.typed, self.environ, version=__version__, machine=machine)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOptions:
    """The options of `plan`, which are those of `run` that say what it searches and with what."""

    space: str
    trials: int
    engine: EngineName
    objective: str
    sampler: SamplerName | None
    pruner: PrunerName | None
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
    precision: PrecisionChoice
    format: Format
    quiet: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchOptions(PlanOptions):
    """The options of `run`."""

    study: str | None
    new: bool
    resume: bool
    keep_models: int | None
    confirm: int | None
    confirm_seeds: int
    confirm_references: Sequence[str]
    home: Path | None
    dry_run: bool = False


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
    memory_limit_bytes: int | None
    dataset: str
    precision: PrecisionChoice
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
    from mnist_search.studies import (
        Limits,
        find_references,
        open_search,
        recorded_session,
        run_search,
    )

    # A wrong name must not wait for the end of the search.
    find_references(options.confirm_references)
    if options.confirm is None and options.confirm_references:
        raise UsageError("--confirm-references needs --confirm")
    spec = study_spec(options, around)
    assert spec.search is not None
    space, sampler, pruner = spec.search.space, spec.search.sampler, spec.search.pruner
    folder, spec = choose_folder(options, spec, around)
    if options.dry_run:
        from mnist_search.cli._planning import dry_run

        return dry_run(options, folder, spec, around)
    workers = count_workers(options.workers)
    ledger = open_search(
        folder,
        spec,
        references=REFERENCES if options.with_references else (),
    )
    with (
        show_progress(around, quiet=options.quiet) as progress,
        interruptible() as interrupt,
        ledger.exclusive(),
        recorded_session(ledger, around.invocation(), now=around.now),
    ):
        budget = options.time_budget_seconds
        if budget is not None:
            budget = max(0.0, budget - ledger.seconds_used())
        done = sum(state not in ("waiting", "running") for state in ledger.states())
        what = f"search {space.name} · {options.engine} {sampler}, {pruner}"
        total = max(options.trials, ledger.count())
        begin(progress, ledger, what=what, total=total, done=done, workers=workers)
        summary = run_search(
            ledger,
            lambda: start_executor(
                workers.count, folder, around, memory_limit_bytes=options.memory_limit_bytes
            ),
            trials=options.trials,
            progress=progress,
            interrupt=interrupt,
            limits=Limits(
                time_budget_seconds=budget,
                trial_timeout_seconds=options.trial_timeout_seconds,
            ),
            clock=around.clock,
            keep_models=options.keep_models,
        )
    records = ledger.records()
    ledger.close()
    return conclude(options, spec, summary, interrupt, records, around)


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
    precision = choose_precision(options.precision, around)
    spec = StudySpec(name=name, dataset=dataset, precision=precision)
    spec = keep_precision(options.precision, spec, folder, around)
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
        memory_limit_bytes=options.memory_limit_bytes,
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


def study_spec(options: PlanOptions, around: Surroundings) -> StudySpec:
    """Return what a search is about, under the name that it has by itself."""
    from mnist_search.engines import default_pruner, default_sampler, parse_objectives
    from mnist_search.spaces import find_space
    from mnist_search.studies import SearchSpec, StudySpec

    space = find_space(options.space)
    objectives = parse_objectives(options.objective)
    sampler = options.sampler
    if sampler is None:
        sampler = default_sampler(options.engine, objectives)
    pruner = options.pruner
    if pruner is None:
        pruner = default_pruner(sampler, objectives)
    dataset = resolve_dataset(options.dataset, around)
    return StudySpec(
        name=f"{space.name}-{dataset.name}-seed{options.seed}",
        dataset=dataset,
        precision=choose_precision(options.precision, around),
        search=SearchSpec(
            space=space,
            engine=options.engine,
            sampler=sampler,
            pruner=pruner,
            objectives=objectives,
            epochs=options.epochs,
            seed=options.seed,
            max_params=options.max_params,
            max_flops=options.max_flops,
        ),
    )


def choose_folder(
    options: SearchOptions, spec: StudySpec, around: Surroundings
) -> tuple[Path, StudySpec]:
    """Return the folder of the study that is meant, and the spec with its name."""
    from mnist_search.studies import (
        has_study,
        plain_name,
        resolve_home,
        study_folder,
        unused_name,
    )

    if options.new and options.resume:
        raise UsageError("--new and --resume exclude each other")
    home = resolve_home(options.home, around.environ)
    name = plain_name(spec.name) if options.study is None else options.study
    folder = study_folder(home, name)
    if options.new:
        name = unused_name(home, name)
        folder = study_folder(home, name)
    elif options.resume and not has_study(folder):
        raise UsageError(
            f"there is no study {name} in {home} to resume", hint="leave --resume out to start it"
        )
    spec = spec.model_copy(update={"name": name})
    return folder, keep_precision(options.precision, spec, folder, around)
