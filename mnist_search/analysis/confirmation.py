"""The honest winner: models trained anew on all images, compared on the test images they met."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from mnist_search.analysis.measurements import answers_of
from mnist_search.analysis.predictions import compare_runs
from mnist_search.analysis.statistics import (
    SIGNIFICANT,
    Estimate,
    Interval,
    difference_interval,
    difference_p_value,
    holm_adjusted,
    median_and_iqr,
)
from mnist_search.analysis.ties import Contender, Pair, letters
from mnist_search.analysis.traits import describe
from mnist_search.analysis.verdict import estimate, has_score, published_estimate
from mnist_search.references import Reference
from mnist_search.specs import DatasetRef, Record, RunResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """How far the winner is ahead of a model, in fractions, at 95 %.

    `p_adjusted` is Holm's, over all pairs of the table. `paired` says that both answered the
    same images with common seeds (McNemar, or its mean over `seeds`), else two proportions were
    compared as if on different images.
    """

    difference: float
    low: float
    high: float
    p_value: float
    p_adjusted: float
    paired: bool
    seeds: tuple[int, ...]

    @property
    def told_apart(self) -> bool:
        """Return whether the two differ at 5 % over all pairs together."""
        return self.p_adjusted <= SIGNIFICANT


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmedRow:
    """One model of the table; accuracies are fractions, unknown is None.

    `test_accuracy` is the mean over `n` seeds, its interval holds the error of the images and of
    the seeds. `search_accuracy` is what the search saw on its validation images, `shrinkage` that
    less the test accuracy. `behind` is None for the winner itself.
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
    search_accuracy: float | None = None
    shrinkage: float | None = None
    shrinkage_low: float | None = None
    shrinkage_high: float | None = None
    behind: Gap | None = None
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
            "behind_low": None if gap is None else gap.low,
            "behind_high": None if gap is None else gap.high,
            "p_value": None if gap is None else gap.p_value,
            "p_adjusted": None if gap is None else gap.p_adjusted,
            "paired": None if gap is None else gap.paired,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """The table, best first, and its winner: the best trial; None where none has a score."""

    rows: tuple[ConfirmedRow, ...]
    winner: ConfirmedRow | None

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
    pairs are bounded, which errs towards a tie.
    """
    searched = {record.number: record for record in trials}
    groups: dict[str, list[Record]] = {}
    for record in records:
        if record.config is not None:
            groups.setdefault(record.config.config_id, []).append(record)
    entries = [_measured(group, searched) for group in groups.values()]
    published = _published(records, references)
    if published is not None:
        entries.append(published)
    entries.sort(key=lambda entry: -(entry.row.test_accuracy or 0.0))
    ranked = [entry for entry in entries if entry.contender is not None]
    gaps = _gaps([entry.contender for entry in ranked if entry.contender is not None], labels)
    different = {pair for pair, gap in gaps.items() if gap.told_apart}
    groups_of_ties = letters(len(ranked), different)
    first = next((i for i, entry in enumerate(ranked) if entry.row.kind == "trial"), None)
    rows = [
        dataclasses.replace(
            entry.row,
            rank=place + 1,
            tie_group=groups_of_ties[place],
            behind=None if first is None else _seen_from(first, place, gaps),
        )
        for place, entry in enumerate(ranked)
    ]
    winner = None if first is None else rows[first]
    rest = (entry.row for entry in entries if entry.contender is None)
    return Confirmation(rows=(*rows, *rest), winner=winner)


def _measured(group: Sequence[Record], searched: Mapping[int, Record]) -> _Entry:
    first = group[0]
    assert first.config is not None
    by_seed = {
        record.result.seed: record.result
        for record in group
        if record.state == "complete" and record.result is not None
    }
    results = [result for result in by_seed.values() if has_score(result.test)]
    found = estimate([result.test for result in results if result.test is not None])
    # A failed run is tried again by the next session, under the same seed.
    failed = len({r.seed for r in group if r.state == "failed"} - by_seed.keys())
    pending = sum(record.state in ("waiting", "running") for record in group)
    row = ConfirmedRow(
        name=confirmed_name(first),
        kind="reference" if first.confirms is None else "trial",
        status="complete" if found is not None else "waiting" if pending else "failed",
        trial=first.confirms,
        reference=first.reference,
        seeds=tuple(sorted(by_seed)),
        fit_seconds=_median([result.timings.fit_seconds for result in results]),
        parameters=next((result.parameters for result in results), None),
        runs_failed=failed,
        runs_pending=pending,
        config_id=first.config.config_id,
        description=describe(first.config),
    )
    if found is None:
        return _Entry(row=row, contender=None)
    row = dataclasses.replace(
        row,
        test_accuracy=found.accuracy,
        test_accuracy_sd=found.sd,
        test_accuracy_low=found.interval.low,
        test_accuracy_high=found.interval.high,
        n=found.runs,
        images=found.images,
    )
    original = None if first.confirms is None else searched.get(first.confirms)
    if original is not None and original.result is not None:
        row = _with_shrinkage(row, original.result, found)
    contender = Contender(
        estimate=found,
        image_set=None if first.dataset is None else first.dataset.digest,
        answers=answers_of(results),
    )
    return _Entry(row=row, contender=contender)


def confirmed_name(record: Record) -> str:
    """Return what the tables call a model: `trial 31`, `cnn-simple`, `cnn-simple (trial 3)`."""
    if record.confirms is None:
        return str(record.reference)
    name = f"trial {record.confirms}"
    return name if record.reference is None else f"{record.reference} ({name})"


def _with_shrinkage(row: ConfirmedRow, searched: RunResult, found: Estimate) -> ConfirmedRow:
    validation = searched.validation
    if validation is None or validation.total == 0:
        return row
    before = Estimate(accuracy=validation.accuracy, images=validation.total)
    interval = difference_interval(before, found)
    return dataclasses.replace(
        row,
        search_accuracy=before.accuracy,
        shrinkage=before.accuracy - found.accuracy,
        shrinkage_low=interval.low,
        shrinkage_high=interval.high,
    )


def _published(records: Sequence[Record], references: Sequence[Reference]) -> _Entry | None:
    """Return the best published figure, where the data is the documents' own."""
    if not references or not all(_is_mnist(record.dataset) for record in records):
        return None
    best = max(references, key=lambda reference: reference.published.accuracy)
    if any(r.reference == best.name and r.confirms is None for r in records):
        return None
    found = published_estimate(best)
    row = ConfirmedRow(
        name=f"{best.name} (published)",
        kind="reference",
        status="published",
        reference=best.name,
        test_accuracy=found.accuracy,
        test_accuracy_low=found.interval.low,
        test_accuracy_high=found.interval.high,
        n=0,
        images=found.images,
        description=describe(best.config),
    )
    return _Entry(row=row, contender=Contender(estimate=found))


def _is_mnist(dataset: DatasetRef | None) -> bool:
    return dataset is not None and dataset.name == "mnist" and not dataset.fallback


def _gaps(contenders: Sequence[Contender], labels: bytes | None) -> dict[Pair, Gap]:
    """Return the gap (first - second) of each pair, its p-value corrected for all pairs."""
    pairs = list(itertools.combinations(range(len(contenders)), 2))
    gaps = [_gap(contenders[first], contenders[second], labels) for first, second in pairs]
    adjusted = holm_adjusted([gap.p_value for gap in gaps])
    return {
        pair: dataclasses.replace(gap, p_adjusted=p)
        for pair, gap, p in zip(pairs, gaps, adjusted, strict=True)
    }


def _gap(first: Contender, second: Contender, labels: bytes | None) -> Gap:
    same_images = first.image_set is not None and first.image_set == second.image_set
    paired = compare_runs(first.answers, second.answers, labels) if same_images else None
    if paired is not None:
        return Gap(
            difference=paired.difference,
            low=paired.interval.low,
            high=paired.interval.high,
            p_value=paired.p_value,
            p_adjusted=paired.p_value,
            paired=True,
            seeds=paired.seeds,
        )
    interval = difference_interval(first.estimate, second.estimate)
    p_value = difference_p_value(first.estimate, second.estimate)
    return Gap(
        difference=first.estimate.accuracy - second.estimate.accuracy,
        low=interval.low,
        high=interval.high,
        p_value=p_value,
        p_adjusted=p_value,
        paired=False,
        seeds=(),
    )


def _seen_from(winner: int, place: int, gaps: Mapping[Pair, Gap]) -> Gap | None:
    """Return the winner's lead over the model at a place, which may stand above it."""
    if place == winner:
        return None
    if place > winner:
        return gaps[winner, place]
    gap = gaps[place, winner]
    turned = Interval(low=-gap.high, high=-gap.low)
    return dataclasses.replace(gap, difference=-gap.difference, low=turned.low, high=turned.high)


def _median(values: Sequence[float | None]) -> float | None:
    spread = median_and_iqr([value for value in values if value is not None])
    return None if spread is None else spread.median
