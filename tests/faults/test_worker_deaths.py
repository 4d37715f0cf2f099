"""Workers that die or stop in mid-message, and what they had started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mnist_search.execution import Finished
from mnist_search.execution.local import LocalExecutor
from mnist_search.specs import (
    Adam,
    DatasetRef,
    Dense,
    Failure,
    Flatten,
    Job,
    Network,
    RunConfig,
    Training,
)
from tests.processes import is_alive

Until = Callable[..., None]

DATASET = DatasetRef(name="digits", digest="0" * 16, train_images=1500, test_images=297)
HALF, STOPPED, LEAVING, HANGING, DONE = range(5)


def prepare() -> float:
    """Be a trainer whose jobs do what their seeds say; workers import this very module."""
    return 0.0


def run_job(job: Job, report: Callable[[int, float], bool]) -> Any:
    if job.seed == DONE:
        from tests.support import surrogate

        return surrogate.run_job(job, report)
    if job.seed in (HALF, STOPPED):
        # The length of a message and three bytes of it, on the socket that leads to the parent.
        os.write(int(sys.argv[1]), (1000).to_bytes(4, "big") + b"abc")
        if job.seed == STOPPED:
            os.kill(os.getpid(), signal.SIGSTOP)
        os._exit(0)
    ignoring = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=1)"
    grandchild = subprocess.Popen(
        [sys.executable, "-SEc", f"{ignoring}; time.sleep(600)"],
        stdout=subprocess.PIPE,
        # The control: it leaves the group of its worker.
        start_new_session="GRANDCHILD_LEAVES" in os.environ,
    )
    assert grandchild.stdout is not None
    grandchild.stdout.readline()
    Path(os.environ["GRANDCHILD"]).write_text(str(grandchild.pid))
    if job.seed == LEAVING:
        os._exit(3)
    time.sleep(600)


def make_job(number: int, seed: int) -> Job:
    model = Network(layers=(Flatten(), Dense(units=16)))
    training = Training(optimizer=Adam(), batch_size=64, epochs=1)
    config = RunConfig(model=model, training=training, protocol="held-out")
    return Job(number=number, config=config, seed=seed, dataset=DATASET)


@pytest.fixture
def build(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Callable[..., LocalExecutor]]:
    monkeypatch.setenv("GRANDCHILD", str(tmp_path / "grandchild"))
    built: list[LocalExecutor] = []

    def make(**options: Any) -> LocalExecutor:
        executor = LocalExecutor(1, trainer="tests.faults.test_worker_deaths", **options)
        built.append(executor)
        return executor

    yield make
    for executor in built:
        executor.close()


@pytest.fixture
def executor(build: Callable[..., LocalExecutor]) -> LocalExecutor:
    return build(patience_seconds=0.1)


def finish(executor: LocalExecutor, number: int, seed: int, until: Until) -> Any:
    found: list[Any] = []

    def over() -> bool:
        for event in executor.poll(0.2):
            if isinstance(event, Finished):
                found.append(event.result)
            elif not hasattr(event, "step"):
                continue
            else:
                executor.answer(event.number, stop=False)
        return bool(found)

    executor.submit(make_job(number, seed))
    until(over)
    return found[0]


def check_half(executor: LocalExecutor, seed: int, until: Until) -> None:
    failed = finish(executor, 0, seed, until)
    assert failed.status == "failed"
    assert failed.failure.kind == "worker-died"
    # The next job finds a worker as if nothing had been.
    assert finish(executor, 1, DONE, until).status == "complete"


def test_half_a_message_and_then_death(executor: LocalExecutor, until: Until) -> None:
    check_half(executor, HALF, until)


def test_half_a_message_and_then_nothing(executor: LocalExecutor, until: Until) -> None:
    check_half(executor, STOPPED, until)


def test_control_without_a_limit(build: Callable[..., LocalExecutor]) -> None:
    executor = build(patience_seconds=float("inf"))
    executor.submit(make_job(0, STOPPED))
    seen: list[Any] = []
    # It would be given up with the next look.
    deadline = time.monotonic() + 3.0
    while time.monotonic() < deadline:
        seen += executor.poll(0.1)
    assert not any(isinstance(event, Finished) for event in seen)


def check_grandchild(executor: LocalExecutor, seed: int, until: Until, how: str) -> None:
    """I10: what a trial started and would not end does not outlive its worker."""
    path = Path(os.environ["GRANDCHILD"])
    if seed == LEAVING:
        assert finish(executor, 0, seed, until).failure.message == "worker exited with code 3"
    else:
        executor.submit(make_job(0, seed))
        executor.poll(0.01)
        until(lambda: path.exists() and path.read_text() != "")
        if how == "killed":
            executor.kill(0, Failure(kind="timeout", message="too long"))
            until(lambda: any(isinstance(event, Finished) for event in executor.poll(0.2)))
        else:
            executor.close()
    pid = int(path.read_text())
    for _ in range(20):
        if not is_alive(pid):
            return
        time.sleep(0.01)
    os.kill(pid, signal.SIGKILL)
    raise AssertionError("a grandchild is left")


CASES = {
    "worker exits": (LEAVING, ""),
    "killed": (HANGING, "killed"),
    "closed": (HANGING, "closed"),
}


@pytest.mark.parametrize("case", CASES)
def test_grandchildren_that_ignore_sigterm(
    executor: LocalExecutor, until: Until, case: str
) -> None:
    seed, how = CASES[case]
    check_grandchild(executor, seed, until, how)


def test_control_without_a_group(
    executor: LocalExecutor, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRANDCHILD_LEAVES", "1")
    with pytest.raises(AssertionError, match="a grandchild is left"):
        check_grandchild(executor, LEAVING, until, "")
