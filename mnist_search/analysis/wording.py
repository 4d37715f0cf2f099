"""Findings in sentences: every word of a conclusion follows from the figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import assert_never

from mnist_search.analysis.findings import Finding, Outcome, Side


def tell(finding: Finding) -> str:
    """Return one finding as text: question, both accuracies, difference, sureness, published."""
    first, second = finding.first, finding.second
    parts = [
        f"{finding.question} {_side(first)} against {_side(second)}: "
        f"{_points(finding.difference)} points (95 % interval {_points(finding.low)} to "
        f"{_points(finding.high)}; {_method(finding)}), {_outcome(finding)}.",
        *_published(finding),
    ]
    if finding.besides:
        parts.append(f"They also differ in {_listed(finding.besides)}.")
    return " ".join(parts)


def tell_all(findings: Sequence[Finding]) -> str:
    """Return how many contrasts the data tell apart, and how many agree with their documents."""
    count = len(findings)
    apart = sum(finding.outcome != "not told apart" for finding in findings)
    agreement = Counter(
        (finding.outcome, finding.published_outcome)
        for finding in findings
        if finding.published_outcome is not None
    )
    confirmed = agreement["ahead", "ahead"] + agreement["behind", "behind"]
    turned = agreement["ahead", "behind"] + agreement["behind", "ahead"]
    lost = agreement["not told apart", "ahead"] + agreement["not told apart", "behind"]
    told = f"{apart} of {count} contrasts {_are(apart)} told apart"
    if agreement:
        told += (
            f"; of the differences that stand out in the documents {confirmed} "
            f"{_are(confirmed)} found again, {turned} {'turns' if turned == 1 else 'turn'} round "
            f"and {lost} {_are(lost)} not told apart here"
        )
    return f"{told}."


def _outcome(finding: Finding) -> str:
    match finding.outcome:
        case "ahead" | "behind":
            return f"{finding.first.label} is {finding.outcome} beyond chance"
        case "not told apart":
            return "not told apart"
        case _:
            assert_never(finding.outcome)


def _published(finding: Finding) -> list[str]:
    if finding.published_difference is None or finding.published_outcome is None:
        return []
    return [
        f"Published: {_points(finding.published_difference)} points, "
        f"{_agreement(finding.outcome, finding.published_outcome)}."
    ]


def _agreement(measured: Outcome, published: Outcome) -> str:
    if measured == published:
        return "not told apart either" if published == "not told apart" else "the same way round"
    if published == "not told apart":
        return "which one run each does not tell apart"
    if measured == "not told apart":
        return "a difference that is not found again here"
    return "which turns round here"


def _side(side: Side) -> str:
    told = f"{side.label} {100 * side.accuracy:.2f} %"
    if not side.collapsed:
        return told
    if side.collapsed == side.runs:
        return f"{told} (collapsed to one constant answer)"
    return f"{told} ({side.collapsed} of {side.runs} runs collapsed)"


def _method(finding: Finding) -> str:
    p_value = f"{finding.method} {_p(finding.p_value)}, corrected {_p(finding.adjusted_p_value)}"
    images = f"{finding.images:,}"
    if finding.seeds:
        return f"{p_value}; n = {_runs(len(finding.seeds))} each, the same {images} images"
    runs = (finding.first.runs, finding.second.runs)
    counts = _runs(runs[0]) + " each" if runs[0] == runs[1] else f"{runs[0]} and {runs[1]} runs"
    return f"{p_value}; n = {counts}, {images} images, not in pairs"


def _runs(count: int) -> str:
    return "1 run" if count == 1 else f"{count} runs"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _points(share: float) -> str:
    # Not -0.00.
    return f"{round(100 * share, 2) + 0.0:+.2f}"


def _p(value: float) -> str:
    return (
        "p < 0.001" if value < 0.001 else f"p = {value:.3f}" if value < 0.1 else f"p = {value:.2f}"
    )


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
