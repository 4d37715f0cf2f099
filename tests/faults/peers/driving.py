"""Starting a search of another tool in a folder of its own, striking it, and reading its files."""

from __future__ import annotations

import json
import multiprocessing
import os
import runpy
import signal
import sqlite3
import sys
import time
import warnings
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from pathlib import Path

PROGRAMS = Path(__file__).parent
PATIENCE_SECONDS = 400.0

# Each search is a process of its own, whose imports were done once for all of them.
_CONTEXT = multiprocessing.get_context("forkserver")


def preload(*modules: str) -> None:
    """Import modules before the first search starts."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    _CONTEXT.set_forkserver_preload([*modules, "tests.faults.figures"])


def run_program(program: Path, words: tuple[str, ...], folder: Path, said: tuple[str, str]) -> None:
    """Be a program of this folder, as if it had been started by itself."""
    os.chdir(folder)
    for number, name in enumerate(said, start=1):
        os.dup2(os.open(name, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600), number)
    sys.stdout = os.fdopen(1, "w", buffering=1, closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)
    sys.argv = [str(program), *words]
    warnings.simplefilter("ignore")
    runpy.run_path(str(program), run_name="__main__")


@dataclass(kw_only=True)
class Search:
    """A program of this folder that runs in `folder`, as often as it is started."""

    folder: Path
    program: str
    words: tuple[str, ...] = ()
    processes: list[ForkServerProcess] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Make the folder."""
        self.folder.mkdir(parents=True)

    def start(self, *more: str) -> ForkServerProcess:
        """Start the program once more."""
        count = len(self.processes)
        process = _CONTEXT.Process(
            target=run_program,
            args=(
                PROGRAMS / self.program,
                (*self.words, *more),
                self.folder,
                (f"out-{count}", f"err-{count}"),
            ),
        )
        process.start()
        self.processes.append(process)
        return process

    def end(self, process: ForkServerProcess) -> tuple[int, str, str]:
        """Wait for a process; return its exit code (a signal below zero) and what it said."""
        process.join(PATIENCE_SECONDS)
        if process.exitcode is None:
            raise RuntimeError("it does not end")
        count = self.processes.index(process)
        out, err = (self.folder / f"{name}-{count}" for name in ("out", "err"))
        return process.exitcode, read(out), read(err)

    def run(self, *more: str) -> tuple[int, str, str]:
        """Start the program and wait for it."""
        return self.end(self.start(*more))

    def log(self) -> list[str]:
        """Return what its trials said so far."""
        return read(self.folder / "log").splitlines()

    def count(self, word: str) -> int:
        """Return how often that was said."""
        return sum(f"{line} ".startswith(f"{word} ") for line in self.log())

    def strike(
        self, process: ForkServerProcess, *, trials: int, how: signal.Signals = signal.SIGKILL
    ) -> int:
        """Kill a process in the middle of its so-many-th trial of all; return its exit code."""
        self.wait(process, trials=trials)
        assert process.pid is not None
        os.kill(process.pid, how)
        return self.end(process)[0]

    def wait(self, process: ForkServerProcess, *, trials: int, alone: bool = False) -> None:
        """Wait until so many trials were started, in all processes together or in this alone."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        mine = f" in {process.pid}" if alone else ""
        while sum(mine in line for line in self.log() if line.startswith("started")) < trials:
            if process.exitcode is not None:
                raise RuntimeError(f"it ended too early: {self.end(process)}")
            if time.monotonic() > deadline:
                raise RuntimeError("it never came to its trial")
            time.sleep(0.01)

    def close(self) -> None:
        """Leave no process behind."""
        for process in self.processes:
            if process.exitcode is None:
                process.kill()
                process.join()

    # What is on record

    def optuna_states(self) -> Counter[str]:
        """Return how many trials are in which state."""
        with closing(sqlite3.connect(self.folder / "study.db")) as connection:
            return Counter(state for (state,) in connection.execute("SELECT state FROM trials"))

    def keras_tuner_states(self) -> Counter[str]:
        """Return how many trials are in which state."""
        states: Counter[str] = Counter()
        for path in self.folder.glob("home/*/trial_*/trial.json"):
            try:
                states[json.loads(path.read_text())["status"]] += 1
            except json.JSONDecodeError:
                states["unreadable"] += 1
        return states


def read(path: Path) -> str:
    """Return a text, none where there is no file."""
    return path.read_text(errors="replace") if path.exists() else ""


def listed(states: Counter[str]) -> str:
    """Return how many trials are in which state, in words."""
    return ", ".join(f"{count} {state}" for state, count in sorted(states.items())) or "no trial"


def last_line(text: str) -> str:
    """Return the last line of an error, where Python says what it was."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""
