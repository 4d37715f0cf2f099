"""Kind C: what is asked is done, or refused aloud, or said to be something else."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from mnist_search.studies import Ledger, read_records
from tests.cli.conftest import Cli, cli
from tests.cli.reading import rows

__all__ = ["cli"]
HOME = Path("mnist-search-runs")


@pytest.fixture
def home(cli: Cli, space_file: Path, tmp_path: Path) -> Path:
    code, _, err = cli("run", "--space", str(space_file), "-n", "8", "--study", "s", "-q")
    assert code == 0, err
    return tmp_path / "mnist-search-runs"


def interrupt_at(monkeypatch: pytest.MonkeyPatch, result: int) -> None:
    """Send this process SIGINT twice when the n-th result is written."""
    real, written = Ledger.close_trial, list[int]()

    def close_trial(ledger: Ledger, *arguments: Any, **more: Any) -> None:
        real(ledger, *arguments, **more)
        written.append(1)
        if len(written) == result:
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(Ledger, "close_trial", close_trial)


def test_fewer_trials_after_an_interrupted_search_are_obeyed(
    cli: Cli, space_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["run", "--space", str(space_file), "--study", "s", "--workers", "2", "-f", "json"]
    with monkeypatch.context() as patch:
        interrupt_at(patch, 4)
        assert cli(*words, "-n", "20000")[0] == 130
    before = read_records(HOME, ["s"])
    finished = sum(record.state != "waiting" for record in before)
    assert finished < len(before), "the interrupt should leave a trial waiting"
    code, out, err = cli(*words, "-n", str(finished))
    assert code == 0
    assert read_records(HOME, ["s"]) == before
    assert f"the study holds {finished} finished trials, and " in err
    assert "goes on with" not in err
    assert len([row for row in rows(out) if row["kind"] == "trial"]) >= finished
    code, _, err = cli(*words, "-n", "1")
    assert code == 0
    assert read_records(HOME, ["s"]) == before
    code, out, err = cli(*words, "-n", str(finished + 1))
    assert code == 0
    states = [record.state for record in read_records(HOME, ["s"])]
    assert len(states) - states.count("waiting") == finished + 1


@pytest.mark.parametrize("option", ["--confirm-references", "--confirm-seeds"])
def test_what_says_how_to_confirm_needs_confirm(
    cli: Cli, space_file: Path, option: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ["run", "--space", str(space_file), "-n", "3", "-q"]
    value = "best" if option == "--confirm-references" else "2"
    code, _, err = cli(*command, option, value)
    assert code == 2
    assert err == f"error: {option} needs --confirm\n"
    # A variable is for whatever may be confirmed.
    monkeypatch.setenv("MNIST_SEARCH_CONFIRM_SEEDS", "2")
    assert cli(*command)[0] == 0


@pytest.mark.parametrize(
    "words",
    [
        ["--seeds", "2"],
        ["--workers", "2"],
        ["--trial-timeout", "9s"],
        ["--memory-limit", "4GB"],
        ["--dataset", "digits"],
        ["--precision", "float32"],
        ["--verbose"],
    ],
    ids=lambda words: words[0],
)
def test_what_says_how_to_train_needs_ablate(cli: Cli, words: list[str]) -> None:
    code, out, err = cli("explain", "s", "winner", *words)
    assert (code, out) == (2, "")
    assert err == f"error: {words[0]} needs --ablate\n"


def test_variables_that_say_how_to_train_do_not(
    cli: Cli, space_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cli("run", "--space", str(space_file), "-n", "4", "--study", "v", "-q")[0] == 0
    monkeypatch.setenv("MNIST_SEARCH_WORKERS", "2")
    monkeypatch.setenv("MNIST_SEARCH_TRIAL_TIMEOUT", "9s")
    code, _, err = cli("explain", "v", "winner")
    assert code == 0, err


def test_more_trials_than_there_are_is_said_aloud(cli: Cli, home: Path) -> None:
    code, out, err = cli("confirm", "s", "--top", "50", "--seeds", "1", "-f", "json")
    assert code == 0, err
    confirmed = [row for row in json.loads(out)["rows"] if row["kind"] == "trial"]
    assert f"--top 50: s has {len(confirmed)} complete trials that differ" in err
    code, out, err = cli("confirm", "s", "--top", "2", "--seeds", "1", "-f", "json", "-q")
    assert err == ""
    assert len([row for row in json.loads(out)["rows"] if row["kind"] == "trial"]) == 2


def test_weights_that_were_not_kept_are_not_promised(cli: Cli, space_file: Path) -> None:
    words = ["run", "--space", str(space_file), "-n", "4", "--pruner", "none", "--study", "k"]
    assert "weights" not in cli(*words, "--keep-models", "0")[2]
    code, _, err = cli(*words, "--keep-models", "2")
    assert code == 0
    told = "--keep-models 2: of 2 trials the weights of 2 were not kept when they were trained"
    assert told in err
    assert "weights" not in cli(*words)[2]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("show s winner --seed 3", "--seed says which run of a reference is meant"),
        ("figures s winner --seed 3 -o x", "--seed says which run of a reference is meant"),
        ("figures s -o x --digit 3", "--digit needs a run"),
        ("figures s -o x --seed 3", "--seed needs a run"),
        ("figures s -o x --dataset digits", "--dataset needs a run"),
        ("figures s -o x --show", "--show needs a run"),
        ("figures s 3 --show --as svg", "--as needs --output"),
        ("report -f csv --inside", "--inside needs --format html"),
        ("studies -f json compare s s2", "--format must stand after compare"),
        ("studies -f json rename s s2", "--format must stand after rename"),
        ("plan --space mlp --budget 9s --time-budget 9s", "exclude each other"),
        ("vary mlp-784 --dry-run --time-budget 9s", "exclude each other"),
        ("run --new --resume --study s", "exclude each other"),
        ("bench mlp-784 --quick --full", "exclude each other"),
    ],
)
def test_what_would_be_ignored_is_refused(cli: Cli, home: Path, line: str, told: str) -> None:
    code, out, err = cli(*line.split())
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert told in err
