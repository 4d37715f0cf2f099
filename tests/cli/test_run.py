"""`run`, `bench` and `report` as a user types them, with the surrogate in place of training."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.reading import rows, stored_states, trials

Cli = Callable[..., tuple[int, str, str]]


def test_search_makes_exactly_its_trials(cli: Cli, space_file: Path, tmp_path: Path) -> None:
    code, out, err = cli("run", "--space", str(space_file), "--trials", "6", "-f", "json")
    assert code == 0, err
    assert len(trials(out)) == 6
    (database,) = (tmp_path / "mnist-search-runs").glob("*/journal.log")
    states = stored_states(database)
    assert len(states) == 6
    assert set(states) <= {"COMPLETE", "PRUNED", "FAIL"}


def test_same_command_again_adds_nothing_and_more_trials_add_the_rest(
    cli: Cli, space_file: Path
) -> None:
    first = cli("run", "--space", str(space_file), "-n", "5", "-f", "json")
    again = cli("run", "--space", str(space_file), "-n", "5", "-f", "json")
    more = cli("run", "--space", str(space_file), "-n", "8", "-f", "json")
    assert [code for code, *_ in (first, again, more)] == [0, 0, 0]
    assert trials(again[1]) == trials(first[1])
    assert len(trials(more[1])) == 8
    kept = {row["number"]: row["values"] for row in trials(first[1])}
    grown = {row["number"]: row["values"] for row in trials(more[1])}
    assert {number: grown[number] for number in kept} == kept


@pytest.mark.parametrize("seed", ["0", "7"])
def test_seed_decides_the_search(cli: Cli, space_file: Path, seed: str) -> None:
    arguments = ("run", "--space", str(space_file), "-n", "6", "--seed", seed, "-f", "json")
    first = cli(*arguments, "--workers", "1")
    second = cli(*arguments, "--workers", "1", "--home", "elsewhere")
    other = cli(*arguments[:-4], "--seed", "3", "-f", "json", "--workers", "1")

    def values(text: str) -> list[object]:
        return [row["values"] for row in sorted(trials(text), key=lambda row: row["number"])]

    assert values(first[1]) == values(second[1])
    assert values(first[1]) != values(other[1])


def test_study_of_something_else_is_refused_with_the_difference(cli: Cli, space_file: Path) -> None:
    cli("run", "--space", str(space_file), "-n", "2", "--study", "mine")
    code, _, err = cli(
        "run", "--space", str(space_file), "-n", "2", "--study", "mine", "--seed", "5"
    )
    assert code == 2
    assert "seed 0, not 5" in err
    assert "--new" in err
    assert err.count("\n") == 1
    code, _, _ = cli(
        "run", "--space", str(space_file), "-n", "2", "--study", "mine", "--seed", "5", "--new"
    )
    assert code == 0
    assert Path("mnist-search-runs/mine-2/journal.log").exists()


def test_five_mistakes_are_told_at_once(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(
        """
family = "mlp"
[parameters.dense_layers]
type = "int"
low = 3
high = 1
[parameters.units]
type = "choice"
choices = []
[parameters.dense_dropout]
type = "float"
low = 0.0
high = 1.5
[parameters.activation]
type = "choice"
choices = ["rellu"]
[parameters.batch_sise]
type = "int"
low = 1
high = 2
"""
    )
    code, out, err = cli("run", "--space", str(path), "--trials", "6")
    assert code == 2
    assert out == ""
    lines = [line for line in err.splitlines() if line.startswith("error: ")]
    assert len(lines) >= 5
    for key in ("dense_layers", "units", "dense_dropout", "activation", "batch_sise"):
        assert any(key in line for line in lines), key


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["run", "--space", "nothing-like-it"], 2),
        (["run", "--space", "cnn", "--trials", "0"], 2),
        (["run", "--space", "cnn", "--seed", "-1"], 2),
        (["run", "--space", "cnn", "--pruner", "halvin"], 2),
        (["run", "--space", "cnn", "--seed", "4294967296"], 2),
        (["run", "--space", "cnn", "--workers", "none"], 2),
        (["run", "--space", "cnn", "--time-budget", "soon"], 2),
        (["run", "--space", "cnn", "--study", "../outside"], 2),
        (["run", "--space", "cnn", "--new", "--resume"], 2),
        (["run", "--space", "cnn", "--resume"], 2),
        (["run", "--space", "cnn", "--frobnicate"], 2),
        (["run", "--space", "cnn", "--dataset", "no/such/file.npz"], 5),
        (["run"], 2),
        (["bench"], 2),
        (["bench", "cnn-simpel"], 2),
        (["bench", "--quick", "--full"], 2),
        (["report", "no-such-study"], 2),
        (["nonsense"], 2),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_mistakes_are_one_line_and_the_right_code(
    cli: Cli, arguments: list[str], code: int
) -> None:
    told, out, err = cli(*arguments)
    assert told == code, err
    assert out == ""
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert "Traceback" not in err
    assert "Value error" not in err
    assert ".;" not in err


def test_mnist_that_cannot_be_had_never_falls_back(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MNIST_SEARCH_DATA", str(tmp_path / "missing.npz"))
    code, _, err = cli("run", "--space", "mlp", "--dataset", "mnist")
    assert code == 5
    assert err.startswith("error: ")
    assert err.count("\n") == 1


def test_spent_time_budget_says_what_goes_on(cli: Cli, space_file: Path) -> None:
    arguments = ("run", "--space", str(space_file), "-n", "3", "-f", "json")
    code, _, err = cli(*arguments, "--time-budget", "0.000001s")
    assert code == 3, "no trial succeeded in that time"
    assert "a larger --time-budget goes on with the other 3" in err
    code, out, _ = cli(*arguments)
    assert code == 0
    assert len(trials(out)) == 3


def test_progress_goes_to_stderr_one_plain_line_a_trial(cli: Cli, space_file: Path) -> None:
    _, out, err = cli("run", "--space", str(space_file), "-n", "4", "-f", "json")
    rows(out)
    assert sum(line.startswith("[") for line in err.splitlines()) == 4
    _, _, err = cli("run", "--space", str(space_file), "-n", "5", "-f", "json", "--quiet")
    assert err == ""


def test_every_trial_failing_ends_early_with_the_reason(
    cli: Cli, space_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNIST_SEARCH_SURROGATE_FAULTS", "*=error")
    code, _, err = cli("run", "--space", str(space_file), "-n", "40", "--pruner", "none")
    assert code == 3
    assert "10 failures in a row" in err


def test_references_in_the_space_come_first_the_smallest_before_the_rest(cli: Cli) -> None:
    _, out, err = cli("run", "--space", "cnn", "-n", "6", "--with-references", "-f", "json")
    in_order = sorted(trials(out), key=lambda row: row["number"])
    assert [row["reference"] is not None for row in in_order] == [True] * 5 + [False], err
    flops = [row["flops"] for row in in_order[:5]]
    assert flops == sorted(flops)
    assert flops[0] < flops[-1]


def test_bench_measures_what_is_named_and_never_twice(cli: Cli) -> None:
    arguments = ("bench", "mlp-784", "cnn-simple", "--full", "-f", "json")
    code, out, err = cli(*arguments)
    assert code == 0, err
    measured = [row for row in rows(out) if row["status"] == "complete"]
    assert {row["name"] for row in measured} == {"mlp-784", "cnn-simple"}
    _, again, err = cli(*arguments)
    assert rows(again) == rows(out)
    assert not any(line.startswith("[") for line in err.splitlines())
    _, out, _ = cli(*arguments, "--repeats", "3")
    measured = [row for row in rows(out) if row["status"] == "complete"]
    assert [row["n"] for row in measured] == [3, 3]


def test_quick_bench_has_all_25_and_compares_no_accuracy(cli: Cli) -> None:
    code, out, err = cli("bench", "--quick", "-f", "json")
    assert code == 0, err
    measured = [row for row in rows(out) if row["status"] == "complete"]
    assert len(measured) == 25
    assert {row["verdict"] for row in measured} <= {"not comparable", "collapsed"}


def test_report_has_all_references_beside_the_trials(cli: Cli, space_file: Path) -> None:
    cli("run", "--space", str(space_file), "-n", "4")
    code, out, _ = cli("report", "-f", "json")
    assert code == 0
    assert len(trials(out)) == 4
    references = [row for row in rows(out) if row["kind"] == "reference"]
    assert len(references) == 25
    assert {row["status"] for row in references} == {"published"}
    for key in ("rank", "name", "val_accuracy", "test_accuracy", "published_accuracy", "values"):
        assert all(key in row for row in rows(out)), key


@pytest.mark.parametrize("format", ["table", "json", "csv", "markdown"])
def test_report_without_any_study_shows_the_references(cli: Cli, format: str) -> None:
    code, out, _ = cli("report", "-f", format)
    assert code == 0
    assert "cnn-double-32" in out


def test_report_writes_a_file(cli: Cli, tmp_path: Path) -> None:
    code, out, _ = cli("report", "-f", "markdown", "-o", "board.md")
    assert (code, out) == (0, "")
    assert "cnn-double-32" in (tmp_path / "board.md").read_text()


def test_version(cli: Cli) -> None:
    code, out, _ = cli("--version")
    assert code == 0
    assert out.startswith("mnist-search ")


def test_engine_names_the_samplers_that_it_has(cli: Cli, space_file: Path) -> None:
    code, _, err = cli(
        "run", "--space", str(space_file), "--engine", "keras-tuner", "--sampler", "tpe"
    )
    assert code == 2
    assert "engine keras-tuner has no sampler tpe" in err
    assert "bayesian, random, hyperband, grid" in err


@pytest.mark.slow
def test_keras_tuner_searches(cli: Cli, space_file: Path) -> None:
    arguments = ("run", "--space", str(space_file), "--engine", "keras-tuner", "-f", "json")
    code, out, err = cli(*arguments, "-n", "4", "--workers", "2")
    assert code == 0, err
    assert "keras-tuner bayesian" in err
    assert len(trials(out)) == 4
    assert all(row["values"] for row in trials(out))
