"""The command line in a process of its own, in an empty folder, with the surrogate trainer."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from mnist_search.interpreter import python_environment

Shell = Callable[..., subprocess.CompletedProcess[bytes]]
PROGRAM = "from mnist_search.cli import main; main()"


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """Run a command line; `before` is Python to run first, `under` a command to run it under,
    `module` starts it by `python -m`,
    `settings` are variables (None: unset).

    Output is bytes, as a terminal gets them.
    """
    folder = tmp_path / "here"
    folder.mkdir()

    def run(
        *words: str | bytes,
        before: str = "",
        under: Sequence[str] = (),
        module: bool = False,
        **settings: str | None,
    ) -> subprocess.CompletedProcess[bytes]:
        wanted = {
            "MNIST_SEARCH_TRAINER": "tests.support.fake:inline",
            "MNIST_SEARCH_DATASET": "digits",
            "PYTHONIOENCODING": None,
            **settings,
        }
        environ = python_environment(os.environ) | {k: v for k, v in wanted.items() if v}
        for name in (name for name, value in wanted.items() if value is None):
            environ.pop(name, None)
        start = ["-c", f"{before}\n{PROGRAM}"]
        if module:
            # As users do: the working folder is on the path until the program takes it away.
            start = ["-m", "mnist_search"]
            environ.pop("PYTHONSAFEPATH")
        return subprocess.run(
            [*under, sys.executable, "-W", "ignore", *start, *words],
            capture_output=True,
            cwd=folder,
            env=environ,
            timeout=120,
            check=False,
        )

    return run
