"""What measured references say about the questions of their documents."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from mnist_search.analysis.baselines import Baselines, Conditions, Runs
from mnist_search.analysis.comparison import (
    Contender,
    Difference,
    Method,
    compare,
    corrected,
    make_contender,
)
from mnist_search.analysis.contrasts import CONTRASTS, Contrast
from mnist_search.analysis.spread import SHIPPED, SeedSpread
from mnist_search.analysis.traits import differing_traits
from mnist_search.analysis.verdict import published_estimate
from mnist_search.references import Reference
from mnist_search.specs import Protocol

Outcome = Literal["better", "worse", "no significant difference"]


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
    the report (Holm), and `outcome` rests on the latter. `networks_p_value` is McNemar's, about
    the two trained networks, where there is one run each. `borrowed` says that the spread between
    seeds is not that of the report's own runs alone. `besides` names in what else the two differ
    than the question is about. The published difference has no pairs to rest on: its p-value is
    that of two proportions with one seed each, its outcome rests on that among all contrasts, and
    all of it is None where the data are not the document's or both sides are one reference.
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
    images: int
    borrowed: bool
    besides: tuple[str, ...]
    networks_p_value: float | None = None
    published_difference: float | None = None
    published_p_value: float | None = None
    published_outcome: Outcome | None = None

    def as_dict(self) -> dict[str, object]:
        """Return the finding as plain data."""
        return dataclasses.asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    contrast: Contrast
    sides: tuple[Side, Side]
    measured: Difference
    published: Difference | None
    besides: tuple[str, ...]


def find_contrasts(
    baselines: Baselines,
    references: Sequence[Reference],
    contrasts: Sequence[Contrast] = CONTRASTS,
    *,
    spread: SeedSpread = SHIPPED,
    labels: Mapping[str, bytes] | None = None,
) -> tuple[Finding, ...]:
    """Answer the contrasts whose runs are there, corrected for the number of those answered.

    Both sides come from the same data set and precision, those with the most runs. `labels` are
    those of the test images, by the digest of their data set.
    """
    by_name = {reference.name: reference for reference in references}
    answers = []
    for contrast in contrasts:
        if contrast.first in by_name and contrast.second in by_name:
            pair = (by_name[contrast.first], by_name[contrast.second])
            answer = _answer(contrast, pair, baselines, spread, {} if labels is None else labels)
            if answer is not None:
                answers.append(answer)
    measured = corrected([answer.measured for answer in answers])
    published = iter(
        corrected([answer.published for answer in answers if answer.published is not None])
    )
    return tuple(
        _finding(answer, own, None if answer.published is None else next(published))
        for answer, own in zip(answers, measured, strict=True)
    )


def _finding(answer: _Answer, own: Difference, published: Difference | None) -> Finding:
    return Finding(
        document=answer.contrast.document,
        question=answer.contrast.question,
        first=answer.sides[0],
        second=answer.sides[1],
        difference=own.difference,
        low=own.interval.low,
        high=own.interval.high,
        p_value=own.p_value,
        adjusted_p_value=own.p_adjusted,
        outcome=_outcome(own),
        method=own.method,
        images=own.images,
        borrowed=own.borrowed,
        besides=answer.besides,
        networks_p_value=own.networks_p_value,
        published_difference=None if published is None else published.difference,
        published_p_value=None if published is None else published.p_value,
        published_outcome=None if published is None else _outcome(published),
    )


def _answer(
    contrast: Contrast,
    pair: tuple[Reference, Reference],
    baselines: Baselines,
    spread: SeedSpread,
    labels: Mapping[str, bytes],
) -> _Answer | None:
    protocols = contrast.first_protocol, contrast.second_protocol
    firsts = baselines.get((contrast.first, protocols[0]), {})
    seconds = baselines.get((contrast.second, protocols[1]), {})
    # Of equals the first: what was measured first.
    conditions = max(
        (shared for shared in firsts if shared in seconds),
        key=lambda shared: min(len(firsts[shared]), len(seconds[shared])),
        default=None,
    )
    if conditions is None:
        return None
    runs = firsts[conditions], seconds[conditions]
    first, second = (_contender(each, conditions, labels) for each in runs)
    if first is None or second is None:
        return None
    configs = [side.run_config(protocol) for side, protocol in zip(pair, protocols, strict=True)]
    published = None
    if conditions.is_mnist and pair[0].name != pair[1].name:
        published = compare(
            Contender(estimate=published_estimate(pair[0])),
            Contender(estimate=published_estimate(pair[1])),
            spread,
        )
    return _Answer(
        contrast=contrast,
        sides=(
            _side(pair[0], protocols[0], runs[0], first),
            _side(pair[1], protocols[1], runs[1], second),
        ),
        measured=compare(first, second, spread),
        published=published,
        besides=tuple(trait for trait in differing_traits(*configs) if trait not in contrast.about),
    )


def _contender(runs: Runs, conditions: Conditions, labels: Mapping[str, bytes]) -> Contender | None:
    tests = [result for result in runs.values() if result.test is not None]
    return make_contender(tests, conditions.digest, labels.get(conditions.digest))


def _side(reference: Reference, protocol: Protocol, runs: Runs, contender: Contender) -> Side:
    quirk = reference.corrected is not None
    return Side(
        label=f"{reference.name} ({protocol})" if quirk else reference.name,
        accuracy=contender.estimate.accuracy,
        runs=contender.estimate.runs,
        collapsed=sum(bool(result.collapsed) for result in runs.values()),
    )


def _outcome(comparison: Difference) -> Outcome:
    if not comparison.significant:
        return "no significant difference"
    return "better" if comparison.difference > 0 else "worse"
