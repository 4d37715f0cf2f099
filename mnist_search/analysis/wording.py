"""Findings in sentences: every word of a conclusion follows from the figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final, assert_never

from mnist_search.analysis.claims import AnsweredClaim, Quantity
from mnist_search.analysis.findings import Finding, Outcome, Side

NONE: Final = "no significant difference"


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
    """Return how many contrasts differ significantly, and how many agree with their documents."""
    count = len(findings)
    apart = sum(finding.outcome != NONE for finding in findings)
    agreement = Counter(
        (finding.outcome, finding.published_outcome)
        for finding in findings
        if finding.published_outcome is not None
    )
    confirmed = agreement["better", "better"] + agreement["worse", "worse"]
    reversed_ = agreement["better", "worse"] + agreement["worse", "better"]
    lost = agreement[NONE, "better"] + agreement[NONE, "worse"]
    told = f"{apart} of {count} contrasts {_are(apart)} significant"
    if agreement:
        told += (
            f"; of the significant differences in the documents {confirmed} "
            f"{_are(confirmed)} confirmed, {reversed_} {_are(reversed_)} reversed and {lost} "
            f"{_are(lost)} not significant here"
        )
    return f"{told}."


def _outcome(finding: Finding) -> str:
    match finding.outcome:
        case "better" | "worse":
            return f"{finding.first.label} is significantly {finding.outcome}"
        case "no significant difference":
            return finding.outcome
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
        return "not significant either" if published == NONE else "in the same direction"
    if published == NONE:
        return "not significant with one run each"
    if measured == NONE:
        return "significant there, not here"
    return "in the opposite direction"


def _side(side: Side) -> str:
    told = f"{side.label} {100 * side.accuracy:.2f} %"
    if not side.collapsed:
        return told
    if side.collapsed == side.runs:
        return f"{told} (collapsed: predicts a single class)"
    return f"{told} ({side.collapsed} of {side.runs} runs collapsed)"


def _method(finding: Finding) -> str:
    p_value = f"{_p(finding.p_value)}, corrected {_p(finding.adjusted_p_value)}"
    runs = (finding.first.runs, finding.second.runs)
    counts = _runs(runs[0]) + " each" if runs[0] == runs[1] else f"{runs[0]} and {runs[1]} runs"
    images = f"{finding.images:,} images"
    told = f"{p_value}; {counts}, "
    told += f"the same {images}" if finding.method == "paired" else f"{images}, not paired"
    if max(runs) == 1 and finding.borrowed:
        told += "; how much another seed would change is borrowed from other models"
    if finding.networks_p_value is not None:
        told += f"; these two networks: McNemar {_p(finding.networks_p_value)}"
    return told


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


def tell_claim(answered: AnsweredClaim, most: int = 3) -> str:
    """Return a claim and its answer in sentences, with the pairs that decide it."""
    claim = answered.claim
    scale, unit, digits = _unit(claim.quantity)
    decisive = [pair for pair in answered.pairs if pair.answer == answered.answer]
    shown = [
        f"{pair.first} {scale * pair.values[0]:.{digits}f}{unit} against {pair.second} "
        f"{scale * pair.values[1]:.{digits}f}{unit} ({scale * pair.difference:+.{digits}f}, 95 % "
        f"interval {scale * pair.low:+.{digits}f} to {scale * pair.high:+.{digits}f}; "
        f"n = {pair.runs[0]} and {pair.runs[1]})"
        for pair in decisive[:most]
    ]
    count = f"{len(decisive)} of {len(answered.pairs)} pairs" if len(answered.pairs) > 1 else ""
    rest = f"; and {len(decisive) - most} more" if len(decisive) > most else ""
    told = f"“{claim.sentence}” {answered.answer.capitalize()}"
    told += f", by {count}: " if count else ": "
    return f"{told}{claim.quantity} of {'; '.join(shown)}{rest}."


def _unit(quantity: Quantity) -> tuple[float, str, int]:
    """Return by what to multiply a quantity, its unit, and how many digits it is told with."""
    match quantity:
        case "test accuracy" | "training less test accuracy":
            return 100.0, " %", 2
        case "test loss":
            return 1.0, "", 4
        case "epochs to 97 %":
            return 1.0, "", 2
        case _:
            assert_never(quantity)
