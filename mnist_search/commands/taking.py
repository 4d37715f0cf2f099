"""Taking the best trials of another study as the first points of a new one."""

from __future__ import annotations

from pathlib import Path

from mnist_search.commands.context import Context
from mnist_search.errors import BudgetError, SpaceError, UsageError
from mnist_search.spaces import SearchSpace, Value
from mnist_search.specs import Record
from mnist_search.studies import read_study
from mnist_search.studies.spec import TAKEN, FirstPoint, SearchSpec, search_of
from mnist_search.studies.trials import best_first

MOST_TAKEN = 5


def take_best(home: Path, study: str, search: SearchSpec, context: Context) -> list[FirstPoint]:
    """Return the best trials of a study as points of the space that is to be searched.

    The notice is told which of them are no points of it.

    Raises:
        UsageError: none of them is, or the study is no search.
        BudgetError: no trial of the study is complete.
    """
    stored = read_study(home, study)
    search_of(stored.spec)
    best: dict[str, Record] = {}
    for record in best_first(stored.records):
        assert record.config is not None
        best.setdefault(record.config.config_id, record)
    if not best:
        raise BudgetError(f"no trial of study {study} is complete, so there is none to begin with")
    taken: list[FirstPoint] = []
    refused: list[str] = []
    for record in list(best.values())[:MOST_TAKEN]:
        values, why = _as_point(record, search.space)
        if values is None:
            refused.append(f"trial {record.number} of {study} is left out: {why}")
        else:
            taken.append((f"{study}{TAKEN}{record.number}", values))
    if not taken:
        raise UsageError(
            f"none of the best trials of {study} is a point of space {search.space.name}; "
            f"{refused[0]}",
            hint="name a study of the same family of networks",
        )
    for sentence in refused:
        context.notice(sentence)
    return taken


def _as_point(record: Record, space: SearchSpace) -> tuple[dict[str, Value] | None, str]:
    """Return the values of a trial, or else such that make the same network, and why not."""
    assert record.values is not None
    assert record.config is not None
    try:
        space.check(record.values)
    except SpaceError as error:
        return space.locate(record.config), error.problems[0]
    return record.values, ""
