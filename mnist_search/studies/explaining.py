"""The walk from a trial back to its nearest reference, in a study of its own."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import TypeAdapter

from mnist_search.analysis.attribution import WalkStep, order_changes, walk_back
from mnist_search.analysis.confirmation import summarize_confirmation
from mnist_search.analysis.importance import parameter_importances
from mnist_search.analysis.nearest import Comparison
from mnist_search.errors import BudgetError, UsageError
from mnist_search.paths import shorten
from mnist_search.specs import Record, RunResult
from mnist_search.studies.benchmark import Run, with_seeds
from mnist_search.studies.folder import name_beside
from mnist_search.studies.ledger import Ledger
from mnist_search.studies.reading import choose_run
from mnist_search.studies.spec import StudySpec, search_of
from mnist_search.studies.trials import best_first

WINNER = "winner"
WALK = "walk"


def explanation_spec(search: StudySpec, number: int) -> StudySpec:
    """Return what the study of a trial's explanation is about: the data of the search.

    Raises:
        UsageError: the study is no search.
    """
    search_of(search)
    name = name_beside(search.name, f"-explain-{number}")
    return StudySpec(name=name, dataset=search.dataset, precision=search.precision)


def choose_trial(
    trials: Sequence[Record], confirmed: Sequence[Record], name: str, *, study: str
) -> Record:
    """Return the trial that `name` means: its number, or `winner`, as confirmed, else as searched.

    Raises:
        UsageError: there is no such trial, or it has no result.
        BudgetError: no trial is complete, so that none has won.
    """
    if name != WINNER:
        if not name.isdecimal():
            raise UsageError(f"trial must be a number or {WINNER}, got {shorten(repr(name))}")
        return choose_run(trials, name, study=study)
    best = summarize_confirmation(confirmed, trials, ()).winner
    if best is not None:
        return choose_run(trials, str(best.trial), study=study)
    chosen = best_first(trials)
    if not chosen:
        raise BudgetError(f"no trial of study {study} is complete, so none has won")
    return chosen[0]


def plan_walk(
    ledger: Ledger, search: StudySpec, trials: Sequence[Record], trial: Record, found: Comparison
) -> list[WalkStep]:
    """Return the steps of a walk, as the study has them, else as they are now.

    They are written down when they are made: the order hangs on all trials of the search, and
    the same walk must go on when the search has got more of them. The caller holds `exclusive()`.
    """
    assert trial.config is not None
    stored: list[WalkStep] = ledger.attribute(WALK, list[WalkStep], [])
    # A later version may have other references, and so another nearest one.
    if stored and stored[-1].config == found.reference.run_config("held-out"):
        return stored
    space = search_of(search).space
    changes = order_changes(found, parameter_importances(trials, space), space)
    steps = walk_back(trial.config, found, changes)
    ledger.set_attribute(WALK, TypeAdapter(list[WalkStep]).dump_python(steps, mode="json"))
    return steps


def plan_walk_runs(steps: Sequence[WalkStep], found: Comparison, seeds: Sequence[int]) -> list[Run]:
    """Return every step with the first seed, then with the next, and so on."""
    last = found.reference.run_config("held-out").config_id
    name = found.reference.name
    once = [
        Run(config=step.config, reference=name if step.config.config_id == last else None)
        for step in steps
    ]
    return with_seeds(once, seeds)


def walk_results(records: Sequence[Record]) -> dict[tuple[str, int], RunResult]:
    """Return the complete runs of a walk by configuration and seed."""
    return {
        record.run_key: record.result
        for record in records
        if record.state == "complete" and record.result is not None and record.run_key is not None
    }
