"""`run --objective val_accuracy,COST` as a user types it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from mnist_search.cli import execute

Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Cli:
    """Run a command line in an empty folder; return exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MNIST_SEARCH_TRAINER", "tests.support.fake:inline")
    monkeypatch.setenv("MNIST_SEARCH_DATASET", "digits")

    def run(*arguments: str) -> tuple[int, str, str]:
        code = execute(list(arguments))
        captured = capfd.readouterr()
        return code, captured.out, captured.err

    return run


def search(space_file: Path, trials: int, cost: str, *more: str) -> list[str]:
    goal = f"val_accuracy,{cost}"
    return [
        *("run", "--space", str(space_file), "-n", str(trials), "--objective", goal),
        *("--study", "s", "--workers", "1", "-f", "json", *more),
    ]


def trials_of(text: str) -> list[dict[str, object]]:
    return [row for row in json.loads(text)["rows"] if row["kind"] == "trial"]


def study() -> optuna.Study:
    storage = JournalStorage(JournalFileBackend("mnist-search-runs/s/journal.log"))
    return optuna.load_study(study_name="s", storage=storage)


@pytest.mark.parametrize(
    ("cost", "key"),
    [("parameters", "parameters"), ("train_seconds", "fit_seconds"), ("inference_us",) * 2],
)
def test_both_numbers_are_told_and_the_front_is_optunas(
    cli: Cli, space_file: Path, cost: str, key: str
) -> None:
    code, out, err = cli(*search(space_file, 12, cost))
    assert code == 0, err
    found = study()
    assert [direction.name for direction in found.directions] == ["MAXIMIZE", "MINIMIZE"]
    rows = {row["number"]: row for row in trials_of(out)}
    assert len(rows) == len(found.trials) == 12
    complete = [trial for trial in found.trials if trial.state.name == "COMPLETE"]
    assert len(complete) >= 8
    for trial in complete:
        assert trial.values == [rows[trial.number]["selection_accuracy"], rows[trial.number][key]]
    assert not [trial for trial in found.trials if trial.state.name == "PRUNED"]
    front = {number for number, row in rows.items() if row["on_front"]}
    assert front == {trial.number for trial in found.best_trials}
    assert 0 < len(front) < 12


def test_report_names_the_front_in_every_format(cli: Cli, space_file: Path) -> None:
    assert cli(*search(space_file, 12, "parameters"))[0] == 0
    best = study().best_trials[0]
    for format in ("table", "markdown", "html"):
        code, out, err = cli("report", "s", "-f", format, "--top", "0")
        assert code == 0, err
        text = " ".join(out.split())
        assert "Pareto front of s, accuracy against parameters: trial" in text
        assert f"trial {best.number} " in text.partition("Pareto front of s")[2]
    assert '"on_front": true' in cli("report", "s", "-f", "json")[1]


def test_interrupted_search_equals_an_uninterrupted_one(cli: Cli, space_file: Path) -> None:
    cli(*search(space_file, 9, "parameters"))
    code, out, err = cli(*search(space_file, 24, "parameters"))
    assert code == 0, err
    whole = cli(*search(space_file, 24, "parameters", "--home", "elsewhere"))[1]
    parts, wholes = (
        {row["number"]: (row["values"], row["val_accuracy"]) for row in trials_of(text)}
        for text in (out, whole)
    )
    assert parts == wholes
    assert len(parts) == 24


def test_other_objectives_are_another_study(cli: Cli, space_file: Path) -> None:
    assert cli(*search(space_file, 4, "parameters"))[0] == 0
    code, _, err = cli(*search(space_file, 5, "train_seconds"))
    assert code == 2
    assert "objective val_accuracy,parameters, not val_accuracy,train_seconds" in err


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--pruner", "median"], "--pruner must be none, got median"),
        (["--engine", "keras-tuner"], "engine keras-tuner has one objective"),
        (["--objective", "val_accuracy,beauty"], "the costs are train_seconds"),
        (["--objective", "parameters"], "--objective must be"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(
    cli: Cli, space_file: Path, more: list[str], told: str
) -> None:
    code, out, err = cli(*search(space_file, 4, "parameters", *more))
    assert (code, out) == (2, "")
    assert told in err
    assert "hint: " in err
    assert len(err.strip().splitlines()[-1:]) == 1
    assert not Path("mnist-search-runs/s/journal.log").exists()


def test_what_is_too_large_and_what_fails_is_not_on_the_front(
    cli: Cli, space_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNIST_SEARCH_SURROGATE_FAULTS", "1=error,3=diverged")
    code, out, err = cli(*search(space_file, 14, "parameters", "--max-params", "20000"))
    assert code == 0, err
    states = {trial.number: trial.state.name for trial in study().trials}
    assert "PRUNED" in states.values()
    rows = {row["number"]: row for row in trials_of(out)}
    for number, state in states.items():
        assert (rows[number]["on_front"] is None) == (state != "COMPLETE")
    stored = [len(trial.values) for trial in study().trials if trial.values is not None]
    assert stored == [2] * list(states.values()).count("COMPLETE")
