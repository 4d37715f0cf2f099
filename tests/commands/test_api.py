"""The commands as a Python library, in a script, under an event loop and in a notebook."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import mnist_search
from mnist_search import bench, check, confirm, explain, open_study, search
from mnist_search.errors import BudgetError, UsageError
from mnist_search.studies import Ledger

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
SCRIPT = re.findall(r"```python\n(.*?)```", README, re.DOTALL)[0]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Work in an empty folder, with results made up in this process."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MNIST_SEARCH_TRAINER", "tests.support.fake:inline")
    monkeypatch.delenv("MNIST_SEARCH_DATA", raising=False)
    return tmp_path


def run_python(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env=os.environ
        | {"PYTHONPATH": str(ROOT), "MNIST_SEARCH_TRAINER": "tests.support.surrogate"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_name_is_there_and_no_other() -> None:
    for name in mnist_search.__all__:
        assert getattr(mnist_search, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'serach'"):
        mnist_search.serach  # type: ignore[attr-defined]  # noqa: B018


@pytest.mark.slow
def test_the_script_of_the_readme_searches_and_prints_a_board(tmp_path: Path) -> None:
    """It has no guarded `__main__`: workers are no copies of the script."""
    assert len(SCRIPT.splitlines()) <= 15
    (tmp_path / "script.py").write_text(SCRIPT)
    done = run_python(tmp_path, "script.py")
    assert done.returncode == 0, done.stderr
    first, *board = done.stdout.splitlines()
    assert re.fullmatch(r"mlp-digits-seed0 \d complete, \d stopped early", first)
    assert any(re.search(r"trial \d", line) for line in board)
    assert done.stderr.count("INFO:mnist_search:trial ") == 5


def test_a_search_runs_under_an_event_loop(here: Path) -> None:
    async def cell() -> mnist_search.commands.search.SearchResult:
        return search("mlp", trials=3, dataset="digits", workers=1)

    found = asyncio.run(cell())
    assert len(found.records) == found.summary.finished == 3


@pytest.mark.slow
def test_a_notebook_searches(tmp_path: Path) -> None:
    nbformat = pytest.importorskip("nbformat", reason="no Jupyter here")
    nbclient = pytest.importorskip("nbclient", reason="no Jupyter here")
    pytest.importorskip("ipykernel", reason="no Jupyter here")
    note = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell(
                f"import os, sys\nsys.path.insert(0, {str(ROOT)!r})\n"
                "os.environ['MNIST_SEARCH_TRAINER'] = 'tests.support.surrogate'"
            ),
            nbformat.v4.new_code_cell(SCRIPT),
        ]
    )
    nbclient.NotebookClient(note, resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert "trial " in str(note.cells[1].outputs)


def test_commands_go_on_from_one_to_the_next(here: Path) -> None:
    found = search("mlp", trials=6, dataset="digits", study="s", pruner="none")
    assert (found.study, found.finished) == ("s", True)
    board = found.board(top=8)
    assert len(board.rows) == 8
    assert {row.kind for row in board.rows} == {"trial", "reference"}
    confirmed = confirm("s", top=2, seeds=2)
    assert confirmed.found.confirmation.winner is not None
    assert explain("s").comparison.reference.name
    walked = explain("s", ablate=True, seeds=1)
    assert walked.attributed is not None
    assert walked.outcome is not None
    with pytest.raises(UsageError, match="was not confirmed with study s"):
        check("s", "mlp-784")
    confirm("s", top=2, seeds=2, references=["mlp-784"])
    verdict = check("s", "mlp-784", point=True)
    assert verdict.passed == (verdict.gain.difference >= 0)
    assert open_study("s").records() == list(found.records)
    measured = bench(["mlp-784"], dataset="digits")
    assert [record.reference for record in measured.records] == ["mlp-784"] * 3
    assert measured.board().rows


def test_mistakes_are_errors_and_nothing_is_printed(
    here: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UsageError, match="needs a space"):
        search(trials=3)
    with pytest.raises(UsageError, match="bench needs names"):
        bench()
    search("mlp", trials=2, dataset="digits", study="s", pruner="none")
    with pytest.raises(BudgetError, match="has a test accuracy"):
        check("s", "mlp-784")
    assert capfd.readouterr() == ("", "")


def strike(monkeypatch: pytest.MonkeyPatch) -> None:
    """Press Ctrl-C twice when the second result is written."""
    real, written = Ledger.close_trial, list[int]()

    def close_trial(ledger: Ledger, *arguments: Any, **more: Any) -> None:
        real(ledger, *arguments, **more)
        written.append(1)
        if len(written) == 2:
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(Ledger, "close_trial", close_trial)


def test_ctrl_c_leaves_the_study_whole_and_is_raised(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    strike(monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        search("mlp", trials=6, dataset="digits", study="s", workers=1, pruner="none")
    states = [record.state for record in open_study("s").records()]
    assert set(states) <= {"complete", "waiting"}
    assert states.count("complete") == 2
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_another_thread_may_search(here: Path) -> None:
    found: list[int] = []

    def work() -> None:
        found.append(len(search("mlp", trials=2, dataset="digits", workers=1).records))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [2]
