"""The leaderboard: trials and references together, ranked by the accuracy each honestly has."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mnist_search.analysis.comparison import Difference, compare_all
from mnist_search.analysis.entries import Entry, measured_entry, published_entry
from mnist_search.analysis.notes import environment_lines, notes_on
from mnist_search.analysis.order import (
    check_sort,
    front_notes,
    is_measured_reference,
    known,
    rank_key,
    sorted_rows,
    time_front,
    with_document_ratios,
    with_fronts,
    with_time_ratios,
)
from mnist_search.analysis.ranking import rank_range, seen_from, tie_groups
from mnist_search.analysis.repeats import Repeats, group_repeats, is_repeatable, sound_estimates
from mnist_search.analysis.row import Row, tell_apart
from mnist_search.analysis.spread import SHIPPED, SeedSpread, pool_seed_spread
from mnist_search.analysis.suite import Suite, build_suite
from mnist_search.choices import SortKey
from mnist_search.errors import UsageError
from mnist_search.references import Reference
from mnist_search.specs import DatasetRef, Record, dataset_labels
from mnist_search.specs.result import OF_SPACE

# All pairs are compared; 200 rows are 19,900 pairs, still well under a second.
MOST_LETTERED_ROWS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaderboard:
    """Rows in the order to show, notes that belong under them, and where it was measured.

    `ranked` are all rows that have a rank, best first, and `suite` is about all the references
    measured, whichever rows are shown; None for none. `title` names the data set where there are
    boards about others too. `spread` is that of accuracies between seeds, on which intervals and
    comparisons rest.
    """

    rows: tuple[Row, ...]
    notes: tuple[str, ...]
    environment: tuple[str, ...]
    sort: SortKey = "accuracy"
    title: str = ""
    ranked: tuple[Row, ...] = ()
    suite: Suite | None = None
    spread: SeedSpread = SHIPPED


def build_leaderboard(
    records: Sequence[Record],
    references: Sequence[Reference],
    *,
    sort: str | None = None,
    top: int | None = None,
    pareto: bool = False,
    hide_references: bool = False,
    include_published: bool = True,
    labels: Mapping[str, bytes] | None = None,
) -> Leaderboard:
    """Rank trials, measured references and published figures on one board.

    Each row is ranked by the accuracy it honestly has, its `score`: on the test images if it
    met them, else on the held-out validation images, else as published; `score_basis` names
    which. Ranks are places in this order, whatever `sort` shows; quick runs have none, and where
    nothing else is measured the board is in the order of time. Equal
    scores go test before validation before published, then by fewer parameters. Only complete
    runs and published figures have a rank; pruned ones follow by their last accuracy, then
    failed, running and
    waiting ones. Repeats of a reference (and of a confirmed trial) under one configuration,
    data set, precision, machine and versions make one row; rows of one name say what differs. A
    seed that ran twice counts once, the latest.
    A reference without a complete run of its own recipe stands with its published figure alone,
    unranked where the board is about other data than MNIST; runs of a changed recipe are rows
    beside it, which name their changes.

    `sort` by time, and `pareto` (rows that no other row of the same machine beats in accuracy
    and fit time together; collapsed ones never count), keep machines apart. `top` keeps
    the first so many rows of the order shown, after `hide_references` has taken out the rows of
    references; neither changes a rank.
    `labels` are those of the test images, a byte each, by the digest of their data set; without
    them rows that answered the same images are compared less sharply.

    Raises:
        UsageError: unknown `sort`, or `top` below 1.
    """
    if top is not None and top < 1:
        raise UsageError(f"top must be >= 1, got {top}")
    comparable = all(record.dataset is None or record.dataset.is_mnist for record in records)
    known_labels = {} if labels is None else labels
    groups = group_repeats(records, known_labels)
    spread = pool_seed_spread(sound_estimates(groups))
    entries = _measured(records, references, groups, spread)
    if include_published:
        measured = {
            entry.row.reference
            for entry in entries
            if is_measured_reference(entry.row) and not entry.row.changes and not entry.row.quick
        }
        entries += [
            published_entry(reference, spread, comparable=comparable)
            for reference in references
            if reference.name not in measured
        ]
    ranked, leads = _ranked(entries, spread, rank_published=comparable)
    every = with_document_ratios(with_time_ratios(ranked))
    every = tell_apart(with_fronts(every, records))
    only_quick = {row.quick for row in every if row.status != "published"} == {True}
    order: SortKey = "time" if only_quick else "accuracy"
    order = order if sort is None else check_sort(sort)
    rows = sorted_rows(every, order)
    if pareto:
        rows = time_front(rows)
    shown = [row for row in rows if row.kind == "trial"] if hide_references else rows
    shown = shown[:top]
    notes = notes_on(
        every,
        shown,
        records,
        by_time=order == "time",
        pareto=pareto,
        lettered=MOST_LETTERED_ROWS,
        spread=spread,
        leads=leads,
    )
    return Leaderboard(
        rows=tuple(shown),
        notes=(*notes, *front_notes(records)),
        environment=environment_lines(every, records),
        sort=order,
        ranked=tuple(sorted_rows([row for row in every if row.rank is not None], "accuracy")),
        suite=build_suite(every, records, references, spread, known_labels),
        spread=spread,
    )


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
    titles = dataset_labels([datasets[digest] for digest in order])
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


def _measured(
    records: Sequence[Record],
    references: Sequence[Reference],
    groups: Sequence[Repeats],
    spread: SeedSpread,
) -> list[Entry]:
    by_name = {reference.name: reference for reference in references}
    several_studies = len({record.study for record in records}) > 1
    originals = {
        (record.config.model, record.config.training): record
        for record in sorted(records, key=lambda record: -record.number)
        if record.kind == "trial" and record.config is not None and not is_repeatable(record)
    }
    entries = []
    for group in groups:
        first = group.records[0]
        reference = None if first.reference is None else by_name.get(first.reference)
        named = first
        if first.kind == "trial" and first.config is not None and is_repeatable(first):
            # A confirmed trial goes by the number of the trial that it confirms.
            recipe = (first.config.model, first.config.training)
            named = originals.get(recipe, first)
        entries.append(
            measured_entry(
                _name(named, several_studies),
                group,
                spread,
                reference,
                values=first.values if first.values is not None else named.values,
            )
        )
    return entries


def _name(record: Record, several_studies: bool) -> str:
    if record.kind == "reference" and record.reference is not None:
        return record.reference
    # A confirmed trial goes by its own number also where its search is not on the board.
    number = record.number if record.confirms is None else record.confirms
    name = f"{record.study} #{number}" if several_studies else f"trial {number}"
    known = record.reference
    if record.origin is not None and record.origin.startswith(OF_SPACE):
        known = record.origin
    return name if known is None else f"{known} ({name})"


def _ranked(
    entries: Sequence[Entry], spread: SeedSpread, *, rank_published: bool
) -> tuple[list[Row], dict[int, Difference]]:
    """Return the rows with their ranks, and the best measured one against the others by rank."""
    ranked = [entry for entry in entries if _has_rank(entry.row, rank_published)]
    ranked.sort(key=lambda entry: rank_key(entry.row))
    compared = ranked[:MOST_LETTERED_ROWS]
    contenders = [entry.contender for entry in compared if entry.contender is not None]
    found = compare_all(contenders, spread)
    # Letters for what was measured here alone: twenty published figures would need fifteen.
    measured = [place for place, entry in enumerate(compared) if entry.row.status == "complete"]
    groups = tie_groups(measured, found)
    rows = []
    for place, entry in enumerate(ranked):
        low = high = None
        if place < len(contenders):
            low, high = rank_range(place, len(contenders), found)
        rows.append(
            dataclasses.replace(
                entry.row,
                rank=place + 1,
                rank_low=low,
                rank_high=high,
                tie_group=groups.get(place),
            )
        )
    leads = {
        other + 1: comparison
        for other in range(len(contenders))
        if measured and (comparison := seen_from(measured[0], other, found)) is not None
    }
    unranked = [entry.row for entry in entries if not _has_rank(entry.row, rank_published)]
    return rows + unranked, leads


def _has_rank(row: Row, rank_published: bool) -> bool:
    if row.status == "published":
        return rank_published
    return row.status == "complete" and not row.quick and known(row.score) is not None
