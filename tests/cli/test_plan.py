"""`plan` and `run --dry-run` as a user types them, with the surrogate in place of training."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., tuple[int, str, str]]


def rows(text: str) -> dict[str, dict[str, Any]]:
    document = json.loads(text)
    assert document["schema_version"] == 1
    return {row["quantity"]: row for row in document["rows"]}


def test_a_plan_tells_space_and_time_and_makes_nothing(
    cli: Cli, space_file: Path, tmp_path: Path
) -> None:
    code, out, err = cli("plan", "--space", str(space_file), "-n", "6", "-f", "json")
    assert code == 0, err
    found = rows(out)
    assert found["samples"]["middle"] == 300
    assert found["unbuildable"]["middle"] == 0.0
    for name in ("parameters", "flops", "whole_trial_seconds", "run_seconds"):
        assert 0 < found[name]["low"] <= found[name]["middle"] <= found[name]["high"]
    trials = [found[name]["middle"] for name in ("complete", "pruned", "failed", "skipped")]
    assert sum(trials) == pytest.approx(6)
    assert found["run_seconds"]["fits"] is None
    assert "timing 6 networks" in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["small.toml"]


def test_a_budget_says_how_many_trials_fit(cli: Cli, space_file: Path) -> None:
    arguments = ("plan", "--space", str(space_file), "-n", "6", "--samples", "20", "-q")
    code, out, err = cli(*arguments, "--budget", "1h")
    assert (code, err) == (0, "")
    assert "this run fits 1h 00m, nine times in ten" in out
    code, out, _ = cli(*arguments, "--budget", "0.001s", "-f", "json")
    assert code == 0
    document = json.loads(out)
    run = next(row for row in document["rows"] if row["quantity"] == "run_seconds")
    assert run["fits"] is False
    assert any("0 trials would finish in" in note for note in document["notes"])


@pytest.mark.parametrize("form", ["csv", "markdown"])
def test_other_formats(cli: Cli, space_file: Path, form: str) -> None:
    code, out, _ = cli(
        "plan", "--space", str(space_file), "-n", "4", "--samples", "20", "-q", "-f", form
    )
    assert code == 0
    assert "run_seconds" in out if form == "csv" else "| time of the whole run |" in out


def test_a_dry_run_tells_what_plan_tells_and_makes_nothing(
    cli: Cli, space_file: Path, tmp_path: Path
) -> None:
    arguments = ("--space", str(space_file), "-n", "6", "--seed", "4", "-f", "json")
    code, dry, err = cli("run", *arguments, "--dry-run", "--time-budget", "1h")
    assert code == 0, err
    _, planned, _ = cli("plan", *arguments, "--budget", "1h")
    assert rows(dry).keys() == rows(planned).keys()
    for name in ("parameters", "flops", "complete", "pruned", "skipped", "mean_epochs"):
        assert rows(dry)[name] == rows(planned)[name]
    assert rows(dry)["run_seconds"]["fits"] is True
    assert not (tmp_path / "mnist-search-runs").exists()


def test_a_dry_run_plans_what_a_study_lacks(cli: Cli, space_file: Path) -> None:
    base = ("run", "--space", str(space_file), "-q", "-f", "json")
    assert cli(*base, "-n", "4")[0] == 0
    before = Path("mnist-search-runs/small-digits-seed0/journal.log").read_bytes()
    code, out, err = cli(*base, "-n", "6", "--dry-run")
    assert code == 0
    assert "has 4 trials, 2 are left" in err
    found = rows(out)
    trials = [found[name]["middle"] for name in ("complete", "pruned", "failed")]
    assert sum(trials) == pytest.approx(2)
    code, out, err = cli(*base, "-n", "4", "--dry-run")
    assert (code, out) == (0, "")
    assert "4 trials, 0 are left" in err
    assert Path("mnist-search-runs/small-digits-seed0/journal.log").read_bytes() == before
    code, _, err = cli(*base, "-n", "6", "--epochs", "3", "--dry-run")
    assert code == 2
    assert "epochs 8, not 3" in err


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["--space", "nothing"], 2, "nothing"),
        (["--space", "cnn", "--budget", "soon"], 2, "--budget must be a positive duration"),
        (["--space", "cnn", "--sampler", "grid"], 2, "sampler grid needs a finite space"),
        (["--space", "cnn", "--max-params", "1"], 3, "none of 20 points of space cnn can be"),
        (["--space", "cnn", "--workers", "0"], 2, "workers must be"),
    ],
)
def test_mistakes_are_one_line(cli: Cli, arguments: list[str], code: int, told: str) -> None:
    found, out, err = cli("plan", *arguments, "--samples", "20")
    assert (found, out) == (code, "")
    assert err.startswith("error: ")
    assert told in err
    assert err.count("\n") == 1


def test_a_machine_that_trains_nothing_has_no_plan(
    cli: Cli, space_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNIST_SEARCH_SURROGATE_FAULTS", "*=error")
    code, out, err = cli("plan", "--space", str(space_file), "--samples", "20", "-q")
    assert (code, out) == (3, "")
    assert err.startswith("error: none of 6 networks of the space could be trained: error:")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--engine", "keras-tuner"], "sampler bayesian was simulated with tpe"),
        (
            ["--engine", "keras-tuner", "--sampler", "hyperband"],
            "sampler hyperband was simulated with random and pruner hyperband",
        ),
    ],
)
def test_samplers_that_need_more_have_a_proxy(
    cli: Cli, space_file: Path, options: list[str], told: str
) -> None:
    base = ("plan", "--space", str(space_file), "-n", "6", "--samples", "20", "-q", "-f", "json")
    code, out, _ = cli(*base, *options)
    assert code == 0
    assert any(note.startswith(told) for note in json.loads(out)["notes"])
    assert not any("was simulated with" in note for note in json.loads(cli(*base)[1])["notes"])


def test_a_plan_takes_what_a_run_takes(cli: Cli, space_file: Path) -> None:
    base = ("plan", "--space", str(space_file), "-n", "8", "--samples", "20", "-q", "-f", "json")
    code, out, err = cli(*base, "--objective", "val_accuracy,train_seconds")
    assert (code, err) == (0, "")
    assert (rows(out)["complete"]["middle"], rows(out)["pruned"]["middle"]) == (8, 0)
    code, _, err = cli(*base, "--objective", "val_accuracy,parameters", "--pruner", "median")
    assert code == 2
    assert "with two objectives no trial is stopped early" in err
    more = ("--memory-limit", "8GB", "--with-references", "--trial-timeout", "1h")
    code, out, err = cli(*base, *more, "--time-budget", "1h")
    assert (code, err) == (0, "")
    assert rows(out)["run_seconds"]["fits"] is True


def test_options_of_run_that_change_the_time_are_those_of_plan(cli: Cli) -> None:
    def options(command: str) -> set[str]:
        words = cli(command, "--help")[1].replace("│", " ").split()
        return {word for word in words if re.fullmatch(r"--[a-z-]+", word)}

    alone = options("run") - options("plan")
    # Where the study is, what is made of it afterwards, and what its workers print.
    assert alone == {
        "--verbose",
        "--study",
        "--new",
        "--resume",
        "--from",
        "--keep-models",
        "--confirm",
        "--confirm-seeds",
        "--confirm-references",
        "--dry-run",
        "--home",
    }
