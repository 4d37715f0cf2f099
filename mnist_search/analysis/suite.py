"""Everything a report says about measured references, beyond their rows on the board."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mnist_search.analysis.baselines import Baselines, Runs, collect_baselines
from mnist_search.analysis.claims import AnsweredClaim, answer_claims
from mnist_search.analysis.findings import Finding, find_contrasts
from mnist_search.analysis.measurements import mean
from mnist_search.analysis.order import is_measured_reference
from mnist_search.analysis.row import Row
from mnist_search.analysis.spread import SeedSpread
from mnist_search.references import Reference
from mnist_search.specs import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvePoint:
    """One epoch of a reference: means over `n` runs beside what the document printed.

    Accuracies are fractions, losses nats; `accuracy` and `loss` are running means over the
    training images, the others are on the test images. Published losses are clipped as Keras 2
    clipped them; of the measured ones that is known after the last epoch alone.
    """

    document: str
    reference: str
    epoch: int
    n: int
    accuracy: float | None
    published_accuracy: float | None
    loss: float | None
    published_loss: float | None
    val_accuracy: float | None
    published_val_accuracy: float | None
    val_loss: float | None
    val_clipped_loss: float | None
    published_val_loss: float | None

    def as_dict(self) -> dict[str, object]:
        """Return the point as plain data."""
        return dataclasses.asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingAccuracy:
    """Training beside test accuracy of a reference: means over `n` runs, and as published.

    Fractions. `training` and `published` are running means over the last epoch, with dropout on;
    `evaluated` and `published_evaluated` are those of a pass over the training images afterwards,
    which scikit-learn's classifiers make alone. None where there is none.
    """

    document: str
    reference: str
    n: int
    training: float | None
    evaluated: float | None
    test: float | None
    published: float
    published_evaluated: float | None
    published_test: float

    def as_dict(self) -> dict[str, object]:
        """Return the accuracies as plain data."""
        return dataclasses.asdict(self)


def training_accuracies(
    baselines: Baselines, references: Sequence[Reference]
) -> tuple[TrainingAccuracy, ...]:
    """Return the training accuracies of references whose documents print theirs."""
    found = []
    for reference in references:
        published = reference.published
        runs = list(_documented_runs(baselines, reference).values())
        if not runs or published.train_accuracy is None:
            continue
        found.append(
            TrainingAccuracy(
                document=reference.document,
                reference=reference.name,
                n=len(runs),
                training=mean(run.epochs[-1].accuracy if run.epochs else None for run in runs),
                evaluated=mean(None if run.train is None else run.train.accuracy for run in runs),
                test=mean(None if run.test is None else run.test.accuracy for run in runs),
                published=published.train_accuracy,
                published_evaluated=published.train_accuracy_evaluated,
                published_test=published.accuracy,
            )
        )
    return tuple(found)


def published_curves(
    baselines: Baselines, references: Sequence[Reference]
) -> tuple[CurvePoint, ...]:
    """Return the curves of references whose documents print theirs, in the order of documents."""
    points: list[CurvePoint] = []
    for reference in references:
        runs = _documented_runs(baselines, reference)
        if runs:
            points += _points(reference, runs)
    return tuple(points)


def _documented_runs(baselines: Baselines, reference: Reference) -> Runs:
    """Return the runs on MNIST, and of one precision, that with the most seeds."""
    measured = baselines.get((reference.name, "documented"), {})
    on_mnist = [runs for conditions, runs in measured.items() if conditions.is_mnist]
    return max(on_mnist, key=len, default={})


def _points(reference: Reference, results: Runs) -> list[CurvePoint]:
    points = []
    runs = [{epoch.epoch: epoch for epoch in result.epochs} for result in results.values()]
    last = max((epoch for run in runs for epoch in run), default=0)
    clipped = mean(None if run.test is None else run.test.clipped_loss for run in results.values())
    for number, printed in enumerate(reference.published.curves, start=1):
        epochs = [run[number] for run in runs if number in run]
        points.append(
            CurvePoint(
                document=reference.document,
                reference=reference.name,
                epoch=number,
                n=len(epochs),
                accuracy=mean(epoch.accuracy for epoch in epochs),
                published_accuracy=printed.accuracy,
                loss=mean(epoch.loss for epoch in epochs),
                published_loss=printed.loss,
                val_accuracy=mean(epoch.val_accuracy for epoch in epochs),
                published_val_accuracy=printed.val_accuracy,
                val_loss=mean(epoch.val_loss for epoch in epochs),
                val_clipped_loss=clipped if number == last else None,
                published_val_loss=printed.val_loss,
            )
        )
    return points


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
