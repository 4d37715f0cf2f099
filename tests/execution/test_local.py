"""Worker processes that die, hang, flood, grow and are orphaned."""

from __future__ import annotations

import gc
import os
import signal
import threading
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from mnist_search.errors import MnistSearchError, ResourceError, UsageError
from mnist_search.execution import Finished, Reported, Started
from mnist_search.execution._log import FILE_BYTES, JOB_BYTES
from mnist_search.execution.local import LocalExecutor
from mnist_search.specs import Failure, available_cores
from tests.execution.driving import (
    ENDLESS,
    EXIT,
    FLOOD,
    GRANDCHILD,
    HANG,
    MEMORY,
    NO_RESULT,
    RAISE,
    REPORT,
    SEGFAULT,
    SIGKILL,
    SPEAK,
    SYS_EXIT,
    VARIABLES,
    Build,
    MakeJob,
    failure_of,
    finish,
    next_events,
    wait_for,
)
from tests.processes import is_alive


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
    assert "hostile.py" in trace
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
    assert (tmp_path / "worker-0.log").read_text().count(", start ---") == 3
    # It stays that way, quickly.
    with pytest.raises(MnistSearchError, match="no worker could be started"):
        executor.poll(600.0)


def test_a_trainer_that_does_not_exist_is_named() -> None:
    missing = "No module named 'no_such_trainer'"
    executor = LocalExecutor(2, trainer="no_such_trainer")
    with closing(executor), pytest.raises(MnistSearchError, match=missing):
        next_events(executor)


def test_a_machine_without_room_for_a_worker_is_a_resource_error(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **named: object) -> None:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr("subprocess.Popen", refuse)
    with pytest.raises(ResourceError, match="slot 0: Too many open files"):
        build().start()


def test_a_flood_of_output_is_bounded(
    build: Build, make_job: MakeJob, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    executor = build(1, log_folder=tmp_path / "logs")
    assert finish(executor, make_job(0, seed=FLOOD)).status == "complete"
    assert finish(executor, make_job(1, seed=SPEAK)).status == "complete"
    executor.close()
    log = tmp_path / "logs" / "worker-0.log"
    assert JOB_BYTES / 2 < log.stat().st_size < JOB_BYTES
    lines = log.read_text().splitlines()
    cut = lines.index("--- a part is cut out here ---")
    assert any(line.endswith("the last line") for line in lines[cut:])
    # The next job has an allowance of its own.
    assert lines[-4].endswith("job 1, seed 13 ---")
    assert sorted(lines[-3:]) == ["from a child", "on stderr", "on stdout"]
    assert capfd.readouterr() == ("", "")


def test_output_without_end_is_bounded(build: Build, make_job: MakeJob, tmp_path: Path) -> None:
    executor = build(1, log_folder=tmp_path)
    log = tmp_path / "worker-0.log"
    executor.submit(make_job(0, seed=ENDLESS))
    # The first of it and the last stay.
    cut = b"--- a part is cut out here ---"
    wait_for(lambda: bool(executor.poll(0.01)), "the job")
    wait_for(lambda: log.stat().st_size > JOB_BYTES, "the output")
    wait_for(lambda: log.stat().st_size < JOB_BYTES and cut in log.read_bytes(), "the cut")
    assert b"the first line" in log.read_bytes()[:1_000]
    executor.kill(0, Failure(kind="timeout", message="enough"))
    # What it printed since the last look goes when a new worker takes over the file.
    assert failure_of(finish(executor)).kind == "timeout"
    assert finish(executor, make_job(1)).status == "complete"
    executor.close()
    assert log.stat().st_size < FILE_BYTES


def test_workers_import_nothing_from_the_working_folder(
    build: Build, make_job: MakeJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "socket.py").write_text("raise SystemExit('the user's own file')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend("")
    assert finish(build(), make_job(0, seed=SPEAK)).status == "complete"


@pytest.mark.parametrize(("onednn", "expected"), [(None, "1"), ("", "1"), ("0", "0")])
def test_workers_have_their_own_environment(
    onednn: str | None,
    expected: str,
    build: Build,
    make_job: MakeJob,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "17")
    monkeypatch.delenv("TF_NUM_INTEROP_THREADS", raising=False)
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS", raising=False)
    if onednn is not None:
        monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", onednn)
    before = dict(os.environ)
    executor = build(1, threads=3, log_folder=tmp_path)
    finish(executor, make_job(0, seed=VARIABLES))
    executor.close()
    assert dict(os.environ) == before
    printed = (tmp_path / "worker-0.log").read_text().splitlines()
    assert printed[-2] == f"3 1 3 3 3 tensorflow {expected}"
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
    # Other tests of this process may have left some that are not ours.
    before = set(psutil.Process().children())
    executor = build(2)
    assert (executor.slots, executor.free, executor.process_ids) == (2, 2, ())
    assert set(psutil.Process().children()) <= before
    with closing(executor):
        finish(executor, make_job(0))
        executor.submit(make_job(1, seed=HANG))
        while not any(isinstance(event, Started) for event in next_events(executor)):
            pass
        pids = executor.process_ids
        assert all(is_alive(pid) for pid in pids)
    assert not any(is_alive(pid) for pid in pids)
    assert set(psutil.Process().children()) <= before


def test_an_executor_that_is_dropped_ends_its_workers(build: Build) -> None:
    executor = LocalExecutor(1, trainer="tests.support.surrogate")
    executor.start()
    [pid] = executor.process_ids
    del executor
    gc.collect()
    wait_for(lambda: not is_alive(pid), "the end of the worker")


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
