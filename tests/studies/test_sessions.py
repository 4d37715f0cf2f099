"""Every session is written down with the command line as it was typed, less its secrets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from mnist_search.specs import DatasetRef
from mnist_search.studies import (
    Invocation,
    Ledger,
    StudySpec,
    create_ledger,
    describe_invocation,
    read_sessions,
    recorded_session,
)
from mnist_search.studies.sessions import MOST_KEPT, SESSIONS, without_secrets

CALL = Invocation(
    words=("run", "--space", "my space.toml"),
    settings={"MNIST_SEARCH_SEED": "7"},
    version="1.2",
    machine="abcd",
)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    dataset = DatasetRef(name="digits", digest="d", train_images=10, test_images=2)
    with closing(create_ledger(tmp_path / "s", StudySpec(name="s", dataset=dataset))) as found:
        yield found


def test_a_session_has_its_command_times_and_trials(ledger: Ledger, tmp_path: Path) -> None:
    times = iter([100.0, 160.5])
    with recorded_session(ledger, CALL, now=lambda: next(times)):
        (running,) = read_sessions(tmp_path, ["s"])["s"]
        ledger.add_slots(1)
        ledger.study.tell(ledger.study.ask(), 0.5)
    (session,) = read_sessions(tmp_path, [])["s"]
    assert (running.ended, running.trials_after) == (None, None)
    assert (session.started, session.ended) == (100.0, 160.5)
    assert (session.trials_before, session.trials_after) == (0, 1)
    assert (session.version, session.machine) == ("1.2", "abcd")
    assert session.command == "MNIST_SEARCH_SEED=7 mnist-search run --space 'my space.toml'"


def test_a_session_that_fails_has_ended_too(ledger: Ledger, tmp_path: Path) -> None:
    with (
        pytest.raises(ZeroDivisionError),
        recorded_session(ledger, CALL, now=lambda: 1.0),
    ):
        raise ZeroDivisionError
    with recorded_session(ledger, CALL, now=lambda: 2.0):
        pass
    sessions = read_sessions(tmp_path, ["s"])["s"]
    assert [session.ended for session in sessions] == [1.0, 2.0]


def test_the_first_session_and_the_latest_are_kept(ledger: Ledger, tmp_path: Path) -> None:
    old = [
        {**CALL.model_dump(mode="json"), "started": float(number), "trials_before": 0}
        for number in range(MOST_KEPT)
    ]
    ledger.study.set_user_attr(SESSIONS, old)
    with recorded_session(ledger, CALL, now=lambda: 1e6):
        pass
    started = [session.started for session in read_sessions(tmp_path, ["s"])["s"]]
    assert len(started) == MOST_KEPT
    assert started[:2] == [0.0, 2.0]
    assert started[-2:] == [MOST_KEPT - 1, 1e6]


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["run", "--seed", "3"], ["run", "--seed", "3"]),
        (["sqlite:///a.db"], ["sqlite:///a.db"]),
        (["postgresql+psycopg://me:p@ss/w:rd@host/db"], ["postgresql+psycopg://me:***@host/db"]),
        (["pg://host/db?user=me&password=hush&x=1"], ["pg://host/db?user=me&password=***&x=1"]),
        (["--token", "hush", "--seed", "3"], ["--token", "***", "--seed", "3"]),
        (["--api-key=hu sh"], ["--api-key=***"]),
        (["--token", "--seed"], ["--token", "--seed"]),
    ],
)
def test_secrets_are_hidden(words: list[str], shown: list[str]) -> None:
    assert without_secrets(words) == shown


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
