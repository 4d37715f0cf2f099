"""The best trial of a search: how good it is, what it is made of, and what it costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mnist_search.analysis import Leaderboard, Row
from mnist_search.analysis.words import percent, plural
from mnist_search.reporting.cells import format_cell, format_seconds

if TYPE_CHECKING:
    from mnist_search.analysis.confirmation import ConfirmedRow
    from mnist_search.studies.reading import ConfirmedStudy


@dataclass(frozen=True, slots=True, kw_only=True)
class Winner:
    """The winner of a search in a sentence, and in facts of (name, value).

    `test_accuracy` is known once it is confirmed.
    """

    study: str
    number: int
    name: str
    told: str
    facts: tuple[tuple[str, str], ...]
    accuracy: float
    test_accuracy: float | None
    parameters: int | None
    fit_seconds: float | None


def best_winner(board: Leaderboard, confirmed: Sequence[ConfirmedStudy]) -> Winner | None:
    """Return the winner of the search that has the best trial of a board, None for no trial."""
    best = next((row for row in board.ranked if _is_search_trial(row)), None)
    return None if best is None else find_winner(best.study or "", board.ranked, confirmed)


def find_winner(
    study: str, ranked: Sequence[Row], confirmed: Sequence[ConfirmedStudy]
) -> Winner | None:
    """Return the confirmed winner of a search, else its best trial; None where it has none.

    `ranked` are rows of a board that have a rank, best first.
    """
    mine = [row for row in ranked if _is_search_trial(row) and (row.study or "") == study]
    if not mine:
        return None
    tested = next((found.confirmation.winner for found in confirmed if found.study == study), None)
    if tested is not None and tested.test_accuracy is not None:
        row = next((row for row in mine if row.number == tested.trial), None)
        if row is not None:
            return _winner(row, tested)
    return _winner(mine[0], None)


def _is_search_trial(row: Row) -> bool:
    return row.kind == "trial" and row.status == "complete" and row.protocol != "confirm"


def _winner(row: Row, tested: ConfirmedRow | None) -> Winner:
    source = row if tested is None else tested
    score = row.score if tested is None else tested.test_accuracy
    low = row.score_low if tested is None else tested.test_accuracy_low
    high = row.score_high if tested is None else tested.test_accuracy_high
    sure = ""
    if low is not None and high is not None:
        sure = f"95 % interval {100 * low:.2f} to {percent(high)}, "
    kind, basis = "Best trial", f"{row.score_basis} accuracy"
    if tested is not None:
        kind, basis = "Confirmed winner", "test accuracy"
    told = f"{kind}: {row.label}, {percent(score)} {basis} ({sure}{plural(source.n, 'run')})."
    values = {} if row.values is None else row.values
    facts = [
        ("network", row.architecture),
        ("parameters", None if row.parameters is None else format_cell(row.parameters, "count")),
        ("FLOPs per image", None if row.flops is None else format_cell(row.flops, "count")),
        ("training time", None if source.fit_seconds is None else
            format_seconds(source.fit_seconds)),
        ("inference", None if row.inference_us is None else
            f"{format_cell(row.inference_us, 'microseconds')} per image at batch 256"),
        ("peak memory", None if row.peak_memory_bytes is None else
            format_cell(row.peak_memory_bytes, "bytes")),
        ("seeds", ", ".join(str(seed) for seed in source.seeds) or None),
        ("hyperparameters", format_cell(values, "text") or None),
    ]  # fmt: skip
    return Winner(
        study=row.study or "",
        number=row.number or 0,
        name=row.label,
        told=told,
        facts=tuple((name, value) for name, value in facts if value is not None),
        accuracy=score or 0.0,
        test_accuracy=None if tested is None else tested.test_accuracy,
        parameters=row.parameters,
        fit_seconds=source.fit_seconds,
    )
