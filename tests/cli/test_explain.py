"""`explain` as a user types it, with the surrogate in place of training."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mnist_search.studies import read_records
from tests.cli.conftest import Cli, Made

Rows = list[dict[str, Any]]


@pytest.fixture
def home(made: Made) -> Path:
    return made("run --space {space} -n 8 --study s -q")


def parts(text: str) -> dict[str, Rows]:
    document = json.loads(text)
    assert document["schema_version"] == 1
    found: dict[str, Rows] = {"model": [], "hyperparameter": [], "step": [], "total": []}
    for row in document["rows"]:
        found[row["part"]].append(row)
    return found


def best(home: Path) -> int:
    complete = [
        (record.result.validation.accuracy, -record.number)
        for record in read_records(home, ["s"])
        if record.state == "complete" and record.result and record.result.validation
    ]
    return -max(complete)[1]


def test_a_trial_stands_beside_its_nearest_reference(cli: Cli, home: Path) -> None:
    code, out, err = cli("explain", "s", "0", "-f", "json")
    assert (code, err) == (0, "")
    found = parts(out)
    trial, reference = found["model"]
    assert (trial["name"], reference["name"]) == ("trial 0", reference["reference"])
    assert trial["val_accuracy"] > 0
    assert trial["test_accuracy"] is None
    assert reference["published_accuracy"] > 0.9
    assert reference["val_accuracy"] is None
    assert reference["parameters"] > trial["parameters"] > 0
    names = [row["name"] for row in found["hyperparameter"]]
    assert "epochs" in names
    distances = [row["distance"] for row in found["hyperparameter"]]
    assert distances == sorted(distances, reverse=True)
    assert all(row["trial_value"] != row["reference_value"] for row in found["hyperparameter"])
    assert (found["step"], found["total"]) == ([], [])
    assert not (home / "s-explain-0").exists()


def test_the_winner_is_the_best_searched_until_it_is_confirmed(cli: Cli, home: Path) -> None:
    _, out, _ = cli("explain", "s", "winner", "-f", "json")
    assert parts(out)["model"][0]["name"] == f"trial {best(home)}"
    assert cli("confirm", "s", "--top", "2", "--seeds", "2", "-q")[0] == 0
    _, out, _ = cli("explain", "s", "winner", "-f", "json")
    (trial, _) = parts(out)["model"]
    assert trial["test_n"] == 2
    assert trial["test_accuracy"] > 0


def test_ablation_trains_every_step_with_common_seeds(cli: Cli, home: Path) -> None:
    code, out, err = cli("explain", "s", "0", "--ablate", "--seeds", "2", "-q", "-f", "json")
    assert code == 0, err
    found = parts(out)
    (total,) = found["total"]
    steps = found["step"]
    assert steps[0]["name"] == "trial 0"
    assert steps[-1]["hyperparameters"] == ["epochs"]
    assert sorted(change for row in steps for change in row["hyperparameters"]) == sorted(
        row["name"].replace(" ", "_") for row in found["hyperparameter"]
    )
    assert sum(row["gain"] or 0.0 for row in steps) == pytest.approx(total["gain"])
    assert sum(row["seconds"] or 0.0 for row in steps) == pytest.approx(total["seconds"])
    assert all(len(row["seeds"]) == 2 and row["seeds"] == total["seeds"] for row in steps)
    records = read_records(home, ["s-explain-0"])
    assert len(records) == 2 * len(steps)
    assert {record.config.protocol for record in records if record.config} == {"held-out"}
    assert all(record.result and record.result.test is None for record in records)
    searched = {record.seed for record in read_records(home, ["s"])}
    assert not searched & {record.seed for record in records}
    references = [record.reference for record in records if record.reference is not None]
    assert references == [found["model"][1]["name"]] * 2


def test_nothing_is_trained_twice_and_more_seeds_add_the_difference(cli: Cli, home: Path) -> None:
    first = cli("explain", "s", "0", "--ablate", "--seeds", "1", "-q", "-f", "json")
    count = len(read_records(home, ["s-explain-0"]))
    again = cli("explain", "s", "0", "--ablate", "--seeds", "1", "-q", "-f", "json")
    assert again == first
    assert len(read_records(home, ["s-explain-0"])) == count
    # A search that went on would order the changes anew; the walk stays as it was begun.
    assert cli("run", "--space", "small.toml", "-n", "14", "--study", "s", "-q")[0] == 0
    more = cli("explain", "s", "0", "--ablate", "--seeds", "2", "-q", "-f", "json")
    assert len(read_records(home, ["s-explain-0"])) == 2 * count
    names = [[row["name"] for row in parts(out)["step"]] for _, out, _ in (first, more)]
    assert names[0] == names[1]
    (_, reference) = parts(more[1])["model"]
    assert reference["val_accuracy"] is not None
    assert reference["n"] == 2


def test_what_failed_is_tried_again(cli: Cli, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNIST_SEARCH_SURROGATE_FAULTS", "1=error")
    code, out, _ = cli("explain", "s", "0", "--ablate", "--seeds", "1", "-q", "-f", "json")
    assert code == 0
    assert parts(out)["total"][0]["gain"] is None
    assert "no seed is complete in every step yet" in json.loads(out)["notes"]
    monkeypatch.delenv("MNIST_SEARCH_SURROGATE_FAULTS")
    code, out, _ = cli("explain", "s", "0", "--ablate", "--seeds", "1", "-q", "-f", "json")
    assert code == 0
    assert parts(out)["total"][0]["gain"] is not None
    complete = [r.run_key for r in read_records(home, ["s-explain-0"]) if r.state == "complete"]
    assert len(complete) == len(set(complete)) == len(parts(out)["step"])


def test_tables_for_people_and_machines(cli: Cli, home: Path) -> None:
    code, out, _ = cli("explain", "s", "0", "--ablate", "--seeds", "2", "-q")
    assert code == 0
    for told in (
        "hyperparameters that differ",
        "all of them",
        "back to",
        "is the nearest at a distance",
    ):
        assert told in out
    assert cli("explain", "s", "0", "-f", "markdown")[1].count("| ---") >= 2
    code, out, _ = cli("explain", "s", "0", "-f", "csv")
    assert code == 0
    assert out.startswith("part,name,reference,hyperparameters,")
    # A board of everything takes the walk's runs for what they are.
    assert cli("report", "-f", "json")[0] == 0


def test_a_trial_that_is_a_reference_has_no_changes(cli: Cli) -> None:
    arguments = ("--space", "mlp", "-n", "8", "--study", "r", "-q", "--with-references")
    assert cli("run", *arguments, "--epochs", "12")[0] == 0
    records = read_records(Path("mnist-search-runs"), ["r"])
    from mnist_search.references import REFERENCES

    same = {
        reference.run_config("held-out"): reference.name
        for reference in REFERENCES
        if reference.family == "mlp"
    }
    for record in records:
        if record.config in same:
            code, out, _ = cli("explain", "r", str(record.number))
            assert code == 0
            assert f"is {same[record.config]} itself" in out
            code, out, err = cli("explain", "r", str(record.number), "--ablate")
            assert (code, out) == (2, "")
            assert "nothing differs" in err
            break


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["nothing", "1"], 2, "there is no study nothing"),
        (["s", "99"], 2, "study s has no run 99"),
        (["s", "first"], 2, "trial must be a number or winner, got 'first'"),
        (["b", "0"], 2, "is a benchmark of references, not a search"),
    ],
)
def test_mistakes_are_one_line(
    cli: Cli, home: Path, arguments: list[str], code: int, told: str
) -> None:
    assert cli("bench", "mlp-784", "--quick", "--study", "b", "-q")[0] == 0
    found, out, err = cli("explain", *arguments)
    assert (found, out) == (code, "")
    assert err.startswith("error: ")
    assert told in err
    assert err.count("\n") == 1


def test_a_search_without_a_complete_trial_has_no_winner(
    cli: Cli, space_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNIST_SEARCH_SURROGATE_FAULTS", "*=error")
    cli("run", "--space", str(space_file), "-n", "2", "--study", "bad", "-q")
    code, out, err = cli("explain", "bad", "winner")
    assert (code, out) == (3, "")
    assert err.startswith("error: no trial of study bad is complete")
