"""Explaining a trial: how it differs from its nearest reference, and what that brings."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Unpack

from mnist_search.analysis.attribution import Gain, attribute
from mnist_search.analysis.nearest import Comparison, nearest_reference
from mnist_search.commands.context import Context, TrainingKeywords, TrainingOptions, home_of
from mnist_search.commands.training import Trainer, find_study_data
from mnist_search.commands.workers import choose_precision
from mnist_search.errors import UsageError
from mnist_search.references import REFERENCES
from mnist_search.specs import Record
from mnist_search.studies import (
    Outcome,
    fresh_seeds,
    open_benchmark,
    read_confirmed,
    read_records,
    read_study,
)
from mnist_search.studies.explaining import (
    choose_trial,
    explanation_spec,
    plan_walk,
    plan_walk_runs,
    walk_results,
)
from mnist_search.studies.folder import has_study, study_folder
from mnist_search.studies.reading import read_validation_images
from mnist_search.studies.spec import search_of

# What each step brings, and all of them together.
Attribution = tuple[Sequence[Gain], Gain]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainResult:
    """A trial beside its nearest reference.

    `records` are those of the search, of its confirmation and of the walk back to the reference.
    `attributed`, `walk` (the runs of the walk that was asked for) and `outcome` are there where
    differences were ablated.
    """

    trial: Record
    comparison: Comparison
    records: Sequence[Record]
    attributed: Attribution | None = None
    walk: Sequence[Record] = ()
    outcome: Outcome | None = None


def explain(
    study: str,
    trial: str | int = "winner",
    *,
    ablate: bool = False,
    seeds: int | None = None,
    home: Path | str | None = None,
    context: Context | None = None,
    **training: Unpack[TrainingKeywords],
) -> ExplainResult:
    """Compare a trial with its nearest reference, hyperparameter by hyperparameter.

    `trial` is its number, or `winner`. With `ablate` every step from the trial back to the
    reference is trained with `seeds` common fresh seeds, 3 by default.

    Raises:
        UsageError: there is no such trial, or no reference to compare it with.
    """
    context = Context.of_this_process() if context is None else context
    place = home_of(home, context)
    search = read_study(place, study)
    confirmed = read_confirmed(place, study, notice=context.notice)
    space = search_of(search.spec).space
    found = choose_trial(search.records, confirmed, str(trial), study=study)
    if found.config is None:
        raise UsageError(f"trial {found.number} of study {study} has not run")
    comparison = nearest_reference(found.config, space, REFERENCES)
    if comparison is None:
        raise UsageError(
            f"no reference can be compared with trial {found.number}: none is of the family "
            f"{space.family}"
        )
    spec = explanation_spec(search.spec, found.number)
    folder = study_folder(place, spec.name)
    if not ablate:
        if seeds is not None or training:
            raise UsageError("seeds, and how to train, need --ablate: else nothing is trained")
        earlier = read_records(place, [spec.name]) if has_study(folder) else []
        records = [*search.records, *confirmed, *earlier]
        return ExplainResult(trial=found, comparison=comparison, records=records)
    if not comparison.changes:
        name = comparison.reference.name
        raise UsageError(f"trial {found.number} is {name} itself: nothing differs")
    options = TrainingOptions(**training)
    trainer = Trainer.of(options, context)
    count = 3 if seeds is None else seeds
    common = fresh_seeds(search.spec, search.records, count, purpose="explain")
    dataset = find_study_data(spec.dataset, options.dataset, context)
    precision = choose_precision(options, context, study=search.spec, default=spec.precision)
    spec = spec.model_copy(update={"dataset": dataset, "precision": precision})
    with closing(open_benchmark(folder, spec)) as ledger:
        with ledger.exclusive():
            steps = plan_walk(ledger, search.spec, search.records, found, comparison)
        runs = plan_walk_runs(steps, comparison, common)
        what = f"explain trial {found.number} by {comparison.reference.name} · "
        what += f"{len(steps)} steps x {len(common)} seeds"
        outcome, walk = trainer.train(ledger, runs, what=what)
    validated_on = read_validation_images(spec.dataset)
    return ExplainResult(
        trial=found,
        comparison=comparison,
        records=[*search.records, *confirmed, *walk],
        attributed=attribute(steps, walk_results(walk), common, validated_on),
        walk=walk,
        outcome=outcome,
    )
