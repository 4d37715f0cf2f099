"""The command line as a process that can be struck, and a reader of studies that is not ours."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
INLINE = "surrogate-inline"
WORKERS = "mnist_search.execution.surrogate"
PATIENCE_SECONDS = 120.0


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rounds", type=int, default=4, help="strikes of the kill loop")


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    def refused(self, code: int, *words: str) -> None:
        """Check that it said one line with those words, and nothing of its insides."""
        assert self.code == code, f"exit code {self.code}, not {code}: {self.err}"
        errors = [line for line in self.err.splitlines() if line.startswith("error: ")]
        assert len(errors) == 1, self.err
        assert "Traceback" not in self.err
        for word in words:
            assert word in errors[0], errors[0]


@dataclass(kw_only=True)
class Study:
    """A study read by nothing but `sqlite3`."""

    path: Path

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        address = f"{self.path.resolve().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=30)) as connection:
            return connection.execute(query).fetchall()

    def states(self) -> dict[int, str]:
        found = self.rows("SELECT number, state FROM trials")
        assert len(found) == len(dict(found)), "a number was given twice"
        return dict(found)

    def values(self) -> dict[int, float]:
        return dict(
            self.rows("SELECT number, value FROM trial_values JOIN trials USING (trial_id)")
        )

    def params(self) -> dict[tuple[int, str], float]:
        query = "SELECT number, param_name, param_value FROM trial_params JOIN trials"
        rows = self.rows(f"{query} USING (trial_id)")
        assert len({row[:2] for row in rows}) == len(rows)
        return {(number, name): value for number, name, value in rows}

    def attributes(self, key: str) -> dict[int, Any]:
        query = "SELECT number, value_json FROM trial_user_attributes JOIN trials USING (trial_id)"
        return {
            number: json.loads(text) for number, text in self.rows(f"{query} WHERE key = '{key}'")
        }

    def whole(self, trials: int) -> None:
        """Check that it has exactly so many trials, all over, and that the file is sound."""
        assert self.rows("PRAGMA integrity_check") == [("ok",)]
        states = self.states()
        assert sorted(states) == list(range(trials)), "numbers are not 0..N-1"
        left = {number: state for number, state in states.items() if state not in OVER}
        assert not left, f"trials left behind: {left}"


OVER = ("COMPLETE", "PRUNED", "FAIL")


@dataclass(kw_only=True)
class CommandLine:
    """Runs `mnist-search` in a folder; `sabotage` is Python that its processes run first."""

    folder: Path
    space: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def study(self) -> Study:
        return Study(path=self.folder / "mnist-search-runs" / "s" / "study.db")

    def search(self, trials: int = 4, *more: str) -> list[str]:
        words = f"run --space {self.space} -n {trials} --study s --dataset digits -f json"
        return [*words.split(), *more]

    def start(
        self,
        arguments: Sequence[str],
        *,
        trainer: str = INLINE,
        seconds: float = 0,
        environ: Mapping[str, str | None] | None = None,
        sabotage: str = "",
        prefix: Sequence[str] = (),
        **streams: Any,
    ) -> subprocess.Popen[bytes]:
        paths = [str(ROOT)]
        if sabotage:
            hook = self.folder / "sabotage"
            hook.mkdir(exist_ok=True)
            (hook / "sitecustomize.py").write_text(sabotage)
            paths.insert(0, str(hook))
        variables: dict[str, str | None] = {
            **os.environ,
            "MNIST_SEARCH_TRAINER": trainer,
            "MNIST_SEARCH_SURROGATE_SECONDS": str(seconds),
            "PYTHONPATH": os.pathsep.join(paths),
            **({} if environ is None else environ),
        }
        process = subprocess.Popen(
            [*prefix, sys.executable, "-m", "mnist_search", *arguments],
            env={name: value for name, value in variables.items() if value is not None},
            start_new_session=True,
            **{
                "cwd": self.folder,
                "stdin": subprocess.DEVNULL,
                "stdout": subprocess.PIPE,
                "stderr": subprocess.PIPE,
                **streams,
            },
        )
        self.processes.append(process)
        return process

    def run(self, arguments: Sequence[str], **how: Any) -> Ended:
        return self.end(self.start(arguments, **how))

    def end(self, process: subprocess.Popen[bytes]) -> Ended:
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
        texts = ["" if said is None else said.decode(errors="replace") for said in (out, err)]
        return Ended(code=process.returncode, out=texts[0], err=texts[1])


@pytest.fixture
def command_line(tmp_path: Path, space_file: Path) -> Any:
    line = CommandLine(folder=tmp_path, space=space_file)
    yield line
    for process in line.processes:
        process.kill()
        process.wait()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()


@pytest.fixture
def until() -> Callable[..., None]:
    """Wait for a condition; a process that ends meanwhile, or much too long a time, fails."""

    def wait(condition: Callable[[], bool], process: subprocess.Popen[bytes] | None = None) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            if process is not None and process.poll() is not None and not condition():
                raise AssertionError("the process ended too early")
            assert time.monotonic() < deadline, "it never came"
            time.sleep(0.005)

    return wait


@pytest.fixture
def here(
    tmp_path: Path, space_file: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> Callable[..., Ended]:
    """Run the command line in this process, which takes no second to start."""
    from mnist_search.cli import execute

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MNIST_SEARCH_TRAINER", INLINE)

    def run(*arguments: str) -> Ended:
        capfd.readouterr()
        code = execute(list(arguments))
        said = capfd.readouterr()
        return Ended(code=code, out=said.out, err=said.err)

    return run


@pytest.fixture
def search(space_file: Path) -> Callable[..., list[str]]:
    """Return the arguments of a search."""

    def arguments(trials: int = 4, *more: str) -> list[str]:
        words = f"run --space {space_file} -n {trials} --study s --dataset digits -f json"
        return [*words.split(), "--workers", "2", *more]

    return arguments


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return Study(path=tmp_path / "mnist-search-runs" / "s" / "study.db")
