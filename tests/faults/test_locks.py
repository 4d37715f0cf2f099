"""Studies that somebody else has locked (rows 22 to 24)."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from mnist_search.studies import storage

Here = Callable[..., Any]
Search = Callable[..., list[str]]


@pytest.fixture
def finished(over: Callable[[int], Any]) -> Any:
    """A study of four trials that is over."""
    return over(4)


def test_rows_22_24_second_coordinator_is_refused(
    here: Here, search: Search, finished: Any
) -> None:
    import filelock

    with filelock.FileLock(finished.path.with_name("lock")):
        here(*search(6)).refused(4, "another process")
        assert here("report", "s").code == 0
    assert len(finished.states()) == 4
    assert here(*search(6)).code == 0


def check_locked(here: Here, search: Search, study: Any) -> None:
    with closing(sqlite3.connect(study.path, isolation_level=None)) as foreign:
        foreign.execute("BEGIN IMMEDIATE")
        here(*search(6)).refused(4, "locked by another program")
        # Readers are not in the way of a writer, nor it in theirs.
        assert here("report", "s").code == 0
        foreign.execute("ROLLBACK")
    assert here(*search(6)).code == 0
    study.whole(6)


def test_row_23_foreign_lock_is_waited_for_and_then_told(
    here: Here, search: Search, finished: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "BUSY_SECONDS", 0.1)
    check_locked(here, search, finished)


def test_control_of_row_23_without_a_translation(
    here: Here, search: Search, finished: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import optuna

    monkeypatch.setattr(storage, "BUSY_SECONDS", 0.1)
    monkeypatch.setattr(storage, "_explain", lambda path, error: None)
    with pytest.raises(optuna.exceptions.OptunaError):
        check_locked(here, search, finished)


def check_locked_for_a_moment(here: Here, search: Search, study: Any, *, seconds: float) -> None:
    foreign = sqlite3.connect(study.path, isolation_level=None, check_same_thread=False)
    foreign.execute("BEGIN IMMEDIATE")
    release = threading.Timer(seconds, foreign.execute, ["ROLLBACK"])
    release.start()
    try:
        ended = here(*search(6))
    finally:
        release.cancel()
        release.join()
        foreign.close()
    assert ended.code == 0, ended.err
    study.whole(6)


def test_row_23_foreign_lock_of_a_moment_costs_nothing(
    here: Here, search: Search, finished: Any
) -> None:
    check_locked_for_a_moment(here, search, finished, seconds=0.2)


def test_control_of_row_23_without_patience(
    here: Here, search: Search, finished: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "BUSY_SECONDS", 0)
    with pytest.raises(AssertionError, match="locked by another program"):
        check_locked_for_a_moment(here, search, finished, seconds=60)
