"""Striking processes at chosen and at random moments, and what must hold afterwards."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from mnist_search.specs import DatasetRef, Job, RunConfig
from tests.processes import is_alive

WORKERS = "tests.support.surrogate"
# What the command line of a worker process names.
WORKER = "mnist_search.execution._worker"
TARGETS = ("coordinator", "worker", "both")
PATIENCE_SECONDS = 600.0
TRIALS = 10

_TOLD = re.compile(r"^\[ *\d+/\d+\] trial (\d+) +(complete|pruned|failed)", re.MULTILINE)
_STATES = {"complete": "COMPLETE", "pruned": "PRUNED", "failed": "FAIL"}
_OVER = ("COMPLETE", "PRUNED", "FAIL")
_HALF_MADE = re.compile(r"\.new\b|\.tmp$|\.part$")

# Counts the lines that the journal gets, and ends the process before, amid or after one of them.
WRITE_STRIKE = """
import atexit, os, pathlib, signal, sys
if "mnist_search.execution._worker" not in " ".join(sys.orig_argv):
    when, at = os.environ["STRIKE_AT"].split(":")
    write, calls = os.write, []
    def strike(file, data):
        if bytes(data[:11]) != b'{"op_code":':
            return write(file, data)
        calls.append(1)
        struck = len(calls) == int(at)
        if struck and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        if struck and when == "amid":
            write(file, data[: len(data) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        written = write(file, data)
        if struck:
            os.kill(os.getpid(), signal.SIGKILL)
        return written
    os.write = strike
    atexit.register(lambda: pathlib.Path("writes").write_text(str(len(calls))))
"""


class Acknowledged:
    """What the command line has told as done, on a file that every write reaches at once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        # O_SYNC: each line is on the disk before the program that wrote it goes on.
        self.stream = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_SYNC, 0o600)

    def trials(self) -> dict[int, str]:
        return {int(number): _STATES[status] for number, status in _TOLD.findall(self.text)}

    def told_twice(self) -> list[int]:
        counts = Counter(int(number) for number, _ in _TOLD.findall(self.text))
        return [number for number, count in counts.items() if count > 1]

    @property
    def text(self) -> str:
        return self._path.read_text(errors="replace")


@dataclass(kw_only=True)
class Tally:
    """What was done to studies, and what was found wrong with them."""

    kills: Counter[str] = field(default_factory=Counter)
    studies: int = 0
    trials: int = 0
    acknowledged: int = 0
    wrong: Counter[str] = field(default_factory=Counter)
    details: list[str] = field(default_factory=list)

    def find(self, kind: str, found: object, detail: str) -> None:
        """Count what is wrong, if anything is."""
        count = len(found) if isinstance(found, list | dict) else int(bool(found))
        if count:
            self.wrong[kind] += count
            self.details.append(f"{detail}: {found}")

    def add(self, other: Tally) -> None:
        self.kills += other.kills
        self.studies += other.studies
        self.trials += other.trials
        self.acknowledged += other.acknowledged
        self.wrong += other.wrong
        self.details += other.details

    def check(self) -> None:
        assert not self.details, "\n".join(self.details)


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[bytes] | None = None) -> None:
    """Wait for a condition; a process that ends meanwhile, or much too long a time, fails."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if process is not None and process.poll() is not None and not condition():
            raise AssertionError("the process ended too early")
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.005)


def workers_of(pid: int) -> list[int]:
    """Return the worker processes of a coordinator."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [int(child) for child in children if WORKER in command_of(int(child))]


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def kill(pid: int) -> bool:
    """Kill a process that may have ended already; return whether it had not."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def states_of(line: Any) -> list[tuple[int, str]]:
    return sorted(line.study.states().items()) if line.study.path.exists() else []


def check_acknowledged(line: Any, told: Acknowledged, tally: Tally) -> None:
    """I1 and I8: what was told as done is in the file, with that state, and was told once."""
    states = dict(states_of(line))
    lost = {n: state for n, state in told.trials().items() if states.get(n) != state}
    tally.find("lost", lost, "told as done and lost")
    tally.find("told_twice", told.told_twice(), "told twice")


def check_whole(line: Any, trials: int, tally: Tally) -> None:
    """I2 to I4: exactly so many trials, each number once, all over, in a sound file."""
    content = line.study.path.read_bytes()
    tally.find("damaged", not content.endswith(b"\n"), "the last line has no end")
    numbers = [each["line"] for each in line.study.lines()]
    tally.find("damaged", numbers != [*range(1, len(numbers) + 1)], "lines lost or doubled")
    rows = states_of(line)
    counts = Counter(number for number, _ in rows)
    twice = [number for number, count in counts.items() if count > 1]
    tally.find("duplicated", twice, "a number was given twice")
    tally.find("other_than_n", sorted(counts) != [*range(trials)], "numbers are not 0..N-1")
    left = {number: state for number, state in rows if state not in _OVER}
    tally.find("left_behind", left, "trials left behind")
    tally.trials += len(rows)


def check_values(line: Any) -> None:
    """I5: each value is what the surrogate gives for the stored run, stopped where it was."""
    from tests.support.surrogate import run_job

    dataset = DatasetRef.model_validate(line.study.study_attribute("spec")["dataset"])
    results, values = line.study.attributes("result"), line.study.values()
    for number, run in line.study.attributes("run").items():
        if results[number]["status"] == "failed":
            continue
        rungs = tuple(step for step, _ in results[number]["reports"])
        job = Job(
            number=number,
            config=RunConfig.model_validate(run["config"]),
            seed=run["seed"],
            dataset=dataset,
            rungs=rungs,
        )
        pruned, last = results[number]["status"] == "pruned", max(rungs)
        again = run_job(job, lambda step, _, stop=last if pruned else None: step == stop)
        assert values[number] == pytest.approx(again.last_accuracy, abs=0.01)
        assert values[number] == results[number]["reports"][-1][1]


def settle(line: Any, told: Acknowledged, tally: Tally, *, trials: int) -> None:
    """Check a study that its last process says is finished."""
    os.close(told.stream)
    check_acknowledged(line, told, tally)
    check_whole(line, trials, tally)
    check_leftovers(line, tally)
    if not tally.details:
        try:
            check_values(line)
        except AssertionError as error:
            tally.find("wrong_values", True, f"values are not those of the parameters: {error}")
    tally.studies += 1
    tally.acknowledged += len(told.trials())


def check_leftovers(line: Any, tally: Tally) -> None:
    """I7: nothing half-made lies about."""
    left = [path.name for path in line.study.path.parent.rglob("*") if _HALF_MADE.search(path.name)]
    tally.find("half_made", left, "half-made files left")


def batter(
    line: Any,
    *,
    seed: int,
    strikes: int,
    workers: int,
    targets: tuple[str, ...] = TARGETS,
    progress: tuple[int, ...] = (0, 1, 1, 2),
    **how: Any,
) -> Tally:
    """Strike one study at random moments, at most so often, let it end, and say what was found.

    Each strike comes after one of `progress` more trials; with 0 it meets a process that starts.
    """
    rng = random.Random(seed)
    told = Acknowledged(line.folder / "told")
    tally = Tally()

    def start() -> subprocess.Popen[bytes]:
        arguments = line.search(TRIALS, "--workers", str(workers))
        # Nobody reads while it is waited for, and a board is more than a pipe holds.
        streams = {"stdout": subprocess.DEVNULL, "stderr": told.stream}
        process: subprocess.Popen[bytes] = line.start(
            arguments, trainer=WORKERS, seconds=0.01, **streams, **how
        )
        return process

    process = start()
    for _ in range(strikes):
        step, target = rng.choice(progress), rng.choice(targets)
        goal, struck = len(told.trials()) + step, process
        wait_for(lambda g=goal, p=struck: len(told.trials()) >= g or p.poll() is not None)
        time.sleep(rng.uniform(0, 0.06 if step else 1.0))
        if target != "coordinator":
            wait_for(lambda p=struck: bool(workers_of(p.pid)) or p.poll() is not None)
        victims = workers_of(process.pid)
        if process.poll() is not None:
            break
        if target != "coordinator" and not (victims and kill(rng.choice(victims))):
            continue
        tally.kills[target] += 1
        if target == "worker":
            continue
        process.kill()
        process.communicate()
        wait_for(lambda victims=victims: not any(map(is_alive, victims)))
        check_acknowledged(line, told, tally)
        process = start()
    process.communicate(timeout=PATIENCE_SECONDS)
    tally.find("failed", process.returncode, f"it ended badly: {told.text[-2000:]}")
    settle(line, told, tally, trials=TRIALS)
    return tally


def strike_writes(line: Any, *, points: Sequence[tuple[str, int]], trials: int) -> Tally:
    """Strike at each of these lines, in as many studies as it takes.

    A point is `before`, `amid` or `after` and the number of the line since its process started.
    """
    tally = Tally()
    home = line.folder
    pending = deque(points)
    while pending:
        line.folder = home / f"{len(pending)}-to-do"
        line.folder.mkdir(parents=True)
        told = Acknowledged(line.folder / "told")
        code, struck = -signal.SIGKILL, 0
        while code == -signal.SIGKILL:
            when, at = pending[0] if pending else ("before", 0)
            process = line.start(
                line.search(trials, "--workers", "2"),
                stderr=told.stream,
                sabotage=WRITE_STRIKE,
                environ={"STRIKE_AT": f"{when}:{at}"},
            )
            process.communicate(timeout=PATIENCE_SECONDS)
            code = process.returncode
            check_acknowledged(line, told, tally)
            if code == -signal.SIGKILL:
                tally.kills[f"{when} a write"] += 1
                pending.popleft()
                struck += 1
        tally.find("failed", code, f"it ended badly: {told.text[-2000:]}")
        settle(line, told, tally, trials=trials)
        if pending and not struck:
            # A whole study has fewer lines than this.
            pending.popleft()
        if tally.details:
            break
    return tally


def count_writes(line: Any, *, trials: int) -> int:
    """Return how many lines an undisturbed study takes."""
    arguments = line.search(trials, "--workers", "2")
    environ = {"STRIKE_AT": "before:0"}
    ended = line.run(arguments, sabotage=WRITE_STRIKE, environ=environ)
    assert ended.code == 0, ended.err
    return int((line.folder / "writes").read_text())
