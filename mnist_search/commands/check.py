"""A threshold for continuous integration: is the confirmed winner better than a reference?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mnist_search.analysis.comparison import Difference
from mnist_search.analysis.confirmation import ConfirmedRow, summarize_confirmation
from mnist_search.commands.context import Context, home_of
from mnist_search.errors import BudgetError, UsageError
from mnist_search.references import get_reference
from mnist_search.studies import read_confirmed, read_records, read_test_labels


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckVerdict:
    """The winner, the reference, and the gain that decides, in fractions.

    `decisive` is the measured gain with `point`, else its one-sided lower bound at 95 %, `bound`.
    """

    winner: ConfirmedRow
    against: ConfirmedRow
    gain: Difference
    bound: float
    trials: int
    min_gain: float
    point: bool

    @property
    def passed(self) -> bool:
        """Say whether the gain is large enough."""
        decisive = self.gain.difference if self.point else self.bound
        # A gain of exactly the threshold must not fail for its last bit.
        return decisive >= self.min_gain - 1e-12


def check(
    study: str,
    against: str,
    *,
    min_gain: float = 0.0,
    point: bool = False,
    home: Path | str | None = None,
    context: Context | None = None,
) -> CheckVerdict:
    """Compare the confirmed winner of a search with a reference; nothing is trained.

    Raises:
        UsageError: there is no such study or reference, or the two cannot be compared.
        BudgetError: the search is not confirmed.
    """
    if not -1 <= min_gain <= 1:
        raise UsageError(
            f"--min-gain must be a fraction, such as 0.001 for 0.1 points, got {min_gain:g}"
        )
    reference = get_reference(against)
    place = home_of(home, context)
    trials = read_records(place, [study])
    confirmed = read_confirmed(place, study)
    dataset = confirmed[0].dataset if confirmed else None
    labels = None if dataset is None else read_test_labels(dataset)
    found = summarize_confirmation(confirmed, trials, [reference], labels=labels)
    if found.winner is None:
        raise BudgetError(
            f"no trial of study {study} has a test accuracy",
            hint=f"`mnist-search confirm {study} --references {against}` finds them out",
        )
    other = next(
        (row for row in found.rows if row.kind == "reference" and row.reference == against), None
    )
    if other is None or other.behind is None:
        raise UsageError(
            f"{against} was not confirmed with study {study}, whose data its published figure is "
            "not about",
            hint=f"`mnist-search confirm {study} --references {against}` trains it",
        )
    return CheckVerdict(
        winner=found.winner,
        against=other,
        gain=other.behind,
        bound=other.behind.lower_bound(found.trials),
        trials=found.trials,
        min_gain=min_gain,
        point=point,
    )
