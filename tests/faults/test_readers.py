"""Readers beside the one who writes: nobody waits, and nobody sees half a trial."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mnist_search.analysis import build_leaderboard
from mnist_search.engines import optuna
from mnist_search.studies import journal, ledger, read_records

Here = Callable[..., Any]
Search = Callable[..., list[str]]

TRIALS = 3
WRITES = (
    (ledger.Ledger, "open_trial"),
    (ledger.Ledger, "report"),
    (journal.Journal, "append_logs"),
    (optuna.OptunaEngine, "tell"),
)


class Watcher:
    """Reads the study after every write, as `watch mnist-search report` might."""

    def __init__(self, study: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.study = study
        self.looks = 0
        for owner, name in WRITES:
            monkeypatch.setattr(owner, name, self.watched(getattr(owner, name)))

    def watched(self, write: Any) -> Any:
        def watching(*args: Any, **named: Any) -> Any:
            result = write(*args, **named)
            self.look()
            return result

        return watching

    def look(self) -> None:
        if not self.study.path.exists():
            # It is a draft yet.
            return
        self.looks += 1
        records = read_records(Path("mnist-search-runs"), ["s"])
        for record in records:
            assert record.result is None or record.state != "waiting"
            if record.state in ("complete", "pruned", "failed"):
                assert record.result is not None, f"half of trial {record.number} was seen"
                assert record.result.status == record.state
                assert record.config is not None
        board = build_leaderboard(records, ())
        assert {row.number for row in board.rows} <= set(range(TRIALS))


def check_watched(here: Here, search: Search, study: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    watcher = Watcher(study, monkeypatch)
    ended = here(*search(TRIALS))
    assert ended.code == 0, ended.err
    assert watcher.looks > 5 * TRIALS
    study.whole(TRIALS)


def test_reader_at_every_write(
    here: Here, search: Search, study: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_watched(here, search, study, monkeypatch)


def test_control_state_before_the_result(
    here: Here, search: Search, study: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def close_trial(self: Any, number: int, result: Any, *, worker: int | None) -> None:
        self.study.tell(number, result.last_accuracy)

    monkeypatch.setattr(ledger.Ledger, "close_trial", close_trial)
    with pytest.raises(AssertionError, match=r"half of trial|damaged"):
        check_watched(here, search, study, monkeypatch)
