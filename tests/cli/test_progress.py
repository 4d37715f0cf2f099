"""What the progress of a session knows of the sessions before it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from mnist_search.cli import execute


def test_a_resumed_study_knows_its_best(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MNIST_SEARCH_TRAINER", "tests.support.fake:inline")
    monkeypatch.setenv("MNIST_SEARCH_HOME", str(tmp_path))
    monkeypatch.setenv("MNIST_SEARCH_DATASET", "digits")
    asked = ["run", "--space", "mlp", "--study", "s", "--sampler", "random", "--pruner", "none"]
    for trials in (6, 7, 8, 9):
        assert execute([*asked, "-n", str(trials)]) == 0
        said = capfd.readouterr().err
        assert execute(["report", "s", "-f", "json"]) == 0
        rows = json.loads(capfd.readouterr().out)["rows"]
        done = [row for row in rows if row["kind"] == "trial" and row["status"] == "complete"]
        best = max(row["val_accuracy"] for row in done)
        (told,) = re.findall(r"; best (\d\.\d{4}), trial", said)
        assert told == f"{best:.4f}"


def test_verbose_says_where_the_logs_of_the_workers_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MNIST_SEARCH_TRAINER", "tests.support.fake:inline")
    monkeypatch.setenv("MNIST_SEARCH_HOME", str(tmp_path))
    monkeypatch.setenv("MNIST_SEARCH_DATASET", "digits")
    asked = ["run", "--space", "mlp", "--study", "s", "-n", "1", "--sampler", "random"]
    told = f"the workers' logs are in {tmp_path / 's' / 'logs'}"
    assert execute([*asked, "--verbose"]) == 0
    assert told in capfd.readouterr().err
    assert execute(asked) == 0
    assert told not in capfd.readouterr().err
