"""The command line as a user types it, with the surrogate in place of training."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from mnist_search.cli import execute

Cli = Callable[..., tuple[int, str, str]]
Made = Callable[..., Path]


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


@pytest.fixture
def made(
    cli: Cli, space_file: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Made:
    """Run commands, in which {space} is the small one; return the home that they made.

    Tests that ask for the same get a copy of what the first one made.
    """

    def make(*commands: str) -> Path:
        home = tmp_path / "mnist-search-runs"
        digest = hashlib.sha256("\n".join(commands).encode()).hexdigest()
        kept = tmp_path_factory.getbasetemp() / f"home-{digest[:16]}"
        if kept.exists():
            return shutil.copytree(kept, home)
        for command in commands:
            code, _, err = cli(*command.format(space=space_file).split())
            assert code == 0, err
        shutil.copytree(home, kept)
        return home

    return make
