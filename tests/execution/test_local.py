"""Worker processes that die, hang, flood, grow and are orphaned."""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest

from mnist_search.errors import MnistSearchError, ResourceError, UsageError
from mnist_search.execution import Event, Finished, Reported, Started
from mnist_search.execution._output import JOB_BYTES
from mnist_search.execution.local import LocalExecutor
from mnist_search.specs import Failure, Job, RunResult, available_cores

MakeJob = Callable[..., Job]
Build = Callable[..., LocalExecutor]

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
# What `hostile_trainer` does for a seed.
FINE, SEGFAULT, EXIT, SIGKILL, RAISE, MEMORY, SYS_EXIT, HANG = range(8)
REPORT, FLOOD, GROW, VARIABLES, NO_RESULT, SPEAK, GRANDCHILD, SIGNALS = range(8, 16)
PATIENCE_SECONDS = 60.0


@pytest.fixture
def build(monkeypatch: pytest.MonkeyPatch) -> Iterator[Build]:
    monkeypatch.syspath_prepend(str(HERE))
    built: list[LocalExecutor] = []

    def make(workers: int = 1, **options: object) -> LocalExecutor:
        executor = LocalExecutor(workers, trainer="hostile_trainer", **options)  # type: ignore[arg-type]
        built.append(executor)
        return executor

    yield make
    for executor in built:
        executor.close()


def wait_for(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.005)


def next_events(executor: LocalExecutor) -> list[Event]:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if events := executor.poll(1.0):
            return events
    raise AssertionError("nothing happened")


def finish(executor: LocalExecutor, job: Job | None = None) -> RunResult:
    """Run a job, or wait for the one that runs, going on at every report."""
    if job is not None:
        executor.submit(job)
    while True:
        for event in next_events(executor):
            if isinstance(event, Finished):
                return event.result
            if isinstance(event, Reported):
                executor.answer(event.number, stop=False)


def failure_of(result: RunResult) -> Failure:
    assert result.status == "failed"
    assert result.failure is not None
    return result.failure


def is_alive(pid: int) -> bool:
    """Return whether a process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.parametrize(
    ("seed", "message"),
    [
        (SEGFAULT, "worker killed by signal 11 (Segmentation fault)"),
        (EXIT, "worker exited with code 3"),
        (SIGKILL, "worker killed by signal 9 (out of memory?)"),
    ],
)
def test_a_worker_that_dies_costs_its_job_only(
    build: Build, make_job: MakeJob, seed: int, message: str
) -> None:
    executor = build(2)
    executor.submit(make_job(0, seed=REPORT))
    while not any(isinstance(event, Reported) for event in next_events(executor)):
        pass
    failed = finish(executor, make_job(1, seed=seed))
    assert failure_of(failed).kind == "worker-died"
    assert failure_of(failed).message == message
    assert (failed.seed, failed.threads) == (seed, executor.threads)
    assert failed.environment is not None
    assert executor.free == 1
    assert finish(executor, make_job(2)).status == "complete"
    executor.answer(0, stop=True)
    survivor = finish(executor)
    assert (survivor.status, survivor.parameters) == ("complete", 1)


def test_the_last_words_of_a_dead_worker_are_kept(build: Build, make_job: MakeJob) -> None:
    executor = build()
    assert failure_of(finish(executor, make_job(0, seed=EXIT))).traceback == "about to leave"
    trace = failure_of(finish(executor, make_job(1, seed=SEGFAULT))).traceback
    assert trace is not None
    assert "Segmentation fault" in trace
    assert "hostile_trainer.py" in trace
    assert "about to leave" not in trace


def test_a_grandchild_that_holds_the_pipes_does_not_hide_a_death(
    build: Build, make_job: MakeJob
) -> None:
    failure = failure_of(finish(build(), make_job(0, seed=GRANDCHILD)))
    assert failure.traceback is not None
    assert failure.message == "worker exited with code 4"
    # It goes with the group of the worker that started it.
    grandchild = int(failure.traceback)
    wait_for(lambda: not is_alive(grandchild), "the end of the grandchild")


@pytest.mark.parametrize(
    ("seed", "kind", "message"),
    [
        (RAISE, "error", "RuntimeError: first line"),
        (MEMORY, "out-of-memory", "MemoryError"),
        (SYS_EXIT, "error", "SystemExit: leaving"),
        (NO_RESULT, "error", "the trainer must return a RunResult, got NoneType"),
    ],
)
def test_what_escapes_a_trainer_is_a_failure_of_a_living_worker(
    build: Build, make_job: MakeJob, seed: int, kind: str, message: str
) -> None:
    executor = build()
    before = finish(executor, make_job(0)).flops
    failure = failure_of(finish(executor, make_job(1, seed=seed)))
    assert (failure.kind, failure.message) == (kind, message)
    assert finish(executor, make_job(2)).flops == before


def test_a_job_moves_on_from_a_worker_that_died_idle(build: Build, make_job: MakeJob) -> None:
    executor = build()
    first = finish(executor, make_job(0)).flops
    [pid] = executor.process_ids
    assert first == pid
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not is_alive(pid), "the death of the worker")
    result = finish(executor, make_job(1))
    assert result.status == "complete"
    assert result.flops not in (None, first)


def test_a_hanging_job_is_killed(build: Build, make_job: MakeJob) -> None:
    executor = build()
    executor.submit(make_job(0, seed=HANG))
    assert [type(event) for event in next_events(executor)] == [Started]
    [pid] = executor.process_ids
    executor.kill(0, Failure(kind="timeout", message="too slow"))
    [finished] = executor.poll(0.0)
    assert isinstance(finished, Finished)
    assert failure_of(finished.result).kind == "timeout"
    wait_for(lambda: not is_alive(pid), "the end of the killed worker")
    assert finish(executor, make_job(1)).status == "complete"


def test_import_seconds_are_in_every_result(build: Build, make_job: MakeJob) -> None:
    executor = build()
    results = [finish(executor, make_job(number)) for number in range(2)]
    assert [result.timings.import_seconds for result in results] == [1.25, 1.25]


@pytest.mark.parametrize(
    ("wish", "cause", "last_line"),
    [
        ("import-error", "worker exited with code 1", "ImportError: no such library: tensorflow"),
        ("exit", "worker exited with code 7", None),
    ],
)
def test_workers_that_cannot_start_end_it(
    build: Build,
    make_job: MakeJob,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    wish: str,
    cause: str,
    last_line: str | None,
) -> None:
    monkeypatch.setenv("HOSTILE_START", wish)
    executor = build(1, log_folder=tmp_path)
    with pytest.raises(MnistSearchError) as caught:
        finish(executor, make_job(0))
    ending = "" if last_line is None else f"; its last line was: {last_line}"
    assert str(caught.value) == f"no worker could be started, 3 in a row died: {cause}{ending}"
    assert caught.value.hint == f"all that it printed is in {tmp_path / 'worker-0.log'}"
    assert (tmp_path / "worker-0.log").read_text().count("--- worker 0, process") == 3
    # It stays that way, quickly.
    with pytest.raises(MnistSearchError, match="no worker could be started"):
        executor.poll(600.0)


def test_a_trainer_that_does_not_exist_is_named() -> None:
    missing = "No module named 'no_such_trainer'"
    executor = LocalExecutor(2, trainer="no_such_trainer")
    with executor, pytest.raises(MnistSearchError, match=missing):
        next_events(executor)


def test_a_machine_without_room_for_a_worker_is_a_resource_error(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object) -> None:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr("multiprocessing.context.SpawnProcess.start", refuse)
    with pytest.raises(ResourceError, match="slot 0: Too many open files"):
        build().start()


@pytest.fixture
def gates(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Hold back every process but the first until a file `open` is there."""
    folder = tmp_path / "gates"
    folder.mkdir()
    monkeypatch.setenv("HOSTILE_GATES", str(folder))
    return folder


def run_past_the_gate(executor: LocalExecutor, make_job: MakeJob, gates: Path) -> None:
    """Check that the old worker serves until its successor is ready, and then goes."""
    [old] = executor.process_ids
    wait_for(lambda: len(list(gates.iterdir())) == 2, "the successor")
    for number in range(10, 13):
        assert finish(executor, make_job(number)).flops == old
    assert executor.process_ids == (old,)
    (gates / "open").touch()

    def replaced() -> bool:
        executor.poll(0.01)
        return executor.process_ids != (old,)

    wait_for(replaced, "the change of workers")
    wait_for(lambda: not is_alive(old), "the end of the old worker")
    assert finish(executor, make_job(20)).flops == executor.process_ids[0]


def test_a_worker_is_recycled_by_jobs_once_its_successor_is_warm(
    build: Build, make_job: MakeJob, gates: Path
) -> None:
    executor = build(1, recycle_jobs=2)
    for number in range(2):
        finish(executor, make_job(number))
        assert len(multiprocessing.active_children()) == number + 1
    run_past_the_gate(executor, make_job, gates)


def test_a_worker_is_recycled_by_growth_once_its_successor_is_warm(
    build: Build, make_job: MakeJob, gates: Path
) -> None:
    executor = build(1, recycle_growth_bytes=40 * 2**20)
    # The first job may fill caches: not growth.
    for number, seed in enumerate((GROW, FINE, FINE)):
        finish(executor, make_job(number, seed=seed))
    assert len(multiprocessing.active_children()) == 1
    finish(executor, make_job(3, seed=GROW))
    run_past_the_gate(executor, make_job, gates)


def test_a_worn_worker_that_dies_leaves_its_place_to_the_successor(
    build: Build, make_job: MakeJob, gates: Path
) -> None:
    executor = build(1, recycle_jobs=1)
    finish(executor, make_job(0))
    wait_for(lambda: len(list(gates.iterdir())) == 2, "the successor")
    assert failure_of(finish(executor, make_job(1, seed=EXIT))).kind == "worker-died"
    executor.submit(make_job(2))
    (gates / "open").touch()
    assert finish(executor).status == "complete"
    assert len(list(gates.iterdir())) == 3, "two processes and `open`: nobody was started twice"


def test_a_flood_of_output_is_bounded(
    build: Build, make_job: MakeJob, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    executor = build(1, log_folder=tmp_path / "logs")
    assert finish(executor, make_job(0, seed=FLOOD)).status == "complete"
    assert finish(executor, make_job(1, seed=SPEAK)).status == "complete"
    executor.close()
    log = tmp_path / "logs" / "worker-0.log"
    assert JOB_BYTES < log.stat().st_size < JOB_BYTES + 2_000
    lines = log.read_text().splitlines()
    assert f"--- more than {JOB_BYTES} bytes, the rest is cut ---" in lines
    # The next job has an allowance of its own.
    assert lines[-4].endswith("job 1, seed 13 ---")
    assert sorted(lines[-3:]) == ["from a child", "on stderr", "on stdout"]
    assert capfd.readouterr() == ("", "")


def test_workers_have_their_own_environment(
    build: Build, make_job: MakeJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "17")
    monkeypatch.delenv("TF_NUM_INTEROP_THREADS", raising=False)
    before = dict(os.environ)
    executor = build(1, threads=3, log_folder=tmp_path)
    finish(executor, make_job(0, seed=VARIABLES))
    executor.close()
    assert dict(os.environ) == before
    printed = (tmp_path / "worker-0.log").read_text().splitlines()
    assert printed[-2] == "3 1 3 3 3 tensorflow"
    assert printed[-1] == "oom 1000"


def test_threads_share_the_cores_out() -> None:
    assert LocalExecutor(1).threads == available_cores()
    assert LocalExecutor(10_000).threads == 1
    assert LocalExecutor(1, threads=5).threads == 5
    with pytest.raises(UsageError, match="threads must be at least 1, got 0"):
        LocalExecutor(1, threads=0)


def test_nothing_starts_before_it_is_wanted_and_nothing_is_left(
    build: Build, make_job: MakeJob
) -> None:
    executor = build(2)
    assert (executor.slots, executor.free, executor.process_ids) == (2, 2, ())
    assert multiprocessing.active_children() == []
    with executor:
        finish(executor, make_job(0))
        executor.submit(make_job(1, seed=HANG))
        while not any(isinstance(event, Started) for event in next_events(executor)):
            pass
        pids = executor.process_ids
        assert all(is_alive(pid) for pid in pids)
    assert not any(is_alive(pid) for pid in pids)
    assert multiprocessing.active_children() == []


def test_an_executor_that_is_dropped_ends_its_workers(build: Build) -> None:
    executor = LocalExecutor(1, trainer="mnist_search.execution.surrogate")
    executor.start()
    [pid] = executor.process_ids
    del executor
    gc.collect()
    assert not is_alive(pid)


def test_a_forked_copy_leaves_the_workers_alone(build: Build, make_job: MakeJob) -> None:
    executor = build()
    finish(executor, make_job(0))
    child = os.fork()
    if child == 0:
        executor.close()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    [pid] = executor.process_ids
    assert finish(executor, make_job(1)).flops == pid


def test_workers_outlive_the_thread_that_started_them(build: Build, make_job: MakeJob) -> None:
    executor = build()
    task = []

    def start() -> None:
        finish(executor, make_job(0))
        task.append(Path(f"/proc/self/task/{threading.get_native_id()}").resolve())

    starter = threading.Thread(target=start)
    starter.start()
    starter.join()
    wait_for(lambda: not task[0].exists(), "the end of the thread")
    [pid] = executor.process_ids
    assert finish(executor, make_job(1)).flops == pid


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

executor = LocalExecutor(2, trainer="hostile_trainer")
"""


@contextlib.contextmanager
def parent(script: str) -> Iterator[subprocess.Popen[str]]:
    """Run a script that owns an executor, in a process group of its own."""
    process = subprocess.Popen(
        [sys.executable, "-c", PARENT.format(paths=[str(HERE), str(ROOT)]) + script],
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
        assert not any(is_alive(pid) for pid in pids)


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
