"""What `run` and `bench` do between their options and their exit code."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

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
from mnist_search.cli._settings import BenchmarkOptions, PlanOptions, SearchOptions, Surroundings
from mnist_search.errors import UsageError

if TYPE_CHECKING:
    from mnist_search.studies import StudySpec


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
        begin(
            progress,
            ledger,
            what=what,
            total=total,
            done=done,
            workers=workers,
            budget_seconds=budget,
        )
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
