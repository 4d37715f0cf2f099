"""Searches that are killed, interrupted and started again, through the real command line."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

TRIALS = 12


def start(folder: Path, space: Path, *more: str, seconds: float = 0.01) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "mnist_search", "run", "--space", str(space)]
    arguments = ["-n", str(TRIALS), "--study", "s", "--dataset", "digits", "-f", "json", *more]
    environ = os.environ | {
        "MNIST_SEARCH_TRAINER": "mnist_search.execution.surrogate",
        "MNIST_SEARCH_SURROGATE_SECONDS": str(seconds),
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    return subprocess.Popen(
        command + arguments,
        cwd=folder,
        env=environ,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def wait_for_lines(process: subprocess.Popen[str], count: int) -> None:
    """Wait until so many trials have been told as finished."""
    assert process.stderr is not None
    while count > 0:
        line = process.stderr.readline()
        assert line, "the search ended before it could be struck"
        count -= line.startswith("[")


def trials_in(folder: Path) -> list[tuple[int, str]]:
    path = folder / "mnist-search-runs" / "s" / "study.db"
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT number, state FROM trials ORDER BY trial_id").fetchall()


def params_in(folder: Path) -> dict[int, dict[str, float]]:
    path = folder / "mnist-search-runs" / "s" / "study.db"
    query = "SELECT number, param_name, param_value FROM trial_params JOIN trials USING (trial_id)"
    found: dict[int, dict[str, float]] = {}
    with closing(sqlite3.connect(path)) as connection:
        for number, name, value in connection.execute(query):
            found.setdefault(number, {})[name] = value
    return found


def children_of(pid: int) -> set[int]:
    return {int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def check_whole(folder: Path) -> None:
    trials = trials_in(folder)
    assert [number for number, _ in trials] == list(range(TRIALS))
    assert {state for _, state in trials} <= {"COMPLETE", "PRUNED", "FAIL"}


@pytest.mark.parametrize("round_seed", range(3))
def test_killed_search_ends_whole_and_like_an_undisturbed_one(
    tmp_path: Path, space_file: Path, round_seed: int
) -> None:
    undisturbed = tmp_path / "undisturbed"
    killed = tmp_path / "killed"
    undisturbed.mkdir()
    killed.mkdir()
    process = start(undisturbed, space_file, "--workers", "1", seconds=0)
    _, err = process.communicate(timeout=600)
    assert process.returncode == 0, err

    rng = random.Random(round_seed)
    done: list[int] = []
    for _ in range(3):
        process = start(killed, space_file, "--workers", "1")
        wait_for_lines(process, rng.randint(1, 2))
        workers = children_of(process.pid)
        process.kill()
        process.communicate()
        finished = [
            number for number, state in trials_in(killed) if state in ("COMPLETE", "PRUNED")
        ]
        assert set(done) <= set(finished), "a finished trial was lost"
        done = finished
        assert workers
    process = start(killed, space_file, "--workers", "1")
    out, err = process.communicate(timeout=600)
    assert process.returncode == 0, err
    check_whole(killed)
    assert params_in(killed) == params_in(undisturbed)
    assert len([row for row in json.loads(out)["rows"] if row["kind"] == "trial"]) == TRIALS


def test_workers_die_with_a_killed_search(tmp_path: Path, space_file: Path) -> None:
    process = start(tmp_path, space_file, "--workers", "2", seconds=0.05)
    wait_for_lines(process, 1)
    workers = children_of(process.pid)
    assert len(workers) >= 2
    process.kill()
    process.communicate()
    for _ in range(200):
        if not any(is_alive(pid) for pid in workers):
            break
        signal.sigtimedwait([], 0.05)
    assert not any(is_alive(pid) for pid in workers)


@pytest.mark.parametrize(
    ("number", "times", "code"),
    [(signal.SIGINT, 1, 130), (signal.SIGINT, 2, 130), (signal.SIGTERM, 1, 143)],
    ids=["one Ctrl-C", "two Ctrl-C", "SIGTERM"],
)
def test_signals_leave_nothing_running_and_say_how_to_go_on(
    tmp_path: Path, space_file: Path, number: signal.Signals, times: int, code: int
) -> None:
    process = start(tmp_path, space_file, "--workers", "2", seconds=0.05)
    wait_for_lines(process, 2)
    for _ in range(times):
        os.killpg(process.pid, number)
    _, err = process.communicate(timeout=600)
    assert process.returncode == code, err
    assert "the same command goes on" in err
    assert "Traceback" not in err
    states = {state for _, state in trials_in(tmp_path)}
    assert "RUNNING" not in states
    assert "WAITING" in states
    process = start(tmp_path, space_file, seconds=0)
    _, err = process.communicate(timeout=600)
    assert process.returncode == 0, err
    check_whole(tmp_path)
