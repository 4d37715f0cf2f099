"""Every session is written down with the command line as it was typed, less its secrets."""

from __future__ import annotations

import pytest

from mnist_search.studies import (
    Invocation,
    Ledger,
    describe_invocation,
    recorded_session,
)
from mnist_search.studies.sessions import MOST_KEPT, SESSIONS, sessions_of
from tests.studies.test_ledger import open_trial, result

CALL = Invocation(
    words=("run", "--space", "my space.toml"),
    settings={"MNIST_SEARCH_SEED": "7"},
    version="1.2",
    machine="abcd",
)


def test_a_session_has_its_command_times_and_trials(ledger: Ledger) -> None:
    times = iter([100.0, 160.5])
    with recorded_session(ledger, CALL, now=lambda: next(times)):
        (running,) = sessions_of(ledger)
        ledger.close_trial(open_trial(ledger), result(ledger), worker=0)
        open_trial(ledger)
    (session,) = sessions_of(ledger)
    assert (running.ended, running.trials_after) == (None, None)
    assert (session.started, session.ended) == (100.0, 160.5)
    assert (session.trials_before, session.trials_after) == (0, 1)
    assert (session.version, session.machine) == ("1.2", "abcd")
    assert session.command == "MNIST_SEARCH_SEED=7 mnist-search run --space 'my space.toml'"


def test_a_session_that_fails_has_ended_too(ledger: Ledger) -> None:
    with (
        pytest.raises(ZeroDivisionError),
        recorded_session(ledger, CALL, now=lambda: 1.0),
    ):
        raise ZeroDivisionError
    with recorded_session(ledger, CALL, now=lambda: 2.0):
        pass
    sessions = sessions_of(ledger)
    assert [session.ended for session in sessions] == [1.0, 2.0]


def test_the_first_session_and_the_latest_are_kept(ledger: Ledger) -> None:
    old = [
        {**CALL.model_dump(mode="json"), "started": float(number), "trials_before": 0}
        for number in range(MOST_KEPT)
    ]
    ledger.set_attribute(SESSIONS, old)
    with recorded_session(ledger, CALL, now=lambda: 1e6):
        pass
    started = [session.started for session in sessions_of(ledger)]
    assert len(started) == MOST_KEPT
    assert started[:2] == [0.0, 2.0]
    assert started[-2:] == [MOST_KEPT - 1, 1e6]


def test_settings_are_those_that_change_the_outcome() -> None:
    environ = {
        "HOME": "/somewhere",
        "MNIST_SEARCH_DATA": "/data/mnist.npz",
        "MNIST_SEARCH_HOME": "/runs",
        "MNIST_SEARCH_TRIALS": "9",
        "MNIST_SEARCH_DB_PASSWORD": "hush hush",
    }
    found = describe_invocation(["run"], environ, version="1", machine="m")
    assert found.settings == {"MNIST_SEARCH_DB_PASSWORD": "***", "MNIST_SEARCH_TRIALS": "9"}
