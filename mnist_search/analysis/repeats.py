"""Runs that repeat one recipe, as one row of a board or of a confirmation."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

from mnist_search.analysis.contenders import Contender, make_contender
from mnist_search.analysis.measurements import machine_of, versions_of
from mnist_search.analysis.statistics import Estimate
from mnist_search.specs import Record, RunResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeats:
    """The runs of one recipe on one data set, or one trial of a search.

    `records` are the complete ones, the latest of each seed; where none is complete, all of them.
    `failed` and `pending` count seeds without a complete run: a failed run is tried again by the
    next session, under the same seed. `validation` and `test` are the recipe as it scored on
    those images, None where it did not meet them.
    """

    records: tuple[Record, ...]
    failed: int
    pending: int
    validation: Contender | None
    test: Contender | None

    @property
    def results(self) -> list[RunResult]:
        """Return what came out of the runs."""
        return [record.result for record in self.records if record.result is not None]

    @property
    def is_complete(self) -> bool:
        """Say whether the runs were trained to the end."""
        return self.records[0].state == "complete"


def make_repeats(records: Sequence[Record], labels: Mapping[str, bytes]) -> Repeats:
    """Take records of one recipe together; `labels` are those of test images by data digest."""
    complete: dict[int, Record] = {}
    for record in sorted(records, key=lambda record: record.finished or 0.0):
        if record.state == "complete" and record.result is not None:
            complete[record.result.seed] = record
    chosen = tuple(complete.values()) or tuple(records)
    results = [record.result for record in chosen if record.result is not None]
    dataset = records[0].dataset
    digest = None if dataset is None else dataset.digest

    def without_result(*states: str) -> int:
        seeds = [record.seed for record in records if record.state in states]
        return len(set(seeds) - complete.keys() - {None}) + seeds.count(None)

    return Repeats(
        records=chosen,
        failed=without_result("failed"),
        pending=without_result("running", "waiting"),
        validation=make_contender(results, on="validation"),
        test=make_contender(results, digest, None if digest is None else labels.get(digest)),
    )


def sound_estimates(groups: Sequence[Repeats]) -> list[Estimate]:
    """Return the test accuracies of complete runs none of which collapsed: seeds spread them."""
    return [
        group.test.estimate
        for group in groups
        if group.test is not None
        and group.is_complete
        and not any(result.collapsed for result in group.results)
    ]


def group_repeats(records: Sequence[Record], labels: Mapping[str, bytes]) -> list[Repeats]:
    """Group runs of one recipe, data set, precision, machine and versions; trials stand alone.

    What has no result counts at the first complete group of its recipe, else it is a group of its
    state.
    """
    complete: dict[Hashable, dict[Hashable, list[Record]]] = {}
    others: dict[Hashable, dict[Hashable, list[Record]]] = {}
    alone = []
    for record in sorted(records, key=lambda record: record.finished or 0.0):
        if not is_repeatable(record):
            alone.append([record])
            continue
        digest = None if record.dataset is None else record.dataset.digest
        recipe = (record.kind, record.reference, record.config, digest)
        if record.state == "complete" and record.result is not None:
            versions = frozenset(versions_of(record.result).items())
            run_on = (record.result.precision, machine_of(record.result), versions)
            complete.setdefault(recipe, {}).setdefault(run_on, []).append(record)
        else:
            others.setdefault(recipe, {}).setdefault(record.state, []).append(record)
    for key, by_state in others.items():
        if key in complete:
            first = next(iter(complete[key].values()))
            first += [record for rest in by_state.values() for record in rest]
        else:
            complete[key] = by_state
    groups = [*alone, *(group for found in complete.values() for group in found.values())]
    return [make_repeats(group, labels) for group in groups]


def is_repeatable(record: Record) -> bool:
    """Say whether runs of one configuration are repeats; trials of a search stand alone."""
    if record.kind == "reference":
        return True
    return record.config is not None and record.config.protocol == "confirm"
