"""The orders of the leaderboard: rank, sorting, relative times, and Pareto fronts."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import assert_never, get_args

from mnist_search.analysis.row import Row
from mnist_search.analysis.words import percent
from mnist_search.choices import SortKey
from mnist_search.errors import UsageError
from mnist_search.specs import Record

_STATUS_ORDER = {"complete": 0, "published": 0, "pruned": 1, "failed": 2, "running": 3}
_BASIS_ORDER = {"test": 0, "validation": 1, "published": 2}
_COSTS: dict[str, str] = {
    "train_seconds": "training time",
    "parameters": "parameters",
    "inference_us": "inference time per image",
}
# A longer sentence is no reading; every row of the JSON says whether it is on the front.
_MOST_TOLD = 12


def check_sort(sort: str) -> SortKey:
    """Return a known sort key, or raise a UsageError."""
    for key in get_args(SortKey):
        if key == sort:
            found: SortKey = key
            return found
    raise UsageError(f"sort must be one of {', '.join(get_args(SortKey))}, got {sort!r}")


def sorted_rows(rows: Sequence[Row], order: SortKey) -> list[Row]:
    """Return the rows in an order to show; unknown values and unfinished rows go last."""
    machines = _machine_order(rows)
    return sorted(rows, key=lambda row: _sort_key(row, order, machines))


def rank_key(row: Row) -> tuple[object, ...]:
    """Return the key of the ranking: best score first, unknown last.

    Trials that were selected on some images and measured on others are ranked by the former: a
    board's best is the one that the search chose, not the one that the measuring images flatter.
    """
    basis = len(_BASIS_ORDER) if row.score_basis is None else _BASIS_ORDER[row.score_basis]
    selected = row.score_basis == "validation" and row.selection_accuracy is not None
    score = row.selection_accuracy if selected else row.score
    unknown, finite = _ascending(score)
    return (unknown, -finite, basis, _ascending(row.parameters), row.name, row.number or 0)


def _sort_key(row: Row, order: SortKey, machines: Mapping[str | None, int]) -> tuple[object, ...]:
    place = (
        row.rank is None,
        row.rank if row.rank is not None else 0,
        _STATUS_ORDER.get(row.status, len(_STATUS_ORDER)),
        *rank_key(row),
    )
    unfinished = row.status not in ("complete", "published")
    match order:
        case "accuracy":
            return place
        case "time":
            seconds = _ascending(row.comparable_seconds)
            machine = 0 if seconds[0] else machines[row.machine_id]
            return (unfinished, seconds[0], machine, row.quick, seconds, *place)
        case "parameters":
            return (unfinished, _ascending(row.parameters), *place)
        case "inference":
            unknown = known(row.inference_us) is None
            machine = 0 if unknown else machines[row.machine_id]
            return (unfinished, unknown, machine, _ascending(row.inference_us), *place)
        case "name":
            return (row.name, *place)
        case "number":
            # Rows without a number are the published figures.
            unnumbered = row.number is None
            return (unnumbered, row.study or "", 0 if row.number is None else row.number, *place)
        case _:
            assert_never(order)


def known(value: float | None) -> float | None:
    """Return a finite number as it is, anything else as None: NaN must never sort as best."""
    return value if value is not None and math.isfinite(value) else None


def accuracy_of(record: Record) -> float | None:
    """Return the accuracy that a run was chosen by, or came to; None where it is unknown."""
    return None if record.result is None else known(record.result.last_accuracy)


def _ascending(value: float | None) -> tuple[bool, float]:
    """Order small before large, and unknown (or not a number) last."""
    finite = known(value)
    return finite is None, 0.0 if finite is None else finite


def _machine_order(rows: Sequence[Row]) -> dict[str | None, int]:
    """Number the machines, that with the most rows first."""
    counts: dict[str | None, int] = {}
    for row in rows:
        counts[row.machine_id] = counts.get(row.machine_id, 0) + 1
    names = sorted(counts, key=lambda name: (-counts[name], name or ""))
    return {name: place for place, name in enumerate(names)}


def with_time_ratios(rows: Sequence[Row]) -> list[Row]:
    """Fill in times as multiples of the fastest complete row of the same machine.

    Quick runs compare with quick runs.
    """
    fastest: dict[tuple[str | None, bool], float] = {}
    for row in rows:
        if row.status == "complete" and row.comparable_seconds:
            alike = row.machine_id, row.quick
            fastest[alike] = min(fastest.get(alike, math.inf), row.comparable_seconds)
    return [
        dataclasses.replace(row, time_ratio=row.comparable_seconds / least)
        if row.status == "complete"
        and row.comparable_seconds is not None
        and (least := fastest.get((row.machine_id, row.quick))) is not None
        else row
        for row in rows
    ]


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


def pareto_front(points: Sequence[tuple[float, float]]) -> list[bool]:
    """Say of each (accuracy, cost) whether no other is as good in both and better in one."""
    front = []
    for accuracy, cost in points:
        beaten = any(
            other >= accuracy and spent <= cost and (other, spent) != (accuracy, cost)
            for other, spent in points
        )
        front.append(not beaten)
    return front


def time_front(rows: Sequence[Row]) -> list[Row]:
    """Keep the rows that none of the same machine beats in accuracy and fit time together."""
    kept = set()
    for machine in {row.machine_id for row in rows}:
        mine = [
            row
            for row in rows
            if row.machine_id == machine
            and row.rank is not None
            and known(row.fit_seconds) is not None
            and not row.collapsed
        ]
        front = pareto_front([(row.score or 0.0, row.fit_seconds or 0.0) for row in mine])
        kept |= {id(row) for row, on_front in zip(mine, front, strict=True) if on_front}
    return [row for row in rows if id(row) in kept]


def with_fronts(rows: Iterable[Row], records: Sequence[Record]) -> list[Row]:
    """Fill in `on_front` for the complete trials of searches with two objectives."""
    known = {
        (study, record.number): on_front
        for study, judged in _judged(records).items()
        for record, _, on_front in judged
    }
    return [
        dataclasses.replace(row, on_front=known[row.study or "", row.number or 0])
        if row.kind == "trial" and (row.study or "", row.number or 0) in known
        else row
        for row in rows
    ]


def front_notes(records: Sequence[Record]) -> list[str]:
    """Return a sentence per search with two objectives: the front, the most accurate first."""
    notes = []
    for study, judged in _judged(records).items():
        cost = judged[0][0].objectives[1]
        front = [
            (record, point)
            for record, point, on_front in judged
            if on_front and (record.result is None or record.result.duplicate_of is None)
        ]
        front.sort(key=lambda found: (-found[1][0], found[0].number))
        told = [
            f"trial {record.number} ({percent(accuracy)}, {_tell(cost, spent)})"
            for record, (accuracy, spent) in front[:_MOST_TOLD]
        ]
        rest = len(front) - len(told)
        more = f" and {rest} more" if rest > 0 else ""
        notes.append(
            f"Pareto front of {study}, accuracy against {_COSTS[cost]}: {', '.join(told)}{more}."
        )
    return notes


def _judged(
    records: Sequence[Record],
) -> dict[str, list[tuple[Record, tuple[float, float], bool]]]:
    """Return by study (trial, its point, whether it is on the front), where there are points."""
    studies: dict[str, list[tuple[Record, tuple[float, float]]]] = {}
    for record in records:
        if len(record.objectives) < 2 or record.kind != "trial" or record.state != "complete":
            continue
        values = (
            None if record.result is None else record.result.objective_values(record.objectives)
        )
        if values is not None:
            studies.setdefault(record.study, []).append((record, (values[0], values[1])))
    return {
        study: [
            (record, point, on_front)
            for (record, point), on_front in zip(
                found, pareto_front([point for _, point in found]), strict=True
            )
        ]
        for study, found in studies.items()
    }


def _tell(cost: str, spent: float) -> str:
    match cost:
        case "train_seconds":
            return f"{spent:.1f} s"
        case "inference_us":
            return f"{spent:.2f} µs"
        case _:
            return f"{spent:,.0f} parameters"
