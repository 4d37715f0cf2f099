"""What findings, claims and confirmations say, in sentences that follow from their figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final, assert_never

from mnist_search.analysis.claims import AnsweredClaim
from mnist_search.analysis.comparison import Difference
from mnist_search.analysis.confirmation import Confirmation, ConfirmedRow
from mnist_search.analysis.findings import Finding, Outcome, Side
from mnist_search.analysis.questions import Quantity
from mnist_search.analysis.searches import SearchReport
from mnist_search.analysis.spread import SeedSpread
from mnist_search.analysis.words import listed, p_value, percent, plural, points

NONE: Final = "no significant difference"


def tell(finding: Finding) -> str:
    """Return one finding as text: question, both accuracies, difference, sureness, published."""
    gap = finding.measured
    parts = [
        f"{finding.contrast.question} {_side(finding.first)} against {_side(finding.second)}: "
        f"{points(gap.difference)} points (95 % interval {points(gap.interval.low)} to "
        f"{points(gap.interval.high)}; {_method(gap)}), {_outcome(finding)}.",
    ]
    if finding.published is not None and finding.published_outcome is not None:
        agreement = _agreement(finding.outcome, finding.published_outcome)
        parts.append(f"Published: {points(finding.published.difference)} points, {agreement}.")
    if finding.besides:
        parts.append(f"They also differ in {listed(finding.besides)}.")
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
    if finding.outcome == NONE:
        return NONE
    return f"{finding.first.label} is significantly {finding.outcome}"


def _agreement(measured: Outcome, published: Outcome) -> str:
    if measured == published:
        return "not significant either" if published == NONE else "in the same direction"
    if published == NONE:
        return "not significant with one run each"
    if measured == NONE:
        return "significant there, not here"
    return "in the opposite direction"


def _side(side: Side) -> str:
    told = f"{side.label} {percent(side.accuracy)}"
    if not side.collapsed:
        return told
    if side.collapsed == side.runs:
        return f"{told} (collapsed: predicts a single class)"
    return f"{told} ({side.collapsed} of {side.runs} runs collapsed)"


def _method(gap: Difference) -> str:
    first, second = gap.runs
    counts = f"{plural(first, 'run')} each" if first == second else f"{first} and {second} runs"
    images = f"{gap.images:,} images"
    told = f"{p_value(gap.p_value)}, corrected {p_value(gap.p_adjusted)}; {counts}, "
    told += f"the same {images}" if gap.method == "paired" else f"{images}, not paired"
    if max(gap.runs) == 1 and gap.borrowed:
        told += "; how much another seed would change is borrowed from other models"
    if gap.networks_p_value is not None:
        told += f"; these two networks: McNemar {p_value(gap.networks_p_value)}"
    return told


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def tell_claim(answered: AnsweredClaim, most: int = 3) -> str:
    """Return a claim and its answer in sentences, with the pairs that decide it."""
    claim = answered.claim
    scale, unit, digits = _unit(claim.quantity)
    decisive = [pair for pair in answered.pairs if answered.answer_of(pair) == answered.answer]
    shown = [
        f"{pair.names[0]} {scale * pair.values[0]:.{digits}f}{unit} against {pair.names[1]} "
        f"{scale * pair.values[1]:.{digits}f}{unit} ({scale * pair.gap.difference:+.{digits}f}, "
        f"95 % interval {scale * pair.gap.interval.low:+.{digits}f} to "
        f"{scale * pair.gap.interval.high:+.{digits}f}; "
        f"n = {pair.gap.runs[0]} and {pair.gap.runs[1]})"
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
        case "coefficients at zero":
            return 1.0, "", 0
        case _:
            assert_never(quantity)


def tell_expected(report: SearchReport) -> str:
    """Return what the best of so many trials would be, for the largest numbers that it is for."""
    if not report.independent:
        return (
            f"{report.study}: the sampler learned from earlier trials, so they do not tell what "
            "the best of fewer or more of them would be."
        )
    told = [
        f"of {plural(best.trials, 'trial')} {percent(best.accuracy)} (95 %: {percent(best.low)} "
        f"to {percent(best.high)})"
        for best in report.expected[-2:]
    ]
    return (
        f"{report.study}: expected best validation accuracy {' and '.join(told)}, drawn from its "
        "random trials."
    )


def tell_effects(report: SearchReport) -> str:
    """Return how to read the table of effects."""
    sure = (
        "the intervals are Wilson's, each for itself"
        if report.independent
        else "no intervals, as the sampler chose later trials by earlier results"
    )
    return (
        "Share: how many of the trials with a value are among the best tenth of the search; "
        f"{sure}. Other hyperparameters may go along with it."
    )


def tell_winner(confirmation: Confirmation) -> str:
    """Return the verdict in one sentence: against the best reference, and the ties.

    Such as `trial 31 is significantly better than cnn-double-32 (+0.08 ± 0.05 points, p = 0.004,
    3 seeds); no significant difference from trial 12`.
    """
    winner = confirmation.winner
    if winner is None or winner.test_accuracy is None:
        return "no trial has been confirmed"
    reference = confirmation.best_reference
    if reference is None or reference.behind is None:
        told = (
            f"{winner.name} has {percent(winner.test_accuracy)} test accuracy "
            f"({percent(winner.test_accuracy_low)} to {percent(winner.test_accuracy_high)}, "
            f"{plural(winner.n, 'seed')})"
        )
    else:
        told = _against(winner.name, reference.name, reference.behind)
    others = [row for row in confirmation.rows if row is not winner and row.kind == "trial"]
    known = [(row.name, row.behind) for row in others if row.behind is not None]
    alike = [name for name, gap in known if not gap.significant]
    if alike:
        return f"{told}; no significant difference from {listed(alike, 5)}"
    return f"{told}; significantly better than every other trial" if known else told


def tell_runner_up(confirmation: Confirmation) -> str | None:
    """Return what the comparison with the runner-up says; None without one."""
    winner, other = confirmation.winner, confirmation.runner_up
    if winner is None or other is None or other.behind is None:
        return None
    return "runner-up: " + _against(winner.name, other.name, other.behind)


def tell_search_to_test(confirmation: Confirmation) -> str | None:
    """Return by how much the winner's score changed from the search to the test images, and why."""
    winner = confirmation.winner
    if winner is None or winner.search_accuracy is None or winner.search_less_test is None:
        return None
    lost = _less(winner.search_less_test)
    had = f"{percent(winner.search_accuracy)} validation accuracy in the search"
    rest = "other images and more training images"
    if winner.selection_accuracy is not None:
        had = f"{percent(winner.selection_accuracy)} on the images that chose it, {had}"
        chosen = _less(winner.selection_accuracy - winner.search_accuracy)
        why = f"{chosen} by the selection and the chance of its images, {lost} by {rest}"
    elif confirmation.optimism is not None:
        why = (
            f"{lost}; the selection of the best of {plural(confirmation.searched, 'trial')} alone "
            f"is expected to flatter the former by {100 * confirmation.optimism:.2f} points, "
            f"{rest} make the rest"
        )
    else:
        why = f"{lost} by {rest} and the selection of the best trial"
    test = f"{percent(winner.test_accuracy)} test accuracy"
    return f"from search to test: {winner.name} had {had} and {test}, {why}"


def _less(lost: float) -> str:
    return f"{100 * abs(lost):.2f} points {'less' if round(lost, 6) >= 0 else 'more'}"


def tell_spread(spread: SeedSpread) -> str | None:
    """Return what the seeds' part of an error rests on, where that is not the study alone."""
    match spread.source:
        case "study":
            return None
        case "shipped":
            return (
                "one seed each: how much another seed would change is borrowed from shipped "
                f"measurements of {spread.models} models"
            )
        case "study and shipped":
            return (
                "few seeds: how much another seed would change is pooled with shipped "
                f"measurements, over {spread.models} models"
            )
        case _:
            assert_never(spread.source)


def tell_incomplete(rows: Sequence[ConfirmedRow]) -> list[str]:
    """Return a sentence for each model with runs that failed or are still to come."""
    told = []
    for row in rows:
        counts = ((row.runs_failed, "failed"), (row.runs_pending, "to come"))
        missing = [f"{count} {word}" for count, word in counts if count]
        if missing:
            told.append(f"{row.name}: {plural(row.n, 'run')} complete, {', '.join(missing)}")
    return told


def _against(name: str, other: str, gap: Difference) -> str:
    half = 50 * (gap.interval.high - gap.interval.low)
    figures = f"({points(gap.difference)} ± {half:.2f} points, {p_value(gap.p_adjusted)}, "
    figures += f"{plural(gap.runs[0], 'seed')})"
    if not gap.significant:
        return f"{name}: no significant difference from {other} {figures}"
    return (
        f"{name} is significantly {'better' if gap.difference > 0 else 'worse'} than "
        f"{other} {figures}"
    )
