"""Leaderboards of what a command has trained."""

from __future__ import annotations

from collections.abc import Sequence

from mnist_search.analysis import Leaderboard, build_leaderboard
from mnist_search.references import REFERENCES
from mnist_search.specs import Record
from mnist_search.studies.reading import read_labels


def board_of(records: Sequence[Record], *, top: int | None = None) -> Leaderboard:
    """Rank some records and all references; return the first `top` rows, None: all."""
    return build_leaderboard(records, REFERENCES, top=top, labels=read_labels(records))
