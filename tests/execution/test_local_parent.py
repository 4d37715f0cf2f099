"""Workers of a process that is killed, signalled or ends."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import IO

import pytest

from tests.execution.driving import PATIENCE_SECONDS, ROOT, wait_for
from tests.processes import is_alive

PARENT = """
import os, signal, sys
sys.path[:0] = {paths!r}
from mnist_search.execution import Finished, Reported, Started
from mnist_search.execution.local import LocalExecutor
from mnist_search.specs import Adam, DatasetRef, Dense, Flatten, Job, Network, RunConfig, Training

def job(number, seed):
    model = Network(layers=(Flatten(), Dense(units=8)))
    training = Training(optimizer=Adam(), batch_size=8, epochs=1)
    data = DatasetRef(name="mnist", digest="0", train_images=60000, test_images=10000)
    return Job(number=number, config=RunConfig(model=model, training=training), seed=seed,
               dataset=data)

def until(kind, count=1):
    while True:
        for event in executor.poll(1.0):
            count -= isinstance(event, kind)
            if count == 0:
                return event

def say(*words):
    print(*words, flush=True)

executor = LocalExecutor(2, trainer="tests.support.hostile")
"""


@contextlib.contextmanager
def parent(script: str) -> Iterator[subprocess.Popen[str]]:
    """Run a script that owns an executor, in a process group of its own."""
    process = subprocess.Popen(
        [sys.executable, "-c", PARENT.format(paths=[str(ROOT)]) + script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def read_words(stream: IO[str] | None) -> list[str]:
    assert stream is not None
    ready, _, _ = select.select([stream], [], [], PATIENCE_SECONDS)
    assert ready, "the parent says nothing"
    return stream.readline().split()


def read_pids(process: subprocess.Popen[str]) -> list[int]:
    words = read_words(process.stdout)
    assert len(words) == 2, process.stderr.read() if process.stderr is not None else words
    return [int(word) for word in words]


@pytest.mark.parametrize("busy", [True, False], ids=["busy", "starting"])
def test_workers_die_with_a_parent_that_is_killed(busy: bool) -> None:
    submit = "executor.submit(job(0, 7)); until(Started)" if busy else "executor.start()"
    with parent(f"{submit}\nsay(*executor.process_ids)\nsys.stdin.read()") as process:
        pids = read_pids(process)
        assert all(is_alive(pid) for pid in pids)
        process.kill()
        process.wait()
        wait_for(lambda: not any(is_alive(pid) for pid in pids), f"the end of {pids}")


def test_workers_of_another_thread_die_with_a_parent_that_is_killed() -> None:
    script = """
import threading
starter = threading.Thread(target=executor.start)
starter.start()
starter.join()
executor.submit(job(0, 7))
executor.submit(job(1, 7))
until(Started, 2)
say(*executor.process_ids)
sys.stdin.read()
"""
    with parent(script) as process:
        pids = read_pids(process)
        process.kill()
        process.wait()
        wait_for(lambda: not any(is_alive(pid) for pid in pids), f"the end of {pids}")


def test_an_interpreter_that_ends_takes_its_workers_along() -> None:
    with parent(
        "executor.submit(job(0, 7)); until(Started); say(*executor.process_ids)"
    ) as parent_:
        pids = read_pids(parent_)
        assert parent_.wait(PATIENCE_SECONDS) == 0
        wait_for(lambda: not any(is_alive(pid) for pid in pids), f"the end of {pids}")


@pytest.mark.parametrize("end", ["executor.close()", "pass"], ids=["closed", "left open"])
def test_an_executor_that_outlives_modules_ends_in_silence(end: str) -> None:
    script = f"""
import contextlib
executor.start()
{end}
# Cleared with that module, after those that need it.
contextlib.kept = executor
del executor
say("ends")
"""
    with parent(script) as process:
        assert read_words(process.stdout) == ["ends"]
        assert process.wait(PATIENCE_SECONDS) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_workers_leave_signals_to_the_group_to_the_parent(name: str) -> None:
    script = f"""
got = []
signal.signal(signal.{name}, lambda *_: got.append(1))
executor.submit(job(0, 8))
until(Reported)
before = executor.process_ids
say(*before)
while not got:
    executor.poll(0.01)
executor.answer(0, stop=False)
finished = until(Finished)
executor.submit(job(1, 15))
other = until(Finished)
say(finished.result.status, other.result.status, before == executor.process_ids)
executor.close()
"""
    with parent(script) as process:
        read_pids(process)
        os.killpg(process.pid, signal.Signals[name])
        assert read_words(process.stdout) == ["complete", "complete", "True"]
        assert process.wait(PATIENCE_SECONDS) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_a_signal_to_the_group_while_workers_start_is_the_parents_alone() -> None:
    script = """
got = []
signal.signal(signal.SIGINT, lambda *_: got.append(1))
executor.start()
before = executor.process_ids
for _ in range(20):
    os.killpg(0, signal.SIGINT)
    executor.poll(0.005)
executor.submit(job(0, 0))
say(until(Finished).result.status, before == executor.process_ids, bool(got))
executor.close()
"""
    with parent(script) as process:
        assert read_words(process.stdout) == ["complete", "True", "True"]
        assert process.stderr is not None
        process.wait(PATIENCE_SECONDS)
        assert process.stderr.read() == ""


def test_the_parent_never_loads_what_is_heavy() -> None:
    script = """
executor.submit(job(0, 0))
until(Finished)
executor.close()
heavy = {"tensorflow", "keras", "numpy", "sklearn", "optuna", "rich"}
say(*(sorted(heavy & set(sys.modules)) or ["none"]))
"""
    with parent(script) as process:
        assert read_words(process.stdout) == ["none"]
