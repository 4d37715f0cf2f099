"""Confirming the winner of a search: its best trials trained again, and only then tested."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Unpack

from mnist_search.analysis.confirmation import summarize_confirmation
from mnist_search.analysis.words import plural
from mnist_search.commands.context import Context, TrainingKeywords, TrainingOptions, home_of
from mnist_search.commands.training import Trainer, find_study_data
from mnist_search.errors import UsageError
from mnist_search.references import REFERENCES
from mnist_search.specs import Record
from mnist_search.studies import (
    ConfirmedStudy,
    Outcome,
    choose_candidates,
    confirmation_spec,
    find_references,
    fresh_seeds,
    note_selection,
    open_benchmark,
    read_study,
    read_test_labels,
    study_folder,
    with_seeds,
)
from mnist_search.studies.confirming import read_test_use


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmResult:
    """What was found so far, the runs that were asked for, and the ending."""

    found: ConfirmedStudy
    records: Sequence[Record]
    outcome: Outcome


def confirm(
    study: str,
    *,
    top: int = 3,
    seeds: int = 3,
    references: Sequence[str] = (),
    home: Path | str | None = None,
    context: Context | None = None,
    **training: Unpack[TrainingKeywords],
) -> ConfirmResult:
    """Train the best trials of a search again on all training images, in float32, and test them.

    `top` trials and the `references`, of which `best` is one, each with `seeds` common fresh
    seeds. What is trained already is not trained again.

    Raises:
        UsageError: there is no such search or reference.
        BudgetError: no trial of the search is complete.
    """
    context = Context.of_this_process() if context is None else context
    options = TrainingOptions(**training)
    if options.precision not in (None, "float32"):
        raise UsageError(f"a confirmation is trained in float32, got {options.precision}")
    chosen = find_references(references)
    trainer = Trainer.of(options, context)
    place = home_of(home, context)
    search = read_study(place, study)
    spec = confirmation_spec(search.spec)
    dataset = find_study_data(spec.dataset, options.dataset, context)
    spec = spec.model_copy(update={"dataset": dataset})
    common = fresh_seeds(search.spec, search.records, seeds)
    candidates = choose_candidates(search.records, chosen, top=top)
    runs = with_seeds(candidates, common)
    found_trials = len({run.config.config_id for run in candidates if run.confirms is not None})
    if found_trials < top:
        context.notice(
            f"--top {top}: {study} has {plural(found_trials, 'complete trial')} that differ, and "
            "all of them are confirmed"
        )
    what = f"confirm {study} · {len(candidates)} models x {len(common)} seeds"
    with closing(open_benchmark(study_folder(place, spec.name), spec)) as ledger:
        with ledger.exclusive():
            new = note_selection(ledger, runs)
        outcome, records = trainer.train(ledger, runs, what=what)
        use = read_test_use(ledger, ledger.records(), new=new)
    confirmation = summarize_confirmation(
        records, search.records, REFERENCES, labels=read_test_labels(spec.dataset)
    )
    found = ConfirmedStudy(study=study, confirmation=confirmation, use=use)
    return ConfirmResult(found=found, records=records, outcome=outcome)
