"""The honest winner: models trained anew on all images, compared on the test images they met."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from mnist_search.analysis.comparison import Difference, compare, compare_all, recipe_interval
from mnist_search.analysis.contenders import Contender
from mnist_search.analysis.ranking import seen_from, tie_groups
from mnist_search.analysis.repeats import Repeats, make_repeats, sound_estimates
from mnist_search.analysis.searches import expected_optimism
from mnist_search.analysis.spread import SHIPPED, SeedSpread, pool_seed_spread
from mnist_search.analysis.statistics import Estimate, median
from mnist_search.analysis.traits import describe
from mnist_search.analysis.verdict import published_estimate
from mnist_search.references import Reference
from mnist_search.specs import Record, RunResult


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmedRow:
    """One model of the table; accuracies are fractions, unknown is None.

    `test_accuracy` is the mean over `n` seeds, its interval holds the error of the images and of
    the seeds. `search_accuracy` is what the search saw on its validation images; where these did
    not choose the trial, `selection_accuracy` is that on those that did. `search_less_test` is the
    validation less the test accuracy: what other images and more training images come to, and the
    selection of the best trial where the validation images made it. `behind` compares the winner
    with this model, corrected for all pairs of the table; it is None for the winner itself.
    """

    rank: int | None = None
    name: str
    kind: Literal["trial", "reference"]
    status: Literal["complete", "failed", "waiting", "published"]
    trial: int | None = None
    reference: str | None = None
    test_accuracy: float | None = None
    test_accuracy_sd: float | None = None
    test_accuracy_low: float | None = None
    test_accuracy_high: float | None = None
    n: int = 0
    images: int | None = None
    seeds: tuple[int, ...] = ()
    tie_group: str | None = None
    selection_accuracy: float | None = None
    search_accuracy: float | None = None
    search_less_test: float | None = None
    search_less_test_low: float | None = None
    search_less_test_high: float | None = None
    behind: Difference | None = None
    fit_seconds: float | None = None
    parameters: int | None = None
    runs_failed: int = 0
    runs_pending: int = 0
    config_id: str | None = None
    description: str | None = None

    def as_dict(self) -> dict[str, object]:
        """Return the row under its JSON keys, with the gap under `behind` and its details."""
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        gap = self.behind
        return fields | {
            "behind": None if gap is None else gap.difference,
            "behind_low": None if gap is None else gap.interval.low,
            "behind_high": None if gap is None else gap.interval.high,
            "p_value": None if gap is None else gap.p_value,
            "p_adjusted": None if gap is None else gap.p_adjusted,
            "paired": None if gap is None else gap.method == "paired",
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """The table, best first, and its winner: the best trial; None where none has a score.

    `spread` is that of accuracies between seeds, on which intervals and comparisons rest.
    `optimism` is by how much the selection of the best of `searched` complete trials is expected
    to flatter its validation accuracy, as a fraction; None where the validation did not choose.
    """

    rows: tuple[ConfirmedRow, ...]
    winner: ConfirmedRow | None
    spread: SeedSpread = SHIPPED
    searched: int = 0
    optimism: float | None = None

    @property
    def trials(self) -> int:
        """Return how many trials have a test accuracy: the winner was chosen among so many."""
        return sum(row.kind == "trial" and row.rank is not None for row in self.rows)

    @property
    def runner_up(self) -> ConfirmedRow | None:
        """Return the best of the other trials."""
        return self._first("trial")

    @property
    def best_reference(self) -> ConfirmedRow | None:
        """Return the best reference beside the winner, trained again or as published."""
        return self._first("reference")

    def _first(self, kind: str) -> ConfirmedRow | None:
        others = (row for row in self.rows if row is not self.winner and row.rank is not None)
        return next((row for row in others if row.kind == kind), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    row: ConfirmedRow
    contender: Contender | None


def summarize_confirmation(
    records: Sequence[Record],
    trials: Sequence[Record],
    references: Sequence[Reference],
    *,
    labels: bytes | None = None,
) -> Confirmation:
    """Rank confirmed models and set the winner, the best trial, against each of the others.

    `records` are the runs of a confirmation, `trials` those of its search. Where the data is
    MNIST, the reference with the best published figure stands in the table with that figure,
    unless it was trained again. `labels` are those of the test images, a byte each; without them
    the error of a pair is bounded, which errs towards a tie.
    """
    searched = {record.number: record for record in trials}
    groups: dict[str, list[Record]] = {}
    for record in records:
        if record.config is not None:
            groups.setdefault(record.config.config_id, []).append(record)
    digests = {record.dataset.digest for record in records if record.dataset is not None}
    known = {} if labels is None else dict.fromkeys(digests, labels)
    models = [make_repeats(group, known) for group in groups.values()]
    spread = pool_seed_spread(sound_estimates(models))
    entries = [_measured(model, searched, spread) for model in models]
    published = _published(records, references, spread)
    if published is not None:
        entries.append(published)
    entries.sort(key=lambda entry: -(entry.row.test_accuracy or 0.0))
    ranked = [entry for entry in entries if entry.contender is not None]
    gaps = compare_all([entry.contender for entry in ranked if entry.contender], spread)
    ties = tie_groups(range(len(ranked)), gaps)
    first = next((i for i, entry in enumerate(ranked) if entry.row.kind == "trial"), None)
    rows = [
        dataclasses.replace(
            entry.row,
            rank=place + 1,
            tie_group=ties[place],
            behind=None if first is None else seen_from(first, place, gaps),
        )
        for place, entry in enumerate(ranked)
    ]
    winner = None if first is None else rows[first]
    rest = (entry.row for entry in entries if entry.contender is None)
    scores = [
        record.result.validation
        for record in trials
        if record.state == "complete" and record.result is not None and record.result.validation
        if record.result.selection is None
    ]
    return Confirmation(
        rows=(*rows, *rest),
        winner=winner,
        spread=spread,
        searched=len(scores),
        optimism=expected_optimism([score.accuracy for score in scores], scores[0].total)
        if scores
        else None,
    )


def _measured(model: Repeats, searched: Mapping[int, Record], spread: SeedSpread) -> _Entry:
    first, results = model.records[0], model.results if model.is_complete else []
    assert first.config is not None
    found = None if model.test is None or not model.is_complete else model.test.estimate
    row = ConfirmedRow(
        name=confirmed_name(first),
        kind="reference" if first.confirms is None else "trial",
        status="complete" if found is not None else "waiting" if model.pending else "failed",
        trial=first.confirms,
        reference=first.reference,
        seeds=tuple(sorted(result.seed for result in results)),
        fit_seconds=median(result.timings.fit_seconds for result in results),
        parameters=next((result.parameters for result in results), None),
        runs_failed=model.failed,
        runs_pending=model.pending,
        config_id=first.config.config_id,
        description=describe(first.config),
    )
    if found is None:
        return _Entry(row=row, contender=None)
    interval = recipe_interval(found, spread)
    row = dataclasses.replace(
        row,
        test_accuracy=found.accuracy,
        test_accuracy_sd=found.sd,
        test_accuracy_low=interval.low,
        test_accuracy_high=interval.high,
        n=found.runs,
        images=found.images,
    )
    original = None if first.confirms is None else searched.get(first.confirms)
    if original is not None and original.result is not None:
        row = _beside_search(row, original.result, found, spread)
    return _Entry(row=row, contender=model.test)


def confirmed_name(record: Record) -> str:
    """Return what the tables call a model: `trial 31`, `cnn-simple`, `cnn-simple (trial 3)`."""
    if record.confirms is None:
        return str(record.reference)
    name = f"trial {record.confirms}"
    return name if record.reference is None else f"{record.reference} ({name})"


def _beside_search(
    row: ConfirmedRow, searched: RunResult, found: Estimate, spread: SeedSpread
) -> ConfirmedRow:
    validation = searched.validation
    if validation is None or validation.total == 0:
        return row
    before = Estimate(accuracy=validation.accuracy, images=validation.total)
    interval = compare(Contender(estimate=before), Contender(estimate=found), spread).interval
    return dataclasses.replace(
        row,
        selection_accuracy=None if searched.selection is None else searched.selection.accuracy,
        search_accuracy=before.accuracy,
        search_less_test=before.accuracy - found.accuracy,
        search_less_test_low=interval.low,
        search_less_test_high=interval.high,
    )


def _published(
    records: Sequence[Record], references: Sequence[Reference], spread: SeedSpread
) -> _Entry | None:
    """Return the best published figure, where the data is the documents' own."""
    if not references or not all(
        record.dataset is not None and record.dataset.is_mnist for record in records
    ):
        return None
    best = max(references, key=lambda reference: reference.published.accuracy)
    if any(r.reference == best.name and r.confirms is None for r in records):
        return None
    found = published_estimate(best)
    interval = recipe_interval(found, spread)
    row = ConfirmedRow(
        name=f"{best.name} (published)",
        kind="reference",
        status="published",
        reference=best.name,
        test_accuracy=found.accuracy,
        test_accuracy_low=interval.low,
        test_accuracy_high=interval.high,
        n=0,
        images=found.images,
        description=describe(best.config),
    )
    return _Entry(row=row, contender=Contender(estimate=found))
