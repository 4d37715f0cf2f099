"""Everything a report says about measured references, beyond their rows on the board."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mnist_search.analysis.baselines import collect_baselines
from mnist_search.analysis.claims import AnsweredClaim, answer_claims
from mnist_search.analysis.curves import (
    CurvePoint,
    TrainingAccuracy,
    published_curves,
    training_accuracies,
)
from mnist_search.analysis.findings import Finding, find_contrasts
from mnist_search.analysis.row import Row
from mnist_search.analysis.spread import SeedSpread
from mnist_search.analysis.times import is_measured_reference
from mnist_search.references import Reference
from mnist_search.specs import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """The measured references of a board: rows by document, findings, curves, claims.

    `rows` are the references' own recipes, `changed` the others, both in the order of the
    documents; `sources` names each document that has a row. `claims` are what the documents say of
    their own models, `training` the training beside the test accuracies.
    """

    rows: tuple[Row, ...]
    changed: tuple[Row, ...] = ()
    sources: dict[str, str] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    curves: tuple[CurvePoint, ...] = ()
    claims: tuple[AnsweredClaim, ...] = ()
    training: tuple[TrainingAccuracy, ...] = ()


def build_suite(
    rows: Sequence[Row],
    records: Sequence[Record],
    references: Sequence[Reference],
    spread: SeedSpread,
    labels: Mapping[str, bytes],
) -> Suite | None:
    """Return what there is to say about the measured references among `rows`; None for none."""
    places = {reference.name: place for place, reference in enumerate(references)}
    measured = [row for row in rows if is_measured_reference(row) and row.reference in places]
    if not measured:
        return None
    measured.sort(key=lambda row: _order(row, places))
    documents = {row.document for row in measured}
    baselines = collect_baselines(records, references)
    return Suite(
        rows=tuple(row for row in measured if not row.changes),
        changed=tuple(row for row in measured if row.changes),
        sources={
            reference.document: reference.source
            for reference in references
            if reference.document in documents
        },
        findings=find_contrasts(baselines, references, spread=spread, labels=labels),
        curves=published_curves(baselines, references),
        claims=answer_claims(baselines, spread, labels),
        training=training_accuracies(baselines, references),
    )


def _order(row: Row, places: dict[str, int]) -> tuple[object, ...]:
    place = 0 if row.reference is None else places[row.reference]
    corrected = row.protocol != "documented"
    run_on = (row.machine_id or "", row.precision or "")
    return (row.document, corrected, row.protocol, place, row.train_images or 0, *run_on)
