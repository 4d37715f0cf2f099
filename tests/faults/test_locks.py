"""Studies that somebody else writes."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from typing import Any

import pytest

from mnist_search.studies import lock

Here = Callable[..., Any]
Search = Callable[..., list[str]]


@pytest.fixture
def finished(over: Callable[[int], Any]) -> Any:
    """A study of four trials that is over."""
    return over(4)


def check_refused(here: Here, search: Search, study: Any) -> None:
    """Readers are let in meanwhile, and afterwards the search goes on."""
    held = os.open(study.path.with_name("lock"), os.O_RDWR)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        here(*search(6)).refused(4, "another process")
        assert here("report", "s").code == 0
    finally:
        os.close(held)
    assert len(study.states()) == 4
    assert here(*search(6)).code == 0
    study.whole(6)


def test_second_coordinator_is_refused(here: Here, search: Search, finished: Any) -> None:
    check_refused(here, search, finished)


def test_control_second_coordinator_without_a_lock(
    here: Here, search: Search, finished: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = fcntl.flock
    # Whoever waits for the lock is the test; the program asks without waiting.
    free = fcntl.LOCK_EX | fcntl.LOCK_NB
    monkeypatch.setattr(fcntl, "flock", lambda file, how: None if how == free else real(file, how))
    monkeypatch.setattr(lock, "keeps_others_out", lambda _: True)
    with pytest.raises(AssertionError, match="exit code 0, not 4"):
        check_refused(here, search, finished)


def test_link_of_optunas_own_lock_that_was_left_behind_is_not_waited_for(
    here: Here, search: Search, finished: Any
) -> None:
    # A dashboard that was killed while it wrote a note leaves it.
    finished.path.with_name("journal.log.lock").symlink_to(finished.path)
    assert here(*search(6)).code == 0
    finished.whole(6)
