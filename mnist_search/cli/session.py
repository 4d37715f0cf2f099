"""What the command line gives to commands, and what it makes of their endings."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from mnist_search.cli.streams import say
from mnist_search.commands.context import Context, heed_signals
from mnist_search.errors import BudgetError

if TYPE_CHECKING:
    from mnist_search.analysis import Leaderboard
    from mnist_search.choices import Format
    from mnist_search.specs import Record
    from mnist_search.studies import ConfirmedStudy, Interrupt, Outcome
    from mnist_search.studies.progress import Progress


class CommandSession:
    """One call of a command: what it takes from the world, and the exit code that it comes to.

    `context` has real clocks, and sentences and progress on stderr; signals let the command stop.
    """

    def __init__(
        self, called: typer.Context, *, quiet: bool = False, verbose: bool = False
    ) -> None:
        """Take the words of the command line from the call."""
        # Of the signal that stopped the command.
        self.signal_code: int | None = None

        def show_progress() -> Progress:
            from mnist_search.reporting.live import create_progress

            return create_progress(sys.stderr, environ=os.environ, quiet=quiet, verbose=verbose)

        self.context = Context.of_this_process(
            typed=called.obj,
            notice=tell,
            progress=show_progress,
            interrupt=self._heed_signals,
            quiet=quiet,
        )

    @contextmanager
    def _heed_signals(self) -> Iterator[Interrupt]:
        """Turn signals into wishes to stop, for as long as the block runs."""
        urgent = {signal.SIGINT: None, signal.SIGTERM: 2, signal.SIGHUP: 2}
        with heed_signals(urgent) as interrupt:
            try:
                yield interrupt
            finally:
                if interrupt.level > 0:
                    self.signal_code = interrupt.exit_code

    def exit_code(self, outcome: Outcome, records: Sequence[Record]) -> int:
        """Return the exit code of what was trained; raises BudgetError where nothing came of it."""
        if outcome.ending == "interrupted" and self.signal_code is not None:
            return self.signal_code
        failure = outcome.first_failure
        reason = "" if failure is None else f": {failure.kind}: {failure.message}"
        if outcome.ending == "failing":
            raise BudgetError(
                f"stopped after {outcome.failed} failures in a row{reason}",
                hint="`mnist-search report -f json` holds every reason",
            )
        # A network that was too large to be trained counts as pruned, with its reason.
        if not any(
            record.state in ("complete", "pruned")
            and (record.result is None or record.result.failure is None)
            for record in records
        ):
            raise BudgetError(f"no trial succeeded{reason}")
        return 0


def tell(sentence: str) -> None:
    """Tell the user something, beside the results."""
    # Names from outside may hold escape sequences.
    say("".join(each if each.isprintable() else "?" for each in sentence), err=True)


def print_board(
    board: Leaderboard, format: Format, *, confirmed: Sequence[ConfirmedStudy] = ()
) -> None:
    """Print a leaderboard."""
    from mnist_search.reporting.leaderboard import render_leaderboard

    say(render_leaderboard(board, format, confirmed=confirmed), nl=False)
