"""`bench` with a changed recipe: a control that the verdicts can fail."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mnist_search.cli import execute
from mnist_search.references import times
from mnist_search.studies import read_records

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


def measured(rows: list[dict[str, Any]]) -> dict[str, int]:
    return {row["name"]: row["n"] for row in rows if row["status"] == "complete"}


def test_short_references_train_three_times_and_the_cost_is_told(
    bench: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(times.FIT_SECONDS, "cnn-plain", 1e6)  # type: ignore[arg-type]
    code, rows, err = bench("cnn-plain", "mlp-784")
    assert code == 0, err
    assert measured(rows) == {"cnn-plain": 1, "mlp-784": 3}
    told = "4 runs of 2 references: about "
    (line,) = [line for line in err.splitlines() if line.startswith(told)]
    assert line.endswith(" of training on 2 cores of an AMD EPYC, where they were measured")
    _, again, err = bench("cnn-plain", "mlp-784")
    assert again == rows
    assert "of training on" not in err
    _, rows, err = bench("cnn-plain", "--repeats", "2")
    assert measured(rows) == {"cnn-plain": 2}
    assert "1 run of 1 reference: about " in err
    _, rows, err = bench("mlp-784", "--repeats", "4")
    assert measured(rows) == {"mlp-784": 4}
    assert "1 run of 1 reference: less than a minute of training" in err
    _, rows, _ = bench("mlp-784", "--repeats", "1")
    assert measured(rows) == {"mlp-784": 1}


def test_a_quick_run_has_no_more_images_than_the_data_set(
    bench: Cli, capfd: pytest.CaptureFixture[str]
) -> None:
    assert execute(["bench", "mlp-784", "--quick", "-f", "json"]) == 0
    output = capfd.readouterr()
    (record,) = read_records(Path("mnist-search-runs"), ["quick-digits"])
    assert record.config is not None
    assert record.dataset is not None
    assert record.config.training.train_images == record.dataset.train_images
    assert "30,000" not in output.out + output.err
    assert "of training on" not in output.err
