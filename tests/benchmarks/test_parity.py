"""The parity check judges rightly, and runs from end to end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent


@pytest.fixture(scope="module")
def judged() -> dict[str, dict[str, Any]]:
    """Judge made-up accuracies, in a process that finds the scripts as they find each other."""
    cases = {
        "same": ([0.990, 0.991], [0.990, 0.991]),
        "within the spread": ([0.990, 0.992, 0.994], [0.989, 0.991, 0.993]),
        "loss": ([0.990, 0.991, 0.992], [0.980, 0.9811, 0.982]),
        "gain": ([0.980, 0.981, 0.982], [0.990, 0.9911, 0.992]),
        "unsure": ([0.990, 0.990, 0.990], [0.995, 0.980, 0.990]),
        "single loss": ([0.990], [0.989]),
    }
    code = (
        "import json, sys, parity\n"
        "cases = json.load(sys.stdin)\n"
        "print(json.dumps({name: parity.judge(*case) for name, case in cases.items()}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=json.dumps(cases),
        cwd=FOLDER,
        env=os.environ | {"PYTHONPATH": str(FOLDER.parents[1])},
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, dict[str, Any]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(
    ("case", "parity"),
    [
        ("same", True),
        ("within the spread", True),
        ("loss", False),
        ("gain", True),
        ("unsure", True),
        ("single loss", False),
    ],
)
def test_only_a_loss_beyond_chance_and_spread_counts(
    judged: dict[str, dict[str, Any]], case: str, parity: bool
) -> None:
    assert judged[case]["parity"] is parity


def test_differences_are_paired_and_their_interval_is_student_s(
    judged: dict[str, dict[str, Any]],
) -> None:
    found = judged["unsure"]
    assert found["differences"] == pytest.approx([0.005, -0.01, 0.0])
    assert found["mean_difference"] == pytest.approx(-0.005 / 3)
    # t(2) at 97.5 % is 4.3027, the standard deviation 0.0076376.
    assert found["high"] - found["mean_difference"] == pytest.approx(0.018973, abs=1e-5)
    assert judged["single loss"]["low"] is None


def test_a_short_one_writes_its_file(tmp_path: Path) -> None:
    output = tmp_path / "parity.json"
    options = ["--nets", "cnn-simple", "--repeats", "2", "--epochs", "1", "--dataset", "digits"]
    done = subprocess.run(
        [sys.executable, str(FOLDER / "parity.py"), *options, "--output", str(output)],
        env=os.environ
        | {
            "PYTHONPATH": str(FOLDER.parents[1]),
            "MNIST_SEARCH_TRAINER": "tests.support.fake:inline",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    # The surrogate knows no precision, so that nothing can differ.
    assert done.returncode == 0, done.stderr
    document = json.loads(output.read_text())
    assert document["benchmark"] == "parity"
    assert document["parity"] is True
    assert document["dataset"]["name"] == "digits"
    (row,) = document["rows"]
    assert row["net"] == "cnn-simple"
    assert row["epochs"] == 1
    assert row["differences"] == [0.0, 0.0]
    assert len(row["float32"]) == len(row["bfloat16"]) == 2
    assert row["environment"]["packages"]
