"""Times of references beside the published ones, compared only as ratios within a document."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Sequence

from mnist_search.analysis.order import known
from mnist_search.analysis.row import Row


def with_document_ratios(rows: Sequence[Row]) -> list[Row]:
    """Fill in the times of an epoch as multiples of the fastest in the same document.

    Seconds of another machine say nothing beside ours, the ratios of one document's models do.
    Both ratios are therefore taken over the same rows: the measured references of one document
    that ran alike (protocol, data, machine, threads, precision), without changes and for two
    epochs or more (a single one is mostly the making of the graph), with published times where
    the document has any. A contended time is never the fastest, as long as there is another.
    """
    groups: dict[Hashable, list[int]] = {}
    for place, row in enumerate(rows):
        if is_measured_reference(row) and not row.changes and _has_steady_epochs(row):
            groups.setdefault(_conditions(row), []).append(place)
    filled = list(rows)
    for places in groups.values():
        timed = [place for place in places if rows[place].published_seconds_per_epoch is not None]
        pool = timed if timed else places
        if len(pool) > 1:
            for place, row in zip(pool, _with_ratios([rows[p] for p in pool]), strict=True):
                filled[place] = row
    return filled


def is_measured_reference(row: Row) -> bool:
    """Say whether a row holds complete runs of a reference (not a trial that is one too)."""
    return row.kind == "reference" and row.status == "complete"


def _with_ratios(rows: Sequence[Row]) -> list[Row]:
    calm = [row for row in rows if not row.contended]
    fastest = min(_seconds(row) for row in (calm if calm else rows))
    published = [row.published_seconds_per_epoch for row in rows]
    least = min((seconds for seconds in published if seconds is not None), default=None)
    return [
        dataclasses.replace(
            row,
            document_time_ratio=_seconds(row) / fastest,
            published_time_ratio=None if seconds is None or not least else seconds / least,
        )
        for row, seconds in zip(rows, published, strict=True)
    ]


def _seconds(row: Row) -> float:
    assert row.seconds_per_epoch is not None
    return row.seconds_per_epoch


def _has_steady_epochs(row: Row) -> bool:
    seconds = known(row.seconds_per_epoch)
    return seconds is not None and seconds > 0 and row.epochs is not None and row.epochs > 1


def _conditions(row: Row) -> Hashable:
    return (
        row.document,
        row.protocol,
        row.dataset,
        row.train_images,
        row.machine_id,
        row.threads,
        row.precision,
    )
