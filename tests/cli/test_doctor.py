"""`doctor`: what is found, what is wrong, and what to do about it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mnist_search.cli import execute

EXPECTED = {
    "python", "tensorflow", "keras", "optuna", "keras-tuner", "rich", "typer", "numpy", "cores",
    "load", "memory", "processor", "home", "disk", "file system", "temporary files", "studies",
    "chromium", "data",
}  # fmt: skip


def test_every_line_has_a_status_and_each_worry_a_hint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("MNIST_SEARCH_DATA", raising=False)
    home = tmp_path / "runs"
    assert execute(["doctor", "--quick", "--home", str(home), "-f", "json"]) == 0
    shown = capfd.readouterr()
    assert shown.err == ""
    rows = {row["check"]: row for row in json.loads(shown.out)["rows"]}
    assert set(rows) >= EXPECTED
    assert {row["status"] for row in rows.values()} <= {"ok", "warn"}
    assert all((row["status"] == "ok") == (row["hint"] is None) for row in rows.values())
    assert rows["disk"]["free_bytes"] > 0
    assert rows["file system"]["lacking"] == []
    assert not home.exists()
    assert execute(["doctor", "--quick", "--home", str(home)]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert len(lines) == len(rows)
    assert all(line.split()[0] in ("ok", "warn") for line in lines)


def test_a_failure_is_a_warning_and_with_strict_an_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MNIST_SEARCH_DATA", str(tmp_path / "nowhere.npz"))
    command = ["doctor", "--quick", "--home", str(tmp_path), "-f", "json"]
    assert execute(command) == 0
    shown = capfd.readouterr()
    (row,) = [r for r in json.loads(shown.out)["rows"] if r["check"] == "data"]
    assert (row["status"], row["hint"]) == ("fail", "correct or unset MNIST_SEARCH_DATA")
    assert shown.err == "warning: needs attention: data\n"
    assert execute([*command, "--strict"]) == 7
    assert capfd.readouterr().err == "error: needs attention: data\n"
    monkeypatch.delenv("MNIST_SEARCH_DATA")
    assert execute([*command, "--strict"]) == 0
