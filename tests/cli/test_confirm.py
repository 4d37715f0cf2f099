"""`confirm` as a user types it, with the surrogate in place of training."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mnist_search.studies import read_records
from tests.cli.conftest import Cli, Made


@pytest.fixture
def home(made: Made) -> Path:
    return made("run --space {space} -n 8 --study s -q")


def document(text: str) -> dict[str, Any]:
    found = json.loads(text)
    assert found["schema_version"] == 1
    return found


def test_top_trials_and_references_are_trained_with_common_fresh_seeds(
    cli: Cli, home: Path
) -> None:
    searched = read_records(home, ["s"])
    code, out, err = cli(
        "confirm", "s", "--top", "2", "--seeds", "3", "--references", "mlp-784", "-f", "json"
    )
    assert code == 0, err
    rows = document(out)["rows"]
    assert sorted(row["kind"] for row in rows) == ["reference", "trial", "trial"]
    accuracies = {
        record.number: record.result.validation.accuracy
        for record in searched
        if record.state == "complete" and record.result and record.result.validation
    }
    best = sorted(accuracies, key=lambda number: (-accuracies[number], number))[:2]
    assert sorted(row["trial"] for row in rows if row["kind"] == "trial") == sorted(best)
    assert len({tuple(row["seeds"]) for row in rows}) == 1
    assert all(row["n"] == 3 and row["test_accuracy_sd"] is not None for row in rows)
    assert not {seed for row in rows for seed in row["seeds"]} & {r.seed for r in searched}
    records = read_records(home, ["s-confirm"])
    assert len(records) == 9
    assert {r.config.protocol for r in records if r.config} == {"confirm"}
    assert {r.result.precision for r in records if r.result} == {"float32"}


def test_nothing_is_trained_twice_and_more_seeds_add_the_difference(cli: Cli, home: Path) -> None:
    first = cli("confirm", "s", "--top", "2", "--seeds", "2", "-f", "json")
    again = cli("confirm", "s", "--top", "2", "--seeds", "2", "-f", "json")
    assert document(again[1])["rows"] == document(first[1])["rows"]
    assert len(read_records(home, ["s-confirm"])) == 4
    more = cli("confirm", "s", "--top", "2", "--seeds", "3", "-f", "json")
    assert len(read_records(home, ["s-confirm"])) == 6
    said = [document(out)["notes"][-1] for _, out, _ in (first, again, more)]
    assert said[0] == "this study has used the test images once, with 4 runs"
    assert said[1] == f"{said[0]}; this time none was new"
    assert said[2].startswith("this study has used the test images 2 times, with 6 runs; each")


def test_what_failed_is_tried_again_and_nothing_else(
    cli: Cli, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNIST_SEARCH_SURROGATE_FAULTS", "1=error")
    code, out, _ = cli("confirm", "s", "--top", "2", "--seeds", "2", "-f", "json")
    assert code == 0
    assert any("1 run complete, 1 failed" in note for note in document(out)["notes"])
    monkeypatch.delenv("MNIST_SEARCH_SURROGATE_FAULTS")
    code, out, _ = cli("confirm", "s", "--top", "2", "--seeds", "2", "-f", "json")
    assert code == 0
    records = read_records(home, ["s-confirm"])
    complete = [record.run_key for record in records if record.state == "complete"]
    assert len(complete) == len(set(complete)) == 4
    assert document(out)["notes"][-1].endswith("once, with 4 runs; this time none was new")


def test_the_table_leads_with_the_verdict(cli: Cli, home: Path) -> None:
    code, out, _ = cli("confirm", "s", "--top", "2", "-q")
    assert code == 0
    assert out.startswith("trial ")
    assert "from search to test: trial" in out
    assert "used the test images once, with 6 runs" in out


def test_the_board_puts_the_confirmed_trial_beside_its_search(cli: Cli, home: Path) -> None:
    cli("confirm", "s", "--top", "1", "--seeds", "2")
    _, out, _ = cli("report", "s-confirm", "-f", "json")
    (row,) = [row for row in document(out)["rows"] if row["kind"] == "trial"]
    trial = read_records(home, ["s-confirm"])[0].confirms
    assert (row["name"], row["n"], row["protocol"]) == (f"trial {trial}", 2, "confirm")


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["nothing"], 2, "there is no study nothing"),
        (["s", "--references", "no-such"], 2, "there is no reference named 'no-such'"),
        (["s-confirm"], 2, "is a benchmark of references, not a search"),
    ],
)
def test_mistakes_are_one_line(
    cli: Cli, home: Path, arguments: list[str], code: int, told: str
) -> None:
    assert cli("confirm", "s", "--top", "1", "--seeds", "1")[0] == 0
    found, out, err = cli("confirm", *arguments)
    assert (found, out) == (code, "")
    assert err.startswith("error: ")
    assert told in err
    assert err.count("\n") == 1


def test_a_search_without_a_complete_trial_has_nothing_to_confirm(
    cli: Cli, space_file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MNIST_SEARCH_SURROGATE_FAULTS", "*=error")
    cli("run", "--space", str(space_file), "-n", "2", "--study", "bad", "-q")
    code, out, err = cli("confirm", "bad")
    assert (code, out) == (3, "")
    assert err.startswith("error: no trial of the search is complete")
    assert not (tmp_path / "mnist-search-runs" / "bad-confirm").exists()
