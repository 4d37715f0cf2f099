"""How a search ends: its board, its confirmation where one is wanted, and what is left to do."""

from __future__ import annotations

from collections.abc import Callable

from mnist_search.choices import Format
from mnist_search.cli.session import CommandSession, print_board, tell
from mnist_search.cli.streams import say
from mnist_search.commands.confirm import ConfirmResult
from mnist_search.commands.search import SearchResult
from mnist_search.errors import MnistSearchError
from mnist_search.reporting.confirmation import render_confirmation
from mnist_search.studies.spec import search_of

# Of hundreds of rows a table shows the first, references among them by their rank.
SHOWN_ROWS = 40


def conclude(
    result: SearchResult,
    format: Format,
    session: CommandSession,
    *,
    confirm: Callable[[], ConfirmResult] | None,
    again: str,
) -> int:
    """Print the board of a search, confirm where that is wanted and due; return the exit code.

    `again` tells the user which command resumes an interrupted study.
    """
    confirms = confirm is not None and result.finished
    # JSON is one document, so its board waits for the confirmation.
    together = confirms and format == "json"
    if not together:
        print_board(result.board(top=SHOWN_ROWS if format == "table" else None), format)
    _tell_rest(result, again, confirms=confirm is not None)
    try:
        code = session.exit_code(result.outcome, result.records)
        if confirm is None or not confirms:
            return code
        confirmed = confirm()
    except MnistSearchError:
        if together:
            print_board(result.board(), format)
        raise
    except KeyboardInterrupt:
        tell(f"{again} goes on with the confirmation")
        raise
    if together:
        print_board(result.board(), format, confirmed=[confirmed.found])
    elif format == "csv":
        tell(f"`mnist-search report {result.study}` shows the confirmation")
    else:
        text = render_confirmation(confirmed.found, format, titled=True)
        say(f"\n{text}", nl=False)
    if confirmed.outcome.ending == "interrupted":
        tell(f"{again} goes on with the runs that are left")
    return session.exit_code(confirmed.outcome, confirmed.records)


def _tell_rest(result: SearchResult, again: str, *, confirms: bool) -> None:
    summary = result.summary
    if summary.exhausted:
        search = search_of(result.spec)
        tell(
            f"space exhausted: {summary.finished} trials are all that {search.space.name} has "
            f"for --sampler {search.sampler}; {summary.waiting} slots stay empty"
        )
    elif summary.waiting:
        spent = result.outcome.ending == "time budget"
        how = "a larger --time-budget" if spent else again
        then = ", and confirms after them" if confirms else ""
        tell(
            f"{summary.finished} of {summary.total} trials done; {how} goes on with "
            f"the other {summary.waiting}{then}"
        )
    elif confirms and result.outcome.ending == "interrupted":
        tell(f"{again} goes on with the confirmation")
