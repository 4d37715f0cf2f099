"""`run` with studies by name: resumed with what they have, begun from others, made smaller."""

from __future__ import annotations

import signal
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from mnist_search.studies import (
    Ledger,
    choose_candidates,
    open_ledger,
    read_records,
    read_study,
)
from mnist_search.studies.spec import search_of
from tests.cli.conftest import Cli, Made
from tests.cli.reading import trials

HOME = Path("mnist-search-runs")


@pytest.fixture
def searched(made: Made) -> None:
    words = "--study s --epochs 2 --seed 5 --sampler random --pruner none -q"
    made(f"run --space {{space}} -n 6 {words}")


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


@pytest.mark.usefixtures("searched")
def test_a_resumed_study_has_its_own_settings(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    before = read_study(HOME, "s").spec
    # A variable is for studies to come.
    monkeypatch.setenv("MNIST_SEARCH_DATASET", "no/such/file.npz")
    code, out, err = cli("run", "--study", "s", "--resume", "-n", "8", "-f", "json")
    assert code == 0, err
    assert len(trials(out)) == 8
    assert read_study(HOME, "s").spec == before
    assert (search_of(before).seed, search_of(before).epochs) == (5, 2)


@pytest.mark.usefixtures("searched")
def test_a_resumed_study_has_the_trials_that_it_was_to_have(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        interrupt_at(patch, 2)
        assert cli("run", "--study", "s", "--resume", "-n", "10", "-q", "--workers", "1")[0] == 130
    assert len(read_records(HOME, ["s"])) < 10
    code, out, err = cli("run", "--study", "s", "--resume", "-f", "json", "-q")
    assert code == 0, err
    assert len(trials(out)) == 10


@pytest.mark.usefixtures("searched")
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--seed", "6"], "made with seed 5, not 6"),
        (["--epochs", "3"], "made with epochs 2, not 3"),
        (["--sampler", "tpe"], "made with sampler random, not tpe"),
        (["--space", "mlp"], "made with space small"),
        (["--objective", "val_accuracy,parameters"], "made with objective val_accuracy, not"),
        (["--precision", "bfloat16"], "made with precision float32, not bfloat16"),
        (["--from", "s"], "--from and --resume exclude each other"),
    ],
)
def test_what_contradicts_a_resumed_study_is_refused_by_name(
    cli: Cli, words: list[str], told: str
) -> None:
    code, out, err = cli("run", "--study", "s", "--resume", *words)
    assert (code, out) == (2, "")
    assert told in err
    assert err.count("\n") == 1


def test_references_cannot_be_asked_for_afterwards(cli: Cli) -> None:
    assert cli("run", "--space", "mlp", "-n", "2", "--study", "m", "-q")[0] == 0
    for words in (["--resume"], ["--space", "mlp"]):
        code, _, err = cli("run", "--study", "m", *words, "--with-references")
        assert code == 2
        assert "study m did not begin with references" in err
    assert cli("run", "--space", "mlp", "-n", "2", "--with-references", "--study", "r")[0] == 0
    code, _, err = cli("run", "--space", "mlp", "-n", "3", "--with-references", "--study", "r")
    assert code == 0, err


def test_epochs_that_no_trial_of_a_space_trains_are_told(cli: Cli, space_file: Path) -> None:
    space_file.write_text(space_file.read_text().replace("[fixed]\n", "[fixed]\nepochs = 2\n"))
    words = ["run", "--space", str(space_file), "-n", "1", "-f", "json", "-q"]
    code, out, err = cli(*words, "--epochs", "3")
    assert code == 0, err
    assert "--epochs 3: trials of space small train at most 2" in err
    assert [row["epochs"] for row in trials(out)] == [2]
    assert "at most" not in cli(*words, "--study", "other")[2]


def test_a_search_begins_with_the_first_points_of_its_space_or_without(
    cli: Cli, space_file: Path
) -> None:
    space_file.write_text(space_file.read_text() + '[[first]]\nname = "deep"\ndense_layers = 2\n')
    words = ["run", "--space", str(space_file), "-n", "3", "--seed", "7", "-f", "json"]
    code, out, err = cli(*words, "--study", "w")
    assert code == 0, err
    row = next(row for row in trials(out) if row["number"] == 0)
    assert row["name"] == "first point deep (trial 0)"
    assert row["origin"] == "first point deep"
    assert row["values"]["dense_layers"] == 2
    code, out, err = cli(*words, "--study", "o", "--no-first")
    assert code == 0, err
    assert [row["origin"] for row in trials(out)] == [None] * 3
    with closing(open_ledger(HOME / "o")) as ledger:
        assert ledger.first_points() == []
    # A study keeps to what it began with.
    assert cli(*words, "--study", "o", "--no-first")[0] == 0
    code, _, err = cli(*words, "--study", "w", "--no-first")
    assert code == 2
    assert "study w began with first points" in err


@pytest.mark.usefixtures("searched")
def test_a_search_begins_with_the_best_trials_of_another(cli: Cli, space_file: Path) -> None:
    words = ["run", "--space", str(space_file), "--study", "t", "--from", "s", "--seed", "9"]
    words += ["-f", "json", "--pruner", "none", "--workers", "1"]
    code, out, err = cli(*words, "-n", "7")
    assert code == 0, err
    before = {record.number: record for record in read_records(HOME, ["s"])}
    ranked = sorted(
        before.values(),
        key=lambda one: -one.result.validation.accuracy,  # type: ignore[union-attr]
    )
    after = read_records(HOME, ["t"])
    taken = [record.origin for record in after if record.origin is not None]
    assert taken[0] == f"s#{ranked[0].number}"
    assert 1 <= len(taken) <= 5
    for record in after[: len(taken)]:
        assert record.origin is not None
        assert record.values == before[int(record.origin.removeprefix("s#"))].values
        assert record.reference is None
    assert f"from {taken[0]}" in err
    marked = {row["number"]: row["origin"] for row in trials(out)}
    assert [marked[number] for number in range(len(taken))] == taken
    # The same command goes on.
    code, out, err = cli(*words, "-n", "8")
    assert code == 0, err
    assert len(trials(out)) == 8
    code, _, err = cli(*words[:5], "--from", "other", "-n", "8", "--seed", "9", "--pruner", "none")
    assert code == 2
    assert "study t did not begin with trials of other" in err


@pytest.mark.usefixtures("searched")
def test_points_that_a_space_lacks_are_named_and_left_out(
    cli: Cli, space_file: Path, tmp_path: Path
) -> None:
    records = {record.number: record for record in read_records(HOME, ["s"])}
    best = [run.confirms for run in choose_candidates(list(records.values()), (), top=5)]
    layers = {number: (records[number].values or {})["dense_layers"] for number in best}
    assert set(layers.values()) == {1, 2}, "there must be something to leave out, and to take"
    narrow = tmp_path / "narrow.toml"
    narrow.write_text(space_file.read_text().replace("high = 2\n", "high = 1\n"))
    code, _, err = cli("run", "--space", str(narrow), "-n", "2", "--study", "n", "--from", "s")
    assert code == 0, err
    left_out = [number for number in best if f"trial {number} of s is left out: " in err]
    assert left_out == [number for number in best if layers[number] == 2]
    origins = [record.origin for record in read_records(HOME, ["n"])]
    assert origins[0] == f"s#{next(number for number in best if layers[number] == 1)}"
    code, out, err = cli("run", "--space", "cnn", "-n", "2", "--study", "c", "--from", "s")
    assert (code, out) == (2, "")
    assert "none of the best trials of s is a point of space cnn" in err
    assert not (HOME / "c").exists()


def test_a_study_to_begin_from_must_be_a_search(cli: Cli) -> None:
    code, _, err = cli("run", "--space", "mlp", "--from", "nothing")
    assert code == 2
    assert "there is no study nothing" in err


@pytest.mark.parametrize("option", ["--time-budget", "--trial-timeout"])
@pytest.mark.parametrize("text", ["20", "0s", "-5s", "20 min", "soon"])
def test_a_duration_needs_its_unit(cli: Cli, option: str, text: str) -> None:
    code, out, err = cli("run", "--space", "mlp", f"{option}={text}")
    assert (code, out) == (2, "")
    assert err == (
        f"error: {option} must be a positive duration such as 90s, 20m or 1.5h, got {text!r}\n"
    )


@pytest.mark.parametrize(
    ("engine", "sampler", "other"),
    [("optuna", "bayesian", "keras-tuner"), ("keras-tuner", "tpe", "optuna")],
)
def test_a_sampler_of_another_engine_is_told_whose_it_is(
    cli: Cli, engine: str, sampler: str, other: str
) -> None:
    code, _, err = cli("run", "--space", "mlp", "--engine", engine, "--sampler", sampler)
    assert code == 2
    assert f"--engine {other} has {sampler}" in err
