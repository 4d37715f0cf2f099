"""Kind M: rows and data that print alike are told apart."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from mnist_search.analysis import build_leaderboard
from mnist_search.analysis.leaderboard import build_leaderboards
from mnist_search.references import REFERENCES
from mnist_search.specs import Record
from tests.analysis.made_up import machine, repeat, trial
from tests.cli.conftest import Cli, cli

__all__ = ["cli"]


def measured_with(record: Record, *, on: str = "cpu", **packages: str) -> Record:
    """Return a run that was made with these versions."""
    assert record.result is not None
    environment = machine(on).model_copy(update={"packages": packages})
    result = record.result.model_copy(update={"environment": environment})
    return record.model_copy(update={"result": result})


def labels(*records: Record) -> list[str]:
    board = build_leaderboard(records, REFERENCES)
    return sorted(row.label for row in board.rows if row.n)


def test_repeats_under_two_versions_are_two_rows_that_say_so() -> None:
    first, second = repeat("cnn-simple", 0, 9_878), repeat("cnn-simple", 1, 9_880, seed=1)
    assert labels(
        measured_with(first, keras="3.12.0", numpy="2.4.1"),
        measured_with(second, keras="3.15.1", numpy="2.4.1"),
    ) == ["cnn-simple (keras 3.12.0)", "cnn-simple (keras 3.15.1)"]


def test_repeats_of_one_version_are_one_row_whatever_proposes() -> None:
    first, second = repeat("cnn-simple", 0, 9_878), repeat("cnn-simple", 1, 9_880, seed=1)
    assert labels(
        measured_with(first, keras="3.15.1", optuna="5.0.0"),
        measured_with(second, keras="3.15.1", optuna="5.0.1"),
    ) == ["cnn-simple"]


def test_rows_of_two_machines_and_precisions_say_which() -> None:
    told = labels(
        measured_with(repeat("cnn-simple", 0, 9_878)),
        measured_with(repeat("cnn-simple", 1, 9_880, seed=1), on="other"),
        measured_with(repeat("cnn-simple", 2, 9_881, seed=2, precision="bfloat16")),
    )
    here, there = machine().machine_id, machine("other").machine_id
    assert told == sorted(
        [
            f"cnn-simple (precision float32, machine {here})",
            f"cnn-simple (precision float32, machine {there})",
            f"cnn-simple (precision bfloat16, machine {here})",
        ]
    )


def test_the_foot_names_every_version() -> None:
    board = build_leaderboard(
        [
            measured_with(trial(0, 9_900), keras="3.15.1"),
            measured_with(trial(1, 9), keras="3.12.0"),
        ],
        REFERENCES,
    )
    measured = [line for line in board.environment if line.startswith("measured on")]
    assert ["Keras 3.15.1" in measured[0], "Keras 3.12.0" in measured[1]] == [True, True]


@pytest.mark.parametrize("names", [("mine", "mine"), ("mine", "theirs")])
def test_boards_of_data_of_one_name_have_their_digests(names: tuple[str, str]) -> None:
    records = []
    for number, (name, digest) in enumerate(zip(names, ("a" * 32, "b" * 32), strict=True)):
        record = trial(number, 9_900)
        assert record.dataset is not None
        data = record.dataset.model_copy(update={"name": name, "digest": digest})
        records.append(record.model_copy(update={"dataset": data}))
    titles = [board.title for board in build_leaderboards(records, REFERENCES)]
    alike = names[0] == names[1]
    assert titles == (["mine aaaaaaaa", "mine bbbbbbbb"] if alike else list(names))


def test_studies_of_data_of_one_name_say_which(cli: Cli, tmp_path: Path) -> None:
    """So does whatever refuses to take the one for the other."""
    rng = np.random.default_rng(3)
    words = ["run", "--space", "mlp", "-n", "1", "-q", "--dataset"]
    for name in ("a", "b"):
        folder = tmp_path / name
        folder.mkdir()
        np.savez(
            folder / "mine.npz",
            x_train=rng.integers(0, 256, (120, 28, 28)).astype(np.uint8),
            y_train=np.arange(120) % 10,
            x_test=rng.integers(0, 256, (30, 28, 28)).astype(np.uint8),
            y_test=np.arange(30) % 10,
        )
        assert cli(*words, str(folder / "mine.npz"), "--study", name)[0] == 0
    code, out, _ = cli("studies", "-f", "json")
    one, two = sorted(row["dataset"] for row in json.loads(out)["rows"])
    assert one != two
    for label in (one, two):
        assert re.fullmatch("npz:mine [0-9a-f]{8}", label)
    assert cli("studies", "compare", "a", "b")[2].count("npz:mine ") == 2
    code, _, err = cli(*words, str(tmp_path / "b" / "mine.npz"), "--study", "a")
    assert code == 2
    assert one in err
    assert two in err
