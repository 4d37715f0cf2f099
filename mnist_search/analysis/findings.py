"""What measured references say about the questions of their documents."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

from mnist_search.analysis.baselines import Baselines, Runs
from mnist_search.analysis.contrasts import CONTRASTS, Contrast
from mnist_search.analysis.measurements import answers_of
from mnist_search.analysis.predictions import compare_runs
from mnist_search.analysis.statistics import (
    SIGNIFICANT,
    Estimate,
    Interval,
    difference_interval,
    difference_p_value,
    holm_adjusted,
)
from mnist_search.analysis.traits import differing_traits
from mnist_search.analysis.verdict import estimate, published_estimate
from mnist_search.references import Reference
from mnist_search.specs import Protocol

Outcome = Literal["ahead", "behind", "not told apart"]
Method = Literal["McNemar", "paired t", "two proportions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One side of a contrast: mean test accuracy over its runs, and how many of them collapsed."""

    label: str
    accuracy: float
    runs: int
    collapsed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A contrast with its measured answer; differences are first less second, as fractions.

    `p_value` is that of this contrast alone, `adjusted_p_value` the same among all contrasts of
    the report (Holm), and `outcome` rests on the latter. `seeds` are the common ones of a
    comparison in pairs, none of one of two proportions. `besides` names in what else the two
    differ than the question is about. The published difference has no pairs to rest on: its
    p-value is that of two proportions, its outcome rests on that among all contrasts, and all of
    it is None where the data are not the document's or both sides are one reference.
    """

    document: str
    question: str
    first: Side
    second: Side
    difference: float
    low: float
    high: float
    p_value: float
    adjusted_p_value: float
    outcome: Outcome
    method: Method
    seeds: tuple[int, ...]
    images: int
    besides: tuple[str, ...]
    published_difference: float | None = None
    published_p_value: float | None = None
    published_outcome: Outcome | None = None

    def as_dict(self) -> dict[str, object]:
        """Return the finding as plain data."""
        return dataclasses.asdict(self)


def find_contrasts(
    baselines: Baselines,
    references: Sequence[Reference],
    contrasts: Sequence[Contrast] = CONTRASTS,
) -> tuple[Finding, ...]:
    """Answer the contrasts whose runs are there, corrected for the number of those answered.

    Both sides come from the same data set and precision, those with the most common seeds.
    """
    by_name = {reference.name: reference for reference in references}
    found = []
    for contrast in contrasts:
        if contrast.first in by_name and contrast.second in by_name:
            pair = (by_name[contrast.first], by_name[contrast.second])
            finding = _answer(contrast, pair, baselines)
            if finding is not None:
                found.append(finding)
    adjusted = holm_adjusted([finding.p_value for finding in found])
    published = iter(
        holm_adjusted([p for finding in found if (p := finding.published_p_value) is not None])
    )
    return tuple(
        dataclasses.replace(
            finding,
            adjusted_p_value=p_value,
            outcome=_outcome(finding.difference, p_value),
            published_outcome=None
            if finding.published_difference is None
            else _outcome(finding.published_difference, next(published)),
        )
        for finding, p_value in zip(found, adjusted, strict=True)
    )


def _answer(
    contrast: Contrast,
    pair: tuple[Reference, Reference],
    baselines: Baselines,
) -> Finding | None:
    protocols = contrast.first_protocol, contrast.second_protocol
    firsts = baselines.get((contrast.first, protocols[0]), {})
    seconds = baselines.get((contrast.second, protocols[1]), {})
    # Of equals the first: what was measured first.
    conditions = max(
        (shared for shared in firsts if shared in seconds),
        key=lambda shared: len(firsts[shared].keys() & seconds[shared].keys()),
        default=None,
    )
    if conditions is None:
        return None
    compared = _compare(firsts[conditions], seconds[conditions])
    if compared is None:
        return None
    configs = [side.run_config(protocol) for side, protocol in zip(pair, protocols, strict=True)]
    published = _published(pair) if conditions.is_mnist else None
    return Finding(
        document=contrast.document,
        question=contrast.question,
        first=_side(pair[0], protocols[0], compared.first),
        second=_side(pair[1], protocols[1], compared.second),
        difference=compared.difference,
        low=compared.interval.low,
        high=compared.interval.high,
        p_value=compared.p_value,
        adjusted_p_value=compared.p_value,
        outcome=_outcome(compared.difference, compared.p_value),
        method=compared.method,
        seeds=compared.seeds,
        images=compared.images,
        besides=tuple(trait for trait in differing_traits(*configs) if trait not in contrast.about),
        published_difference=None if published is None else published[0],
        published_p_value=None if published is None else published[1],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Compared:
    """Two sets of runs, left to those that the comparison rests on, and its result."""

    first: Runs
    second: Runs
    images: int
    difference: float
    interval: Interval
    p_value: float
    seeds: tuple[int, ...] = ()
    method: Method = "two proportions"


def _compare(first: Runs, second: Runs) -> _Compared | None:
    """Compare in pairs where there are common seeds with stored answers, else as proportions."""
    paired = compare_runs(answers_of(first.values()), answers_of(second.values()))
    if paired is not None:
        first = {seed: first[seed] for seed in paired.seeds}
        second = {seed: second[seed] for seed in paired.seeds}
    left, right = _estimate(first), _estimate(second)
    if left is None or right is None:
        return None
    if paired is None:
        return _Compared(
            first=first,
            second=second,
            images=left.images,
            difference=left.accuracy - right.accuracy,
            interval=difference_interval(left, right),
            p_value=difference_p_value(left, right),
        )
    return _Compared(
        first=first,
        second=second,
        images=left.images,
        difference=paired.difference,
        interval=paired.interval,
        p_value=paired.p_value,
        seeds=paired.seeds,
        method="McNemar" if len(paired.seeds) == 1 else "paired t",
    )


def _published(pair: tuple[Reference, Reference]) -> tuple[float, float] | None:
    """Return the published difference and its p-value."""
    if pair[0].name == pair[1].name:
        return None
    left, right = published_estimate(pair[0]), published_estimate(pair[1])
    return left.accuracy - right.accuracy, difference_p_value(left, right)


def _estimate(runs: Runs) -> Estimate | None:
    return estimate([result.test for result in runs.values() if result.test is not None])


def _side(reference: Reference, protocol: Protocol, runs: Runs) -> Side:
    scores = [result.test.accuracy for result in runs.values() if result.test is not None]
    quirk = reference.corrected is not None
    return Side(
        label=f"{reference.name} ({protocol})" if quirk else reference.name,
        accuracy=fmean(scores),
        runs=len(scores),
        collapsed=sum(bool(result.collapsed) for result in runs.values()),
    )


def _outcome(difference: float, p_value: float) -> Outcome:
    if p_value > SIGNIFICANT or difference == 0:
        return "not told apart"
    return "ahead" if difference > 0 else "behind"
