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
