"""Searches with two objectives: the trials that no other beats in both."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

from mnist_search.analysis.row import Row
from mnist_search.specs import Record

_COSTS: dict[str, str] = {
    "train_seconds": "training time",
    "parameters": "parameters",
    "inference_us": "inference time per image",
}
# A longer sentence is no reading; every row of the JSON says whether it is on the front.
_MOST_TOLD = 12


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
            f"trial {record.number} ({100 * accuracy:.2f} %, {_tell(cost, spent)})"
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
