"""Who worked at a study: every session with the command line as it was typed."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

from mnist_search.specs import Frozen
from mnist_search.studies.ledger import Ledger
from mnist_search.studies.owner import HIDDEN, is_secret, without_secrets

SESSIONS = "sessions"
# A study that is called by a timer for years keeps its first session and the latest ones.
MOST_KEPT = 200

_PREFIX = "MNIST_SEARCH_"
# Where things lie says nothing about what was made of them.
_PLACES = {"MNIST_SEARCH_DATA", "MNIST_SEARCH_HOME"}


class Invocation(Frozen):
    """How a command was called: its words without the program, and settings from variables."""

    words: tuple[str, ...]
    settings: dict[str, str]
    version: str
    machine: str


class Session(Invocation):
    """One session of a command with a study.

    Times are seconds since 1970. `ended` and `trials_after` are None of a session that is still
    running, or was killed; trials are counted where they are over, however they ended.
    """

    started: float
    trials_before: int
    ended: float | None = None
    trials_after: int | None = None

    @property
    def command(self) -> str:
        """Return the line to type into a shell."""
        set_before = [f"{name}={shlex.quote(value)}" for name, value in self.settings.items()]
        return " ".join([*set_before, shlex.join(("mnist-search", *self.words))])


def describe_invocation(
    words: Sequence[str], environ: Mapping[str, str], *, version: str, machine: str
) -> Invocation:
    """Return what is stored about a call: no password, no token, no place of data and studies."""
    settings = {
        name: HIDDEN if is_secret(name) else without_secrets([value])[0]
        for name, value in sorted(environ.items())
        if name.startswith(_PREFIX) and name not in _PLACES
    }
    return Invocation(
        words=tuple(without_secrets(words)), settings=settings, version=version, machine=machine
    )


@contextmanager
def recorded_session(
    ledger: Ledger, invocation: Invocation, *, now: Callable[[], float]
) -> Iterator[None]:
    """Write that a session begins, and when the block is over that it ended.

    The caller holds `ledger.exclusive()`.
    """
    begun = Session(**invocation.model_dump(), started=now(), trials_before=_count_finished(ledger))
    earlier = [session.model_dump(mode="json") for session in sessions_of(ledger)]
    if len(earlier) >= MOST_KEPT:
        earlier = [earlier[0], *earlier[len(earlier) - MOST_KEPT + 2 :]]

    def write(session: Session) -> None:
        ledger.set_attribute(SESSIONS, [*earlier, session.model_dump(mode="json")])

    def write_end() -> None:
        ledger.check_possession()
        after = _count_finished(ledger)
        write(begun.model_copy(update={"ended": now(), "trials_after": after}))

    write(begun)
    try:
        yield
    except BaseException:
        # What went wrong in the block matters more than that this cannot be written either.
        with suppress(Exception):
            write_end()
        raise
    write_end()


def sessions_of(ledger: Ledger) -> list[Session]:
    """Return the sessions of a study; studies of versions that did not write them have none."""
    return ledger.attribute(SESSIONS, list[Session], [])


def _count_finished(ledger: Ledger) -> int:
    return sum(state not in ("waiting", "running") for state in ledger.states())
