"""What `explain` does between its options and its tables."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from mnist_search.cli._running import count_workers, exit_code, find_data, train_runs
from mnist_search.errors import UsageError

if TYPE_CHECKING:
    from mnist_search.analysis.attribution import WalkStep
    from mnist_search.analysis.nearest import Comparison
    from mnist_search.cli._options import Format
    from mnist_search.cli._settings import Surroundings
    from mnist_search.specs import Record
    from mnist_search.studies import StudySpec


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainOptions:
    """The options of `explain`."""

    study: str
    trial: str
    ablate: bool
    seeds: int
    workers: str
    trial_timeout_seconds: float | None
    home: Path | None
    format: Format
    quiet: bool


def explain_trial(options: ExplainOptions, around: Surroundings) -> int:
    """Print what distinguishes a trial, and with --ablate which hyperparameter brought how much."""
    from mnist_search.analysis.attribution import attribute
    from mnist_search.analysis.nearest import nearest_reference
    from mnist_search.references import REFERENCES
    from mnist_search.reporting.explanation import render_explanation
    from mnist_search.studies import open_ledger, read_confirmed, read_records, resolve_home
    from mnist_search.studies.explaining import (
        choose_trial,
        explanation_spec,
        walk_results,
    )
    from mnist_search.studies.folder import list_studies, study_folder
    from mnist_search.studies.spec import search_of

    home = resolve_home(options.home, around.environ)
    trials = read_records(home, [options.study])
    with closing(open_ledger(study_folder(home, options.study))) as ledger:
        search = ledger.spec
    confirmed = read_confirmed(home, options.study)
    space = search_of(search).space
    trial = choose_trial(trials, confirmed, options.trial, study=options.study)
    if trial.config is None:
        raise UsageError(f"trial {trial.number} of study {options.study} has not run")
    found = nearest_reference(trial.config, space, REFERENCES)
    if found is None:
        raise UsageError(
            f"no reference can be compared with trial {trial.number}: none is of the family "
            f"{space.family}"
        )
    spec = explanation_spec(search, trial.number)
    code = 0
    if options.ablate:
        if not found.changes:
            raise UsageError(
                f"trial {trial.number} is {found.reference.name} itself: nothing differs"
            )
        code, steps, seeds, runs = _ablate(
            options, search, spec, trials, trial, found, home, around
        )
        attributed = attribute(steps, walk_results(runs), seeds)
    else:
        known = spec.name in list_studies(home)
        runs = read_records(home, [spec.name]) if known else []
        attributed = None
    text = render_explanation(
        trial, found, [*trials, *confirmed, *runs], attributed, options.format
    )
    typer.echo(text, nl=False)
    return code


def _ablate(
    options: ExplainOptions,
    search: StudySpec,
    spec: StudySpec,
    trials: Sequence[Record],
    trial: Record,
    found: Comparison,
    home: Path,
    around: Surroundings,
) -> tuple[int, Sequence[WalkStep], Sequence[int], Sequence[Record]]:
    from mnist_search.studies import open_benchmark
    from mnist_search.studies.explaining import plan_walk, plan_walk_runs, walk_seeds
    from mnist_search.studies.folder import study_folder

    workers = count_workers(options.workers)
    seeds = walk_seeds(search, trials, options.seeds)
    spec = find_data(spec, around)
    with closing(open_benchmark(study_folder(home, spec.name), spec)) as ledger:
        with ledger.exclusive():
            steps = plan_walk(ledger, search, trials, trial, found)
        wanted = plan_walk_runs(steps, found, seeds)
        outcome, interrupt = train_runs(
            ledger,
            wanted,
            what=f"explain trial {trial.number} by {found.reference.name} · "
            f"{len(steps)} steps x {len(seeds)} seeds",
            workers=workers,
            trial_timeout_seconds=options.trial_timeout_seconds,
            quiet=options.quiet,
            around=around,
        )
        keys = {run.key for run in wanted}
        runs = [record for record in ledger.records() if record.run_key in keys]
    if outcome.ending == "interrupted":
        typer.echo("the same command goes on with the runs that are left", err=True)
    return exit_code(outcome, interrupt, runs), steps, seeds, runs
