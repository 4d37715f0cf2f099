"""The questions that the documents ask of their own models, answered by measured runs."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from mnist_search.analysis.baselines import Baselines, Runs, sides_of
from mnist_search.analysis.comparison import Difference, compare, corrected
from mnist_search.analysis.contenders import Contender
from mnist_search.analysis.questions import CONTRASTS, Contrast
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

    `measured` is corrected among all contrasts of the report (Holm). `besides` names in what else
    the two differ than the question is about. The `published` difference has no pairs to rest on:
    it compares two proportions with one seed each, corrected among all contrasts; it is None
    where the data are not the document's or both sides are one reference.
    """

    contrast: Contrast
    first: Side
    second: Side
    measured: Difference
    published: Difference | None
    besides: tuple[str, ...]

    @property
    def outcome(self) -> Outcome:
        """Return how the first does against the second."""
        return _outcome(self.measured)

    @property
    def published_outcome(self) -> Outcome | None:
        """Return what the published figures say."""
        return None if self.published is None else _outcome(self.published)

    def as_dict(self) -> dict[str, object]:
        """Return the finding under its JSON keys."""
        own, published = self.measured, self.published
        return {
            "document": self.contrast.document,
            "question": self.contrast.question,
            "first": dataclasses.asdict(self.first),
            "second": dataclasses.asdict(self.second),
            "difference": own.difference,
            "low": own.interval.low,
            "high": own.interval.high,
            "p_value": own.p_value,
            "adjusted_p_value": own.p_adjusted,
            "outcome": self.outcome,
            "method": own.method,
            "images": own.images,
            "borrowed": own.borrowed,
            "besides": self.besides,
            "networks_p_value": own.networks_p_value,
            "published_difference": None if published is None else published.difference,
            "published_p_value": None if published is None else published.p_value,
            "published_outcome": self.published_outcome,
        }


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
    those of the test images, a byte each, by the digest of their data set.
    """
    by_name = {reference.name: reference for reference in references}
    found = []
    for contrast in contrasts:
        if contrast.first in by_name and contrast.second in by_name:
            pair = by_name[contrast.first], by_name[contrast.second]
            finding = _answer(contrast, pair, baselines, spread, {} if labels is None else labels)
            if finding is not None:
                found.append(finding)
    measured = corrected([finding.measured for finding in found])
    published = iter(corrected([one.published for one in found if one.published is not None]))
    return tuple(
        dataclasses.replace(
            finding,
            measured=own,
            published=None if finding.published is None else next(published),
        )
        for finding, own in zip(found, measured, strict=True)
    )


def _answer(
    contrast: Contrast,
    pair: tuple[Reference, Reference],
    baselines: Baselines,
    spread: SeedSpread,
    labels: Mapping[str, bytes],
) -> Finding | None:
    protocols = contrast.first_protocol, contrast.second_protocol
    found = sides_of(baselines, (contrast.first, protocols[0]), (contrast.second, protocols[1]))
    if not found:
        return None
    sides = found[0]
    first, second = sides.contenders(labels)
    published = None
    if sides.conditions.is_mnist and pair[0].name != pair[1].name:
        one, other = (Contender(estimate=published_estimate(reference)) for reference in pair)
        published = compare(one, other, spread)
    configs = [side.run_config(protocol) for side, protocol in zip(pair, protocols, strict=True)]
    return Finding(
        contrast=contrast,
        first=_side(pair[0], protocols[0], sides.runs[0], first),
        second=_side(pair[1], protocols[1], sides.runs[1], second),
        measured=compare(first, second, spread),
        published=published,
        besides=tuple(trait for trait in differing_traits(*configs) if trait not in contrast.about),
    )


def _side(reference: Reference, protocol: Protocol, runs: Runs, contender: Contender) -> Side:
    quirk = reference.corrected is not None
    return Side(
        label=f"{reference.name} ({protocol})" if quirk else reference.name,
        accuracy=contender.estimate.accuracy,
        runs=contender.estimate.runs,
        collapsed=sum(bool(result.collapsed) for result in runs.values()),
    )


def _outcome(gap: Difference) -> Outcome:
    if not gap.significant:
        return "no significant difference"
    return "better" if gap.difference > 0 else "worse"
