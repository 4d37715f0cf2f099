"""A confirmation in every format: its verdict, its table, and what else there is to say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from mnist_search.analysis.wording import (
    tell_incomplete,
    tell_runner_up,
    tell_search_to_test,
    tell_spread,
    tell_winner,
)
from mnist_search.choices import Format
from mnist_search.reporting.cells import Column, format_p, hundredths, plus_minus, tell_difference
from mnist_search.reporting.rows import render_rows

if TYPE_CHECKING:
    from mnist_search.analysis.confirmation import Confirmation, ConfirmedRow
    from mnist_search.studies.confirming import TestUse
    from mnist_search.studies.reading import ConfirmedStudy

_LEGEND = (
    "± is half of a 95 % interval over images and seeds; sd is the standard deviation between "
    "seeds. Models with a tie letter in common do not differ significantly. Behind: percentage "
    "points behind the best trial, with p corrected for all pairs (Holm)."
)
_COLUMNS = (
    Column("rank", "#", "figure"),
    Column("name", "name", "text"),
    Column("test_accuracy", "test accuracy %", "figure"),
    Column("test_accuracy_sd", "sd", "figure", 1),
    Column("n", "n", "count", 1),
    Column("tie_group", "tie", "word", 1),
    Column("search_accuracy", "in the search", "percent", 2),
    Column("search_less_test", "search less test", "points", 2),
    Column("behind", "behind", "figure"),
    Column("p_adjusted", "p", "figure", 1),
    Column("fit_seconds", "fit time", "seconds", 3),
    Column("parameters", "parameters", "count", 4),
    Column("description", "what it is", "text", 5),
)
_MORE = (
    "kind", "status", "trial", "reference", "test_accuracy_low", "test_accuracy_high",
    "images", "seeds", "search_less_test_low", "search_less_test_high", "behind_low", "behind_high",
    "p_value", "paired", "runs_failed", "runs_pending", "config_id",
)  # fmt: skip


def render_confirmation(
    found: ConfirmedStudy,
    format: Format,
    *,
    titled: bool = False,
    plain: bool = False,
) -> str:
    """Return the table of a confirmation, its verdict above and what else there is to say below.

    `titled` puts the name of the search before the verdict, where the text follows a leaderboard;
    `plain` is for a file.
    """
    verdict = tell_winner(found.confirmation)
    if titled:
        verdict = f"{found.study}, confirmed: {verdict}"
    said = _notes(found)
    if format not in {"table", "markdown"}:
        every = [*_COLUMNS, *(Column(key, key) for key in _MORE)]
        raw = [row.as_dict() for row in found.confirmation.rows]
        return render_rows(raw, every, format, notes=[verdict, *said])
    rows, columns, legend = confirmation_rows(found)
    notes = [legend, *said]
    return render_rows(rows, columns, format, title=verdict, notes=notes, plain=plain)


def confirmation_rows(
    found: ConfirmedStudy,
) -> tuple[list[Mapping[str, object]], Sequence[Column], str]:
    """Return the rows of a confirmation as they are read, their columns, and the legend."""
    return [_readable(row) for row in found.confirmation.rows], _COLUMNS, _LEGEND


def confirmation_document(found: ConfirmedStudy) -> Mapping[str, object]:
    """Return a confirmation as it stands in the JSON of a leaderboard."""
    return {
        "study": found.study,
        "verdict": tell_winner(found.confirmation),
        "notes": _notes(found),
        "rows": [row.as_dict() for row in found.confirmation.rows],
    }


def tell_essentials(found: ConfirmedStudy) -> str:
    """Return verdict, runner-up, search and test, and use of the test images as running text."""
    confirmation = found.confirmation
    more = (tell_runner_up(confirmation), tell_search_to_test(confirmation), tell_use(found.use))
    rest = "".join(f" {each[0].upper()}{each[1:]}." for each in more if each is not None)
    return f"{found.study}, confirmed: {tell_winner(confirmation)}.{rest}"


def tell_use(use: TestUse) -> str:
    """Return how often the test images have been met, in a sentence."""
    if use.uses == 0:
        return "no run has used the test images yet"
    times = "once" if use.uses == 1 else f"{use.uses} times"
    runs = "run" if use.runs == 1 else "runs"
    told = f"this study has used the test images {times}, with {use.runs} {runs}"
    match use.new:
        case None:
            return told.replace("this study", "the confirmation", 1)
        case False:
            return f"{told}; this time none was new"
        case True if use.uses == 1:
            return told
        case True:
            return f"{told}; each further use makes the best figure more optimistic"


def _notes(found: ConfirmedStudy) -> list[str]:
    confirmation: Confirmation = found.confirmation
    several = sum(row.kind == "trial" for row in confirmation.rows) > 1
    notes = [
        tell_runner_up(confirmation),
        tell_search_to_test(confirmation),
        "the winner was selected among these trials on the test images, so its figure is optimistic"
        if several
        else None,
        None if confirmation.winner is None else tell_spread(confirmation.spread),
        *tell_incomplete(confirmation.rows),
        tell_use(found.use),
    ]
    return [note for note in notes if note is not None]


def _readable(row: ConfirmedRow) -> dict[str, object]:
    gap = row.behind
    accuracy = None
    if row.test_accuracy is not None:
        half = plus_minus(row.test_accuracy_low or 0.0, row.test_accuracy_high or 0.0)
        accuracy = f"{hundredths(row.test_accuracy)} {half}"
    return row.as_dict() | {
        "rank": None if row.rank is None else str(row.rank),
        "test_accuracy": accuracy,
        "test_accuracy_sd": hundredths(row.test_accuracy_sd),
        "behind": None if gap is None else tell_difference(gap),
        "p_adjusted": None if gap is None else format_p(gap.p_adjusted),
    }
