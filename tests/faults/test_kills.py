"""Processes killed at random, checked by an independent reader (rows 1 to 9, 12 to 14)."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mnist_search.specs import DatasetRef, Job, RunConfig

WORKERS = "mnist_search.execution.surrogate"
STRIKES_PER_STUDY = 6
TRIALS = 10

Until = Callable[..., None]

_TOLD = re.compile(r"^\[ *\d+/\d+\] trial (\d+) +(complete|pruned|failed)", re.MULTILINE)
_STATES = {"complete": "COMPLETE", "pruned": "PRUNED", "failed": "FAIL"}


class Acknowledged:
    """What the command line has told as done, on a file that every write reaches at once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        # O_SYNC: each line is on the disk before the program that wrote it goes on.
        self.stream = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_SYNC, 0o600)

    def trials(self) -> dict[int, str]:
        told = _TOLD.findall(self._path.read_text(errors="replace"))
        numbers = [number for number, _ in told]
        assert len(numbers) == len(set(numbers)), f"told twice: {numbers}"
        return {int(number): _STATES[status] for number, status in told}

    @property
    def text(self) -> str:
        return self._path.read_text(errors="replace")


def workers_of(pid: int) -> list[int]:
    """Return the worker processes of a coordinator."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [int(child) for child in children if "spawn_main" in command_of(int(child))]


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def check_acknowledged(line: Any, told: Acknowledged) -> None:
    """I1 and I8: what was told as done is in the file, with that state."""
    states = line.study.states() if line.study.path.exists() else {}
    lost = {n: state for n, state in told.trials().items() if states.get(n) != state}
    assert not lost, f"told as done and lost: {lost}"


def check_values(line: Any) -> None:
    """I5: each value is what the surrogate gives for the stored run, stopped where it was."""
    from mnist_search.execution.surrogate import run_job

    dataset = DatasetRef(name="digits", digest="0" * 16, train_images=1500, test_images=297)
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


def batter(
    line: Any,
    until: Until,
    *,
    seed: int,
    strikes: int,
    workers: int,
    targets: tuple[str, ...] = ("coordinator", "worker", "both"),
    **how: Any,
) -> None:
    """Strike a study so often, then let it end; check after every strike and at the end."""
    rng = random.Random(seed)
    told = Acknowledged(line.folder / "told")

    def start() -> subprocess.Popen[bytes]:
        arguments = line.search(TRIALS, "--workers", str(workers))
        process: subprocess.Popen[bytes] = line.start(
            arguments, trainer=WORKERS, seconds=0.01, stderr=told.stream, **how
        )
        return process

    process = start()
    for _ in range(strikes):
        goal = min(TRIALS, len(told.trials()) + rng.choice((1, 1, 2)))
        target = rng.choice(targets)
        struck = process
        until(lambda g=goal, p=struck: len(told.trials()) >= g or p.poll() is not None)
        time.sleep(rng.uniform(0, 0.06))
        victims = workers_of(process.pid)
        if target in ("worker", "both") and victims:
            os.kill(rng.choice(victims), signal.SIGKILL)
        if target == "worker":
            continue
        process.kill()
        process.communicate()
        until(lambda victims=victims: not any(map(is_alive, victims)))
        check_acknowledged(line, told)
        process = start()
    # A coordinator that was about to end when it was struck leaves nothing to be done.
    process.communicate(timeout=120)
    assert process.returncode == 0, told.text[-2000:]
    os.close(told.stream)
    check_acknowledged(line, told)
    line.study.whole(TRIALS)
    check_values(line)


def test_rows_1_2_kill_loop(
    command_line: Any, until: Until, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    rounds = request.config.getoption("--rounds")
    for study in range(0, rounds, STRIKES_PER_STUDY):
        command_line.folder = tmp_path / f"study-{study}"
        command_line.folder.mkdir()
        strikes = min(STRIKES_PER_STUDY, rounds - study)
        batter(command_line, until, seed=study, strikes=strikes, workers=2)


@pytest.mark.parametrize(
    ("sabotage", "found"),
    [
        (
            "import mnist_search.studies.search as s\n"
            "tell = s._SearchWork.finish\n"
            "def finish(self, assignment, result, *, worker):\n"
            "    if assignment.number != 1: tell(self, assignment, result, worker=worker)\n"
            "s._SearchWork.finish = finish\n",
            "told as done and lost",
        ),
        (
            "from mnist_search.studies import Ledger\nLedger.recover = lambda self: (0, 0)\n",
            "trials left behind",
        ),
        (
            "from mnist_search.studies import Ledger\nLedger.slots = lambda self: 0\n",
            "not 0..N-1",
        ),
    ],
    ids=["told before written", "no recovery", "N more at every start"],
)
def test_control_of_the_kill_loop(
    command_line: Any, until: Until, sabotage: str, found: str
) -> None:
    with pytest.raises(AssertionError, match=found):
        batter(
            command_line,
            until,
            seed=2,
            strikes=1,
            workers=2,
            targets=("coordinator",),
            sabotage=sabotage,
        )


def test_row_60_killed_search_equals_an_undisturbed_one(
    command_line: Any, until: Until, tmp_path: Path
) -> None:
    found = []
    for name, strikes in (("undisturbed", 0), ("killed", 1)):
        command_line.folder = tmp_path / name
        command_line.folder.mkdir()
        batter(command_line, until, seed=3, strikes=strikes, workers=1, targets=("both",))
        found.append((command_line.study.params(), command_line.study.values()))
    assert found[0] == found[1]


def start_slow(line: Any, until: Until, trials: int = 4, **how: Any) -> Any:
    """Start a search whose trials take long, and wait until two of them run."""
    process = line.start(
        line.search(trials, "--workers", "2"), **{"trainer": WORKERS, "seconds": 30, **how}
    )
    until(lambda: line.study.path.exists() and len(running(line)) == 2, process)
    return process


def strike_a_worker(line: Any, until: Until, **how: Any) -> Any:
    """Kill a worker in the middle of a trial, and return how the search ended."""
    arguments = line.search(2, "--workers", "2", "--pruner", "none")
    process = line.start(arguments, trainer=WORKERS, seconds=0.2, **how)
    query = "SELECT DISTINCT trial_id FROM trial_intermediate_values"
    until(lambda: line.study.path.exists() and len(line.study.rows(query)) == 2, process)
    os.kill(workers_of(process.pid)[0], signal.SIGKILL)
    return line.end(process)


def running(line: Any) -> list[int]:
    return [number for number, state in line.study.states().items() if state == "RUNNING"]


def test_row_1_killed_worker_costs_no_trial(command_line: Any, until: Until) -> None:
    ended = strike_a_worker(command_line, until)
    assert ended.code == 0, ended.err
    assert "its worker was killed, so it runs again, once" in ended.err
    command_line.study.whole(2)
    assert "FAIL" not in command_line.study.states().values()
    check_values(command_line)


def test_control_of_row_1_without_a_second_attempt(command_line: Any, until: Until) -> None:
    sabotage = (
        "import dataclasses, mnist_search.execution._slot as s\n"
        "made = s.Finished\n"
        "s.Finished = lambda **how: made(**{**how, 'killed': False})\n"
    )
    strike_a_worker(command_line, until, sabotage=sabotage)
    assert "FAIL" in command_line.study.states().values()


def test_row_2_workers_die_with_the_coordinator(command_line: Any, until: Until) -> None:
    process = start_slow(command_line, until)
    workers = workers_of(process.pid)
    assert len(workers) == 2
    process.kill()
    process.communicate()
    until(lambda: not any(map(is_alive, workers)))


def test_control_of_row_2_workers_that_do_not_care(command_line: Any, until: Until) -> None:
    sabotage = (
        "import mnist_search.execution._worker as w\nw._die_with_the_parent = lambda settings: 0\n"
        "import pathlib, time, mnist_search.execution.surrogate as s\n"
        "def run_job(job, report):\n"
        "    pathlib.Path(f'started-{job.number}').touch()\n"
        "    time.sleep(60)\n"
        "s.run_job = run_job\n"
    )
    process = start_slow(command_line, until, sabotage=sabotage)
    # An idle worker ends when its pipe does; a busy one needs to be told.
    until(lambda: len(list(command_line.folder.glob("started-*"))) == 2, process)
    workers = workers_of(process.pid)
    process.kill()
    time.sleep(0.5)
    survivors = [pid for pid in workers if is_alive(pid)]
    for pid in survivors:
        os.kill(pid, signal.SIGKILL)
    assert survivors == workers


@pytest.mark.parametrize(
    ("when", "point"),
    [
        ("before", "Ledger.begin"),
        ("before", "OptunaEngine.tell"),
        ("after", "OptunaEngine.tell"),
        ("before", "Ledger.record"),
    ],
)
def test_row_3_killed_at_a_write(
    command_line: Any, here: Callable[..., Any], point: str, when: str
) -> None:
    name, method = point.split(".")
    sabotage = (
        "import os, signal\n"
        "from mnist_search.studies.ledger import Ledger\n"
        "from mnist_search.studies.search import _SearchWork\n"
        "from mnist_search.engines._optuna import OptunaEngine\n"
        f"inner, calls = {name}.{method}, []\n"
        "def outer(*args, **named):\n"
        "    calls.append(1)\n"
        f"    if len(calls) == 2 and {when == 'before'}: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    inner_result = inner(*args, **named)\n"
        "    if len(calls) == 2: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return inner_result\n"
        f"{name}.{method} = outer\n"
    )
    struck = command_line.run(command_line.search(4), sabotage=sabotage)
    assert struck.code == -signal.SIGKILL, struck.err
    ended = here(*command_line.search(4))
    assert ended.code == 0, ended.err
    command_line.study.whole(4)
    check_values(command_line)


@pytest.mark.parametrize(
    ("signals", "code"),
    [
        ((signal.SIGINT,), 130),
        ((signal.SIGINT,) * 3, 130),
        ((signal.SIGTERM,), 143),
        ((signal.SIGHUP,), 129),
    ],
    ids=["6 Ctrl-C", "7 Ctrl-C thrice", "8 SIGTERM", "9 SIGHUP"],
)
def test_rows_6_to_9_signals_give_trials_back(
    command_line: Any,
    until: Until,
    here: Callable[..., Any],
    signals: tuple[signal.Signals, ...],
    code: int,
) -> None:
    # One Ctrl-C lets the running trials end, anything more urgent takes them back at once.
    seconds = 0.2 if len(signals) == 1 and code == 130 else 30
    process = start_slow(command_line, until, 6, seconds=seconds)
    workers = workers_of(process.pid)
    for number in signals:
        os.killpg(process.pid, number)
        time.sleep(0.05)
    ended = command_line.end(process)
    assert ended.code == code, ended.err
    # The third may come when the search is over and its board is being drawn.
    assert "the same command goes on" in ended.err or len(signals) == 3
    assert "Traceback" not in ended.err
    states = set(command_line.study.states().values())
    assert "RUNNING" not in states
    assert "WAITING" in states
    assert not any(map(is_alive, workers))
    assert here(*command_line.search(6)).code == 0
    command_line.study.whole(6)


def test_control_of_rows_6_to_9_without_handlers(command_line: Any, until: Until) -> None:
    process = start_slow(
        command_line, until, sabotage="import signal\nsignal.signal = lambda *_: None\n"
    )
    os.killpg(process.pid, signal.SIGTERM)
    assert command_line.end(process).code == -signal.SIGTERM
    assert running(command_line)
