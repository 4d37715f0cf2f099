"""`bench` with a changed recipe: a control that the verdicts can fail."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mnist_search.cli import execute

Cli = Callable[..., tuple[int, list[dict[str, Any]], str]]


@pytest.fixture
def bench(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Cli:
    """Run `bench` in an empty folder; return exit code, rows and stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MNIST_SEARCH_TRAINER", "tests.support.fake:inline")
    monkeypatch.setenv("MNIST_SEARCH_DATASET", "digits")

    def run(*arguments: str) -> tuple[int, list[dict[str, Any]], str]:
        code = execute(["bench", *arguments, "--full", "-f", "json"])
        captured = capfd.readouterr()
        return code, json.loads(captured.out)["rows"] if captured.out else [], captured.err

    return run


def test_a_changed_recipe_is_marked_and_goes_into_a_study_of_its_own(
    bench: Cli, tmp_path: Path
) -> None:
    code, rows, err = bench("cnn-plain", "--learning-rate", "0.001", "--test-pixels", "scaled")
    assert code == 0, err
    found = {row["status"]: row for row in rows if row["name"] == "cnn-plain"}
    assert set(found) == {"complete", "published"}
    assert found["complete"]["changes"] == ["learning_rate 0.001", "scaled test pixels"]
    assert found["published"]["changes"] == []
    assert [path.name for path in (tmp_path / "mnist-search-runs").iterdir()] == ["changed-digits"]
    _, plain, _ = bench("cnn-plain")
    (row,) = [row for row in plain if row["name"] == "cnn-plain"]
    assert (row["status"], row["changes"]) == ("complete", [])
    assert row["test_accuracy"] > found["complete"]["test_accuracy"]


def test_a_change_that_would_do_nothing_is_one_line(bench: Cli) -> None:
    code, _, err = bench("logistic", "--learning-rate", "0.1")
    assert code == 2
    assert err.startswith("error: logistic: its policy optimal sets the learning rate")
    code, _, err = bench("mlp-784", "--test-pixels", "raw", "--protocol", "held-out")
    assert code == 2
    assert err.startswith("error: test pixels must be as-documented")
