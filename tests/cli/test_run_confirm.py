"""`run --confirm`: search and honest winner in one command that can be interrupted anywhere."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mnist_search.studies import Ledger, read_records

Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def command(space_file: Path) -> list[str]:
    words = f"run --space {space_file} -n 6 --pruner none --study s --workers 1 -q"
    return [*words.split(), "--confirm", "2", "--confirm-seeds", "2"]


HOME = Path("mnist-search-runs")


def states(study: str) -> list[str]:
    return [record.state for record in read_records(HOME, [study])]


def interrupt_at(monkeypatch: pytest.MonkeyPatch, result: int, study: str) -> None:
    """Send this process SIGINT when a study is about to write its n-th result."""
    written: list[int] = []
    real = Ledger.close_trial

    def close_trial(ledger: Ledger, *arguments: Any, **more: Any) -> None:
        real(ledger, *arguments, **more)
        if ledger.spec.name == study:
            written.append(1)
            if len(written) == result:
                signal.raise_signal(signal.SIGINT)
                signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(Ledger, "close_trial", close_trial)


def test_one_command_ends_with_the_table_of_the_confirmation(cli: Cli, command: list[str]) -> None:
    code, out, err = cli(*command, "--confirm-references", "best")
    assert code == 0, err
    board, confirmed = out.split("\ns, confirmed: trial ")
    assert "hyperparameters" in board
    assert "cnn-double-32" in confirmed
    assert "used the test images once, with 6 runs" in confirmed
    alone = cli("confirm", "s", "--top", "2", "--seeds", "2", "--references", "cnn-double-32")
    assert alone[1].startswith("trial " + confirmed.splitlines()[0])
    assert len(states("s-confirm")) == 6


def test_json_is_one_document(cli: Cli, command: list[str]) -> None:
    code, out, _ = cli(*command, "-f", "json")
    assert code == 0
    document = json.loads(out)
    (found,) = document["confirmations"]
    assert found["study"] == "s"
    assert found["verdict"].startswith("trial ")
    confirmed = [row for row in found["rows"] if row["kind"] == "trial"]
    assert [row["n"] for row in confirmed] == [2, 2]
    assert len([row for row in document["rows"] if row["kind"] == "trial"]) == 6
    (reported,) = json.loads(cli("report", "s", "-f", "json")[1])["confirmations"]
    assert reported["rows"] == found["rows"]
    assert reported["notes"][-1] == "the confirmation has used the test images once, with 4 runs"


@pytest.mark.parametrize(("study", "result"), [("s", 2), ("s-confirm", 1)])
def test_an_interrupted_command_goes_on_where_it_was(
    cli: Cli,
    command: list[str],
    study: str,
    result: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patch:
        interrupt_at(patch, result, study)
        code, out, err = cli(*command, "-f", "json")
    assert code == 130
    assert "the same command goes on with the" in err
    assert ("and confirms after them" in err) == (study == "s")
    assert len(json.loads(out)["rows"]) > 25
    assert set(states(study)) <= {"waiting", "complete"}
    assert states(study).count("complete") < {"s": 6, "s-confirm": 4}[study]
    code, out, _ = cli(*command, "-f", "json")
    assert code == 0
    assert states("s") == ["complete"] * 6
    assert states("s-confirm") == ["complete"] * 4
    assert json.loads(out)["confirmations"][0]["verdict"].startswith("trial ")


def test_a_spent_budget_does_not_meet_the_test_images(
    cli: Cli, command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNIST_SEARCH_SURROGATE_SECONDS", "0.05")
    code, _, err = cli(*command, "--time-budget", "0.01s")
    assert code == 3 or "a larger --time-budget goes on" in err
    assert not (HOME / "s-confirm").exists()


def test_a_search_without_a_complete_trial_ends_with_its_reason(
    cli: Cli, command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNIST_SEARCH_SURROGATE_FAULTS", "*=error")
    code, out, err = cli(*command, "-f", "json")
    assert code == 3
    assert "confirmations" not in json.loads(out)
    assert err.startswith("error: no trial succeeded")
    assert err.count("\n") == 1
    assert not (HOME / "s-confirm").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--confirm-references", "no-such"], "there is no reference named 'no-such'"),
        (["--confirm", "0"], "--confirm"),
    ],
)
def test_mistakes_come_before_the_search(
    cli: Cli, command: list[str], words: list[str], told: str
) -> None:
    code, out, err = cli(*command, *words)
    assert (code, out) == (2, "")
    assert told in err
    assert err.count("\n") == 1
    assert not HOME.exists()


def test_reports_of_a_search_tell_what_was_confirmed(cli: Cli, command: list[str]) -> None:
    assert cli(*command)[0] == 0
    table = cli("report", "s")[1]
    assert "s, confirmed: trial " in table
    assert "the confirmation has used the test images once, with 4 runs" in table
    markdown = cli("report", "s", "-f", "markdown")[1]
    assert "## Confirmation" in markdown
    assert "### s, confirmed: trial " in markdown
    page = cli("report", "s", "-f", "html")[1]
    assert '<p class="lead">s, confirmed: trial ' in page
    assert "confirmed" not in cli("report", "s", "-f", "csv")[1].splitlines()[0]
