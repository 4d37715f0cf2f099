"""Trials that are not trained: of an exhausted space, too large, or trained already."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.reading import stored_states, trials
from tests.support.journals import Study

Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def finite_space_file(space_file: Path) -> Path:
    """Write the small space with one layer and 16 points."""
    text = space_file.read_text().replace("step = 0.25", "step = 0.5")
    text = text.replace(
        "low = 1e-4\nhigh = 1e-2\nlog = true", "low = 1e-3\nhigh = 2e-3\nstep = 1e-3"
    )
    text = text.replace(
        "low = 1e-3\nhigh = 1e-1\nlog = true", "low = 0.01\nhigh = 0.02\nstep = 0.01"
    )
    text = text.replace("low = 1\nhigh = 2", "low = 1\nhigh = 1")
    space_file.write_text(text.replace("choices = [16, 32, 64]", "choices = [16, 64]"))
    return space_file


@pytest.mark.parametrize("sampler", ["grid", "brute-force"])
def test_exhausted_space_is_said_and_no_error(
    cli: Cli, finite_space_file: Path, sampler: str
) -> None:
    arguments = ("run", "--space", str(finite_space_file), "--sampler", sampler, "-n", "20")
    for _ in range(2):
        code, out, err = cli(*arguments, "-f", "json")
        assert code == 0
        assert "space exhausted: 16 trials" in err
        assert len(trials(out)) == 16


def test_grid_over_a_float_without_step_leaves_no_study(
    cli: Cli, space_file: Path, tmp_path: Path
) -> None:
    code, _, err = cli("run", "--space", str(space_file), "--sampler", "grid", "-n", "3")
    assert code == 2
    assert err.count("\n") <= 2
    assert "learning_rate_adam" in err
    assert not list(tmp_path.glob("mnist-search-runs/*/journal.log"))


def results_of(path: Path) -> list[dict[str, object]]:
    """Read the stored results with nothing of ours between."""
    return list(Study(path=path).attributes("result").values())


def test_too_large_networks_are_recorded_and_not_trained(
    cli: Cli, space_file: Path, tmp_path: Path
) -> None:
    arguments = ("run", "--space", str(space_file), "-n", "12", "--sampler", "random")
    code, out, err = cli(*arguments, "--max-params", "30000", "-f", "json")
    assert code == 0, err
    (database,) = tmp_path.glob("mnist-search-runs/*/journal.log")
    results = results_of(database)
    assert len(results) == 12
    large = [result for result in results if result["failure"] is not None]
    assert 0 < len(large) < 12
    for result in large:
        assert result["failure"]["kind"] == "too-large"  # type: ignore[index]
        assert result["parameters"] > 30000  # type: ignore[operator]
        assert result["status"] == "pruned"
        assert result["epochs"] == []
    assert all(r["parameters"] <= 30000 for r in results if r not in large)  # type: ignore[operator]
    assert "more than --max-params 30,000" in err
    assert {row["status"] for row in trials(out)} <= {"complete", "pruned"}
    code, _, err = cli(*arguments, "--max-params", "20000")
    assert code == 2
    assert "max-params 30000, not 20000" in err


def test_limit_that_nothing_keeps_is_a_missed_budget(cli: Cli, space_file: Path) -> None:
    code, _, err = cli("run", "--space", str(space_file), "-n", "4", "--max-flops", "10")
    assert code == 3
    assert "no trial succeeded" in err


def test_duplicates_are_answered_from_the_ledger(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "tiny.toml"
    path.write_text(
        """
family = "mlp"
description = "Two points"
[parameters.units]
type = "choice"
choices = [16, 32]
per = "dense"
[fixed]
dense_layers = 1
"""
    )
    arguments = ("run", "--space", str(path), "--sampler", "random", "--workers", "1")
    code, _, err = cli(*arguments, "-n", "6", "--pruner", "none", "-f", "json")
    assert code == 0, err
    (database,) = tmp_path.glob("mnist-search-runs/*/journal.log")
    results = results_of(database)
    originals = [result for result in results if result["duplicate_of"] is None]
    assert len(results) == 6
    assert len(originals) == 2
    assert err.count("not trained again") == 4
    for result in results:
        if result["duplicate_of"] is not None:
            original = results[result["duplicate_of"]]  # type: ignore[index]
            assert original["duplicate_of"] is None
            assert result["validation"] == original["validation"]
            assert result["weights_sha256"] is None
    assert stored_states(database) == ["COMPLETE"] * 6
    code, _, err = cli(*arguments, "-n", "8", "--pruner", "none", "-f", "json")
    assert code == 0
    assert len([r for r in results_of(database) if r["duplicate_of"] is None]) == 2
