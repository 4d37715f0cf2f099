"""Ranking studies beside the references: boards, confirmations, and how all was made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mnist_search.analysis import Leaderboard, build_leaderboard
from mnist_search.analysis.leaderboard import build_leaderboards
from mnist_search.choices import SortKey
from mnist_search.commands.context import Context, home_of
from mnist_search.errors import MnistSearchError
from mnist_search.references import REFERENCES
from mnist_search.specs import Record
from mnist_search.studies import (
    ConfirmedStudy,
    StoredStudy,
    read_confirmations,
    read_studies,
)
from mnist_search.studies.reading import read_labels


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedStudies:
    """A board for each data set, what was confirmed, and the studies that all comes from.

    `left_out` says why studies of the home, or their confirmations, could not be read.
    """

    home: Path
    boards: Sequence[Leaderboard]
    studies: Sequence[StoredStudy]
    confirmed: Sequence[ConfirmedStudy]
    left_out: Sequence[str]

    @property
    def records(self) -> list[Record]:
        """Return the records of all studies."""
        return [record for study in self.studies for record in study.records]


def board_of(records: Sequence[Record], *, top: int | None = None) -> Leaderboard:
    """Rank some records and all references; return the first `top` rows, None: all."""
    return build_leaderboard(records, REFERENCES, top=top, labels=read_labels(records))


def report(
    studies: Sequence[str] = (),
    *,
    sort: SortKey | None = None,
    top: int | None = None,
    pareto: bool = False,
    references: bool = True,
    home: Path | str | None = None,
    context: Context | None = None,
) -> RankedStudies:
    """Rank the trials of studies, none named: of all in the home, together with the references.

    `top` is the number of rows of each board, None: all; `sort` of None is by accuracy, or by
    time where all runs are quick; `pareto` keeps the rows that no other beats in accuracy and time.

    Raises:
        MnistSearchError: a named study cannot be read, or of a home none can.
    """
    place = home_of(home, context)
    left_out: dict[str, None] = {}

    def leave_out(error: MnistSearchError) -> None:
        left_out[error.message] = None

    found = read_studies(place, studies, leave_out)
    records = [record for study in found for record in study.records]
    boards = build_leaderboards(
        records,
        REFERENCES,
        sort=sort,
        top=top,
        pareto=pareto,
        hide_references=not references,
        labels=read_labels(records),
    )
    confirmed = read_confirmations(place, records, REFERENCES, leave_out)
    return RankedStudies(
        home=place, boards=boards, studies=found, confirmed=confirmed, left_out=tuple(left_out)
    )
