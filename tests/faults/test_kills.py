"""Processes killed and told to end at chosen moments."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest

from mnist_search.studies import Ledger
from tests.faults.striking import WORKERS, check_values, workers_of
from tests.processes import is_alive

Until = Callable[..., None]


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
    process = line.start(arguments, **{"trainer": WORKERS, "seconds": 0.2, **how})
    until(lambda: line.study.path.exists() and len(line.study.reported()) == 2, process)
    os.kill(workers_of(process.pid)[0], signal.SIGKILL)
    return line.end(process)


def running(line: Any) -> list[int]:
    return [number for number, state in line.study.states().items() if state == "RUNNING"]


UNAWARE = f"""
def unaware(workers):
    from dataclasses import replace
    from mnist_search.execution import Finished
    from mnist_search.execution.local import LocalExecutor

    class Unaware(LocalExecutor):
        def poll(self, timeout_seconds):
            events = super().poll(timeout_seconds)
            return [replace(e, killed=None) if isinstance(e, Finished) else e for e in events]

    return Unaware(workers, trainer={WORKERS!r})
"""


def test_killed_worker_costs_no_trial(command_line: Any, until: Until) -> None:
    ended = strike_a_worker(command_line, until)
    assert ended.code == 0, ended.err
    assert "its worker was killed, so it runs again, once" in ended.err
    command_line.study.whole(2)
    assert "FAIL" not in command_line.study.states().values()
    check_values(command_line)


def test_control_without_a_second_attempt(command_line: Any, until: Until) -> None:
    strike_a_worker(command_line, until, sabotage=UNAWARE, trainer="sitecustomize:unaware")
    assert "FAIL" in command_line.study.states().values()


def test_workers_die_with_the_coordinator(command_line: Any, until: Until) -> None:
    process = start_slow(command_line, until)
    workers = workers_of(process.pid)
    assert len(workers) == 2
    process.kill()
    process.communicate()
    until(lambda: not any(map(is_alive, workers)))


def test_control_workers_that_do_not_care(command_line: Any, until: Until) -> None:
    sabotage = (
        "import ctypes, pathlib, time, tests.support.surrogate as s\n"
        "def prepare():\n"
        "    ctypes.CDLL(None).prctl(1, 0)  # no signal when the parent dies\n"
        "    return 0.0\n"
        "s.prepare = prepare\n"
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
    ("signals", "code"),
    [
        ((signal.SIGINT,), 130),
        ((signal.SIGINT,) * 3, 130),
        ((signal.SIGTERM,), 143),
        ((signal.SIGHUP,), 129),
    ],
    ids=["6 Ctrl-C", "7 Ctrl-C thrice", "8 SIGTERM", "9 SIGHUP"],
)
def test_signals_give_trials_back(
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
    assert len(command_line.study.states()) < 6 or "WAITING" in states
    assert not any(map(is_alive, workers))
    assert here(*command_line.search(6)).code == 0
    command_line.study.whole(6)


def test_control_without_handlers(command_line: Any, until: Until) -> None:
    process = start_slow(
        command_line, until, sabotage="import signal\nsignal.signal = lambda *_: None\n"
    )
    os.killpg(process.pid, signal.SIGTERM)
    assert command_line.end(process).code == -signal.SIGTERM
    assert running(command_line)


def check_hangup_ignored(forks: Any, study: Any, search: Callable[..., list[str]]) -> None:
    def sabotage() -> None:
        # As `nohup` starts a command.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        close_trial = Ledger.close_trial

        def struck(*args: Any, **named: Any) -> None:
            os.kill(os.getpid(), signal.SIGHUP)
            close_trial(*args, **named)

        Ledger.close_trial = struck  # type: ignore[method-assign]

    ended = forks.run(search(3), sabotage)
    assert ended.code == 0, ended.err
    study.whole(3)


def test_nohup_lets_a_search_go_on(
    forks: Any, study: Any, search: Callable[..., list[str]]
) -> None:
    check_hangup_ignored(forks, study, search)


def test_control_with_handlers_all_the_same(
    forks: Any, study: Any, search: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signal, "getsignal", lambda number: signal.SIG_DFL)
    with pytest.raises(AssertionError, match="stopping"):
        check_hangup_ignored(forks, study, search)
