"""What a confirmation says, in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from mnist_search.analysis.comparison import Difference
from mnist_search.analysis.confirmation import Confirmation, ConfirmedRow


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
            f"{winner.name} has {_percent(winner.test_accuracy)} test accuracy "
            f"({_percent(winner.test_accuracy_low)} to {_percent(winner.test_accuracy_high)}, "
            f"{_seeds(winner.n)})"
        )
    else:
        told = _against(winner.name, reference.name, reference.behind)
    others = [
        row
        for row in confirmation.rows
        if row is not winner and row.kind == "trial" and row.behind is not None
    ]
    alike = [row.name for row in others if row.behind is not None and not row.behind.significant]
    if alike:
        return f"{told}; no significant difference from {_listed(alike)}"
    return f"{told}; significantly better than every other trial" if others else told


def tell_runner_up(confirmation: Confirmation) -> str | None:
    """Return what the comparison with the runner-up says; None without one."""
    winner, other = confirmation.winner, confirmation.runner_up
    if winner is None or other is None or other.behind is None:
        return None
    return "runner-up: " + _against(winner.name, other.name, other.behind)


def tell_shrinkage(confirmation: Confirmation) -> str | None:
    """Return by how much the winner's score changed from the search to the test images."""
    winner = confirmation.winner
    if winner is None or winner.shrinkage is None:
        return None
    return (
        f"from search to test: {winner.name} had {_percent(winner.search_accuracy)} validation "
        f"accuracy in the search and {_percent(winner.test_accuracy)} test accuracy, "
        f"{100 * abs(winner.shrinkage):.2f} points {'less' if winner.shrinkage >= 0 else 'more'}; "
        "other images, more training images and the selection of the best trial add up in it"
    )


def tell_spread(confirmation: Confirmation) -> str | None:
    """Return what the seeds' part of the error rests on, where that is not the study alone."""
    if confirmation.winner is None:
        return None
    match confirmation.spread.source:
        case "study":
            return None
        case "shipped":
            return (
                "one seed each: how much another seed would change is borrowed from shipped "
                f"measurements of {confirmation.spread.models} models"
            )
        case "study and shipped":
            return (
                "few seeds: how much another seed would change is pooled with shipped "
                f"measurements, over {confirmation.spread.models} models"
            )


def tell_incomplete(rows: Sequence[ConfirmedRow]) -> list[str]:
    """Return a sentence for each model with runs that failed or are still to come."""
    told = []
    for row in rows:
        missing = [
            f"{count} {word}"
            for count, word in ((row.runs_failed, "failed"), (row.runs_pending, "to come"))
            if count
        ]
        if missing:
            runs = "1 run" if row.n == 1 else f"{row.n} runs"
            told.append(f"{row.name}: {runs} complete, {', '.join(missing)}")
    return told


def _against(name: str, other: str, gap: Difference) -> str:
    half = 50 * (gap.interval.high - gap.interval.low)
    figures = f"{100 * gap.difference:+.2f} ± {half:.2f} points, {_p(gap.p_adjusted)}"
    figures = f"({figures}, {_seeds(gap.runs[0])})"
    if not gap.significant:
        return f"{name}: no significant difference from {other} {figures}"
    return (
        f"{name} is significantly {'better' if gap.difference > 0 else 'worse'} than "
        f"{other} {figures}"
    )


def _p(value: float) -> str:
    if value < 0.001:
        return "p < 0.001"
    return f"p = {value:.3f}" if value < 0.1 else f"p = {value:.2f}"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.2f} %"


def _seeds(count: int) -> str:
    return f"{count} seed" + ("" if count == 1 else "s")


def _listed(names: Sequence[str]) -> str:
    shown = list(names[:5]) + ([f"{len(names) - 5} more"] if len(names) > 5 else [])
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
