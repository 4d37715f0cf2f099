"""The best trial of a search: how good it is, what it is made of, and what it costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mnist_search.analysis import Leaderboard, Row
from mnist_search.analysis.words import percent, plural
from mnist_search.reporting.cells import Style, format_cell

if TYPE_CHECKING:
    from mnist_search.analysis.confirmation import ConfirmedRow
    from mnist_search.studies.reading import ConfirmedStudy


@dataclass(frozen=True, slots=True, kw_only=True)
class Winner:
    """The winner of a search: its row of the board, and what its confirmation found."""

    row: Row
    tested: ConfirmedRow | None

    @property
    def _measured(self) -> Row | ConfirmedRow:
        return self.row if self.tested is None else self.tested

    @property
    def told(self) -> str:
        """Return the winner and its accuracy in a sentence."""
        row, tested, sure = self.row, self.tested, ""
        if tested is None:
            kind, basis, score = "Best trial", f"{row.score_basis} accuracy", row.score
            low, high = row.score_low, row.score_high
        else:
            kind, basis, score = "Confirmed winner", "test accuracy", tested.test_accuracy
            low, high = tested.test_accuracy_low, tested.test_accuracy_high
        if low is not None and high is not None:
            sure = f"95 % interval {100 * low:.2f} to {percent(high)}, "
        runs = plural(self._measured.n, "run")
        return f"{kind}: {row.label}, {percent(score)} {basis} ({sure}{runs})."

    @property
    def facts(self) -> list[tuple[str, str]]:
        """Return (name, value) of what is known beside the accuracy."""
        row = self.row
        micros = row.inference_us
        per_image = None if micros is None else format_cell(micros, "microseconds")
        facts: list[tuple[str, object, Style]] = [
            ("network", row.architecture, "text"),
            ("parameters", row.parameters, "count"),
            ("FLOPs per image", row.flops, "count"),
            ("training time", self._measured.fit_seconds, "seconds"),
            ("inference", per_image and f"{per_image} per image at batch 256", "text"),
            ("peak memory", row.peak_memory_bytes, "bytes"),
            ("seeds", ", ".join(map(str, self._measured.seeds)) or None, "text"),
            ("hyperparameters", row.values or None, "text"),
        ]
        return [
            (name, format_cell(value, style)) for name, value, style in facts if value is not None
        ]


def best_winner(board: Leaderboard, confirmed: Sequence[ConfirmedStudy]) -> Winner | None:
    """Return the winner of the search that has the best trial of a board, None for no trial."""
    best = best_trial(board.ranked)
    return None if best is None else find_winner(best.study, board.ranked, confirmed)


def find_winner(
    study: str | None, ranked: Sequence[Row], confirmed: Sequence[ConfirmedStudy]
) -> Winner | None:
    """Return the confirmed winner of a search, else its best trial; None where it has none."""
    best = best_trial(ranked, study)
    if best is None:
        return None
    tested = next((found.confirmation.winner for found in confirmed if found.study == study), None)
    if tested is not None and tested.test_accuracy is not None:
        for row in ranked:
            if _is_trial_of(row, study) and row.number == tested.trial:
                return Winner(row=row, tested=tested)
    return Winner(row=best, tested=None)


def best_trial(rows: Sequence[Row], study: str | None = None) -> Row | None:
    """Return the complete trial that ranks first, of all searches or of one."""
    mine = [row for row in rows if _is_trial_of(row, study or row.study) and row.rank is not None]
    return min(mine, key=lambda row: row.rank or 0, default=None)


def _is_trial_of(row: Row, study: str | None) -> bool:
    return (
        row.kind == "trial"
        and row.status == "complete"
        and row.protocol != "confirm"
        and row.study == study
    )
