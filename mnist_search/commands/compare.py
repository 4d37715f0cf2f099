"""Two searches beside each other, with their repeats under other seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mnist_search.analysis.searches import SearchComparison, compare_searches
from mnist_search.commands.context import Context, home_of
from mnist_search.errors import BudgetError, MnistSearchError, UsageError
from mnist_search.specs import Record, dataset_labels
from mnist_search.studies import StoredStudy, list_studies, read_study
from mnist_search.studies.spec import Difference, search_of
from mnist_search.studies.trials import best_first


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedSearches:
    """Two searches: how they differ, what each found by when, and how probably one is better.

    A side's repeats are the studies of the home with the same settings and another seed.
    `winners` are the best complete trials of the two that were named.
    """

    names: tuple[str, str]
    differences: Sequence[Difference]
    comparison: SearchComparison
    winners: tuple[Record, Record]

    @property
    def values(self) -> Mapping[str, tuple[object, object]]:
        """Return the hyperparameters of both winners; None where a space lacks one."""
        first, second = (record.values or {} for record in self.winners)
        return {name: (first.get(name), second.get(name)) for name in {**first, **second}}

    def as_dict(self) -> dict[str, object]:
        """Return the comparison under its JSON keys."""
        return {
            "first": self.names[0],
            "second": self.names[1],
            "differences": [list(each) for each in self.differences],
            "winners": [
                {"number": record.number, "values": record.values} for record in self.winners
            ],
            **{f"{key}_search" if key in ("first", "second") else f"{key}_superiority": value
               for key, value in self.comparison.as_dict().items()},
        }  # fmt: skip


def compare(
    first: str, second: str, *, home: Path | str | None = None, context: Context | None = None
) -> ComparedSearches:
    """Compare two searches of the same data by their best accuracy, hyperparameters and times.

    Raises:
        UsageError: one of them is no search, or they are about different data.
        BudgetError: one of them has no complete trial.
    """
    place = home_of(home, context)
    if first == second:
        raise UsageError(f"compare needs two studies, got {first} twice")
    named = [read_study(place, name) for name in (first, second)]
    for study in named:
        search_of(study.spec)
    datasets = [study.spec.dataset for study in named]
    if datasets[0].digest != datasets[1].digest:
        one, two = dataset_labels(datasets)
        raise UsageError(f"{first} is about {one} and {second} about {two}")
    sides = _with_repeats(named, place)
    winners = [_winner(study) for study in named]
    records = [[record for study in side for record in study.records] for side in sides]
    return ComparedSearches(
        names=(first, second),
        differences=named[0].spec.differences(named[1].spec),
        comparison=compare_searches(records[0], records[1]),
        winners=(winners[0], winners[1]),
    )


def _with_repeats(named: Sequence[StoredStudy], home: Path) -> list[list[StoredStudy]]:
    sides = [[study] for study in named]
    if _is_repeat(named[0], named[1]):
        # Two seeds of one search: each stands for itself.
        return sides
    for name in list_studies(home):
        if name in (study.spec.name for study in named):
            continue
        try:
            other = read_study(home, name)
        except MnistSearchError:
            # A damaged neighbour is no matter of these two.
            continue
        for side, study in zip(sides, named, strict=True):
            if other.spec.search is not None and _is_repeat(study, other):
                side.append(other)
    return sides


def _is_repeat(study: StoredStudy, other: StoredStudy) -> bool:
    return [what for what, _, _ in study.spec.differences(other.spec)] == ["seed"]


def _winner(study: StoredStudy) -> Record:
    complete = best_first(study.records)
    if not complete:
        raise BudgetError(f"no trial of study {study.spec.name} is complete")
    return complete[0]
