"""One leaderboard for each data set: accuracies on different images never compare."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from mnist_search.analysis.leaderboard import Leaderboard, build_leaderboard
from mnist_search.references import Reference
from mnist_search.specs import DatasetRef, Record


def build_leaderboards(
    records: Sequence[Record],
    references: Sequence[Reference],
    *,
    sort: str | None = None,
    top: int | None = None,
    pareto: bool = False,
    hide_references: bool = False,
    labels: Mapping[str, bytes] | None = None,
) -> list[Leaderboard]:
    """Return a board for each data set of the records, that of MNIST first, then the largest.

    Published figures stand on the board of MNIST alone, unless there is no board but one. The
    options are those of `build_leaderboard`; each board has so many rows as `top` says.

    Raises:
        UsageError: unknown `sort`, or `top` below 1.
    """
    groups: dict[str, list[Record]] = {}
    datasets: dict[str, DatasetRef] = {}
    unknown = []
    for record in records:
        if record.dataset is None:
            unknown.append(record)
            continue
        datasets.setdefault(record.dataset.digest, record.dataset)
        groups.setdefault(record.dataset.digest, []).append(record)
    order = sorted(groups, key=lambda digest: (not datasets[digest].is_mnist, -len(groups[digest])))
    split = [groups[digest] for digest in order] or [[]]
    split[0] += unknown
    titles = _titles([datasets[digest] for digest in order])
    boards = [
        build_leaderboard(
            group,
            references,
            sort=sort,
            top=top,
            pareto=pareto,
            hide_references=hide_references,
            include_published=len(split) == 1 or datasets[order[place]].is_mnist,
            labels=labels,
        )
        for place, group in enumerate(split)
    ]
    if len(boards) == 1:
        return boards
    return [
        dataclasses.replace(board, title=title) for board, title in zip(boards, titles, strict=True)
    ]


def _titles(datasets: Sequence[DatasetRef]) -> list[str]:
    """Return the names of data sets; what has the same name is told apart by its digest."""
    names = [dataset.name for dataset in datasets]
    return [
        dataset.name if names.count(dataset.name) == 1 else f"{dataset.name} {dataset.digest[:8]}"
        for dataset in datasets
    ]
