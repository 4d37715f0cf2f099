"""Kind E: one study is damaged, and all others are at hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Cli, cli

__all__ = ["cli"]


@pytest.fixture
def damaged(cli: Cli, tmp_path: Path) -> Path:
    """Write a study that is whole beside one whose journal is none."""
    cli("run", "--space", "mlp", "--trials", "2", "--epochs", "1", "--study", "whole", "-q")
    folder = tmp_path / "mnist-search-runs" / "damaged"
    folder.mkdir()
    journal = folder / "journal.log"
    journal.write_text('{"op_code": 0, "worker_id": "x"\n{"op_code": 99}\n')
    return journal


@pytest.mark.usefixtures("damaged")
def test_the_report_names_it_and_shows_the_others(cli: Cli) -> None:
    code, out, err = cli("report", "-f", "json")
    assert code == 0
    assert sum(row["kind"] == "trial" for row in json.loads(out)["rows"]) == 2
    assert err.count("left out: ") == 1
    assert "damaged" in err


@pytest.mark.usefixtures("damaged")
def test_doctor_names_it(cli: Cli) -> None:
    code, out, _ = cli("doctor", "--quick", "-f", "json")
    assert code == 0
    (row,) = [row for row in json.loads(out)["rows"] if row["check"] == "studies"]
    assert (row["status"], row["damaged"]) == ("warn", ["damaged"])


def test_named_by_itself_it_is_an_error(cli: Cli, damaged: Path) -> None:
    code, out, err = cli("report", "damaged")
    assert (code, out, err.count("\n")) == (5, "", 1)
    damaged.unlink()
    assert cli("doctor", "--quick", "-f", "json")[1].count('"damaged": []') == 1


@pytest.mark.parametrize(
    "words",
    [
        ["show", "s", "1"],
        ["show", "s"],
        ["export", "s", "winner", "-o", "x.json"],
        ["explain", "s", "winner"],
        ["figures", "s", "1", "-o", "x"],
        ["report", "s"],
    ],
    ids=lambda words: " ".join(words[:3]),
)
def test_a_search_is_read_without_a_confirmation_that_is_damaged(
    cli: Cli, tmp_path: Path, words: list[str]
) -> None:
    cli("run", "--space", "mlp", "--trials", "3", "--epochs", "1", "--study", "s", "-q")
    assert cli("confirm", "s", "--top", "1", "--seeds", "1", "-q")[0] == 0
    journal = tmp_path / "mnist-search-runs" / "s-confirm" / "journal.log"
    journal.write_bytes(b"\x98" + journal.read_bytes())
    code, _, err = cli(*words)
    assert code == 0, err
    assert err.startswith("left out: mnist-search-runs/s-confirm/journal.log is damaged: line 1")
    # What is about the confirmation itself cannot do without.
    for command in (["check", "s", "--against", "cnn-simple"], ["confirm", "s", "-q"]):
        code, out, err = cli(*command)
        assert (code, out) == (5, "")
        assert "s-confirm/journal.log is damaged: line 1" in err.splitlines()[-1]
