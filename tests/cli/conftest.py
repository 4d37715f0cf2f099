"""The command line as a user types it, with the surrogate in place of training."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mnist_search.cli import execute

Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Cli:
    """Run a command line in an empty folder; return exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MNIST_SEARCH_DATA", raising=False)
    monkeypatch.setenv("MNIST_SEARCH_TRAINER", "tests.support.fake:inline")
    monkeypatch.setenv("MNIST_SEARCH_DATASET", "digits")

    def run(*arguments: str) -> tuple[int, str, str]:
        code = execute(list(arguments))
        captured = capfd.readouterr()
        return code, captured.out, captured.err

    return run
