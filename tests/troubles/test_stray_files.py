"""Kind F: files of the user that have a module's name are not imported in its place."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.troubles.conftest import Shell

STRAY = "raise SystemExit(f'a stray {__name__} ran')"
OTHERS = ("numpy", "optuna", "keras", "typer", "pydantic", "rich", "psutil", "sitecustomize")


@pytest.fixture
def strays(shell: Shell, tmp_path: Path) -> None:
    """Put a file in the place of every module but those that Python itself needs for `-m`."""
    folder = tmp_path / "here"
    (folder / "probe.py").write_text("import sys\nprint(*sys.modules)")
    probe = [sys.executable, "-m", "probe"]
    done = subprocess.run(probe, capture_output=True, text=True, cwd=folder, check=True)
    # Nobody has a __future__.py, and the first line of every module asks for it.
    needed = {"__future__"} | {name.partition(".")[0] for name in done.stdout.split()}
    for name in {*sys.stdlib_module_names, *OTHERS} - needed:
        (folder / f"{name}.py").write_text(STRAY)
    assert {"typing", "socket", "json"} - needed


@pytest.mark.usefixtures("strays")
@pytest.mark.parametrize(
    "words",
    [
        "run --space mlp -n 2 --study s -q",
        "run --space mlp -n 2 --study k --engine keras-tuner -q",
        "report",
        "data show digits",
    ],
)
def test_a_command_starts_on_its_own_modules(words: str, shell: Shell) -> None:
    done = shell(*words.split(), module=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.usefixtures("strays")
def test_workers_start_on_their_own_modules(shell: Shell) -> None:
    words = ["run", "--space", "mlp", "-n", "2", "--study", "s", "--workers", "2", "-q"]
    done = shell(*words, module=True, MNIST_SEARCH_TRAINER="tests.support.surrogate")
    assert done.returncode == 0, done.stderr


@pytest.mark.usefixtures("strays")
def test_control_without_a_safe_path(shell: Shell) -> None:
    unsafe = "import sys; sys.path.insert(0, ''); import typing"
    assert shell("report", before=unsafe).returncode == 1
