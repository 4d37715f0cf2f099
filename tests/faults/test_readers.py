"""Readers beside the one who writes (row 26): nobody waits, and nobody sees half a trial."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mnist_search.analysis import build_leaderboard
from mnist_search.engines import _optuna
from mnist_search.studies import ledger, opening, read_records, storage
from mnist_search.studies import search as searching

Here = Callable[..., Any]
Search = Callable[..., list[str]]

TRIALS = 3
WRITES = (
    (ledger.Ledger, "begin"),
    (ledger.Ledger, "record"),
    (_optuna.OptunaEngine, "report"),
    (_optuna.OptunaEngine, "tell"),
)


class Watcher:
    """Reads the study after every write, as `watch mnist-search report` might."""

    def __init__(self, study: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.study = study
        self.looks = 0
        self.open: list[sqlite3.Connection] = []
        for owner, name in WRITES:
            monkeypatch.setattr(owner, name, self.watched(getattr(owner, name)))

    def watched(self, write: Any) -> Any:
        def watching(*args: Any, **named: Any) -> Any:
            result = write(*args, **named)
            self.look()
            return result

        return watching

    def look(self) -> None:
        self.looks += 1
        if len(self.open) < 3:
            # A reader that has begun and is never done, as a page that somebody left open.
            address = f"{self.study.path.resolve().as_uri()}?mode=ro"
            connection = sqlite3.connect(address, uri=True, isolation_level=None)
            connection.execute("BEGIN")
            connection.execute("SELECT count(*) FROM trials").fetchone()
            self.open.append(connection)
        records = read_records(Path("mnist-search-runs"), ["s"])
        for record in records:
            assert record.result is None or record.state != "waiting"
            if record.state in ("complete", "pruned", "failed"):
                assert record.result is not None, f"half of trial {record.number} was seen"
                assert record.result.status == record.state
                assert record.config is not None
        board = build_leaderboard(records, ())
        assert {row.number for row in board.rows} <= set(range(TRIALS))

    def close(self) -> None:
        for connection in self.open:
            connection.close()


def check_watched(here: Here, search: Search, study: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    watcher = Watcher(study, monkeypatch)
    try:
        ended = here(*search(TRIALS))
    finally:
        watcher.close()
    assert ended.code == 0, ended.err
    assert watcher.looks > 5 * TRIALS
    study.whole(TRIALS)


def test_row_26_reader_at_every_write(
    here: Here, search: Search, study: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "BUSY_SECONDS", 0.1)
    check_watched(here, search, study, monkeypatch)


def test_control_of_row_26_without_a_write_ahead_log(
    here: Here, search: Search, study: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "BUSY_SECONDS", 0.1)
    monkeypatch.setattr(opening, "use_write_ahead_log", lambda path: None)
    with pytest.raises(AssertionError, match="locked"):
        check_watched(here, search, study, monkeypatch)


def test_control_of_row_26_state_before_the_result(
    here: Here, search: Search, study: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def finish(self: Any, assignment: Any, result: Any, *, worker: int) -> None:
        proposal = self._proposals.pop(assignment.number)
        self._engine.tell(proposal, result.last_accuracy)
        self._ledger.record(proposal.number, result, worker=worker)

    monkeypatch.setattr(searching._SearchWork, "finish", finish)
    with pytest.raises(AssertionError, match="half of trial"):
        check_watched(here, search, study, monkeypatch)
