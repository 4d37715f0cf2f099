"""The orders of the leaderboard: rank, sorting, relative times, the Pareto front."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import assert_never, get_args

from mnist_search.analysis.objectives import pareto_front
from mnist_search.analysis.row import Row
from mnist_search.choices import SortKey
from mnist_search.errors import UsageError

_STATUS_ORDER = {"complete": 0, "published": 0, "pruned": 1, "failed": 2, "running": 3}
_BASIS_ORDER = {"test": 0, "validation": 1, "published": 2}


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
    return (_descending(score), basis, _ascending(row.parameters), row.name, row.number or 0)


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


def _ascending(value: float | None) -> tuple[bool, float]:
    """Order small before large, and unknown (or not a number) last."""
    finite = known(value)
    return finite is None, 0.0 if finite is None else finite


def _descending(value: float | None) -> tuple[bool, float]:
    unknown, finite = _ascending(value)
    return unknown, -finite


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
