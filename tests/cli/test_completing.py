"""Tab completion, by the call that bash makes, and what it must not load."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mnist_search.cli import execute
from mnist_search.references import reference_names

ROOT = Path(__file__).parents[2]
Complete = Callable[..., list[str]]


@pytest.fixture
def complete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Complete:
    """Return what bash would be offered for a line that ends where the cursor is."""
    monkeypatch.chdir(tmp_path)

    def offers(line: str) -> list[str]:
        words = f"mnist-search {line}".split(" ")
        monkeypatch.setenv("_MNIST_SEARCH_COMPLETE", "complete_bash")
        monkeypatch.setenv("COMP_WORDS", " ".join(words))
        monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            execute([])
        monkeypatch.delenv("_MNIST_SEARCH_COMPLETE")
        shown = capfd.readouterr()
        assert (ended.value.code, shown.err) == (0, "")
        return shown.out.split()

    return offers


def test_spaces_and_files(complete: Complete, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("")
    (tmp_path / "mine.txt").write_text("")
    assert complete("run --space c") == ["cnn", "cnn-documented"]
    assert complete("run --space m") == ["mlp", "mine.toml"]
    assert complete("spaces show ./mi") == ["./mine.toml"]
    assert complete("spaces show no/such/folder/") == []


def test_references(complete: Complete) -> None:
    assert complete("bench cnn-d") == [n for n in reference_names() if n.startswith("cnn-d")]
    assert complete("bench mlp-784 cnn-si") == ["cnn-simple"]
    assert complete("references show mlp-7") == ["mlp-784"]
    assert complete("check s --against log") == ["logistic", "logistic-l1", "logistic-l2"]
    assert complete("confirm s --references be") == ["best"]
    assert complete("vary ml")[-1] == "mlp"
    assert "mlp-784" in complete("vary ml")


def test_studies_and_trials(
    complete: Complete, space_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNIST_SEARCH_TRAINER", "tests.support.fake:inline")
    home = tmp_path / "runs"
    words = f"run --space {space_file} -n 3 --dataset digits -q --home {home}"
    assert execute([*words.split(), "--study", "first"]) == 0
    (home / "second").mkdir()
    (home / "second" / "study.db").write_bytes(b"no database")
    assert complete(f"report --home {home} ") == ["first", "second"]
    assert complete(f"export --home {home} first ") == ["winner", "0", "1", "2"]
    assert complete(f"figures --home {home} first 1") == ["1"]
    assert complete(f"explain --home {home} first w") == ["winner"]
    assert complete(f"figures --home {home} second ") == ["winner"]
    assert complete("export nowhere ") == ["winner"]
    monkeypatch.setenv("MNIST_SEARCH_HOME", str(home))
    assert complete("confirm f") == ["first"]
    assert complete("vary fir") == ["first:winner"]


@pytest.mark.slow
@pytest.mark.parametrize("line", ["run --space ", "bench ", "export s ", "vary "])
def test_completing_loads_nothing_heavy(line: str, tmp_path: Path) -> None:
    words = f"mnist-search {line}".split(" ")
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import atexit, sys; atexit.register(lambda: print(*sys.modules, file=sys.stderr));"
            "from mnist_search.cli import main; main()",
        ],
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "_MNIST_SEARCH_COMPLETE": "complete_bash",
            "COMP_WORDS": " ".join(words),
            "COMP_CWORD": str(len(words) - 1),
        },
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {name.split(".")[0] for name in done.stderr.split()}
    assert "mnist_search" in loaded
    assert not loaded & {"optuna", "tensorflow", "keras", "numpy", "sqlalchemy", "sklearn", "rich"}
    assert done.stdout.strip()


def test_the_script_for_the_shell_is_shown() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mnist_search", "--show-completion", "bash"],
        capture_output=True,
        text=True,
        check=False,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1",
        },
    )
    assert done.returncode == 0, done.stderr
    assert "_MNIST_SEARCH_COMPLETE=complete_bash" in done.stdout
