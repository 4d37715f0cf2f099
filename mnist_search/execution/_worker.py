"""The life of a worker process: import once, then one job after the other until told to leave."""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import importlib
import io
import os
import signal
import socket
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Never

from mnist_search.execution._channel import Channel
from mnist_search.execution._log import BoundedLog, PatientFile, header
from mnist_search.execution.base import (
    Finished,
    Reported,
    Started,
    Stepped,
    Trainer,
    run_guarded,
)
from mnist_search.specs import Job

PR_SET_PDEATHSIG = 1
PARENT_LOOK_SECONDS = 0.5
# The terminal, `timeout`, systemd and Slurm signal whole groups. What to do then is the
# coordinator's decision: it may want to let the running trials finish.
PARENTS_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main(
    descriptor: int, trainer: str, slot: int, threads: int, parent_pid: int, in_main_thread: int
) -> Never:
    """Serve jobs from a socket, printing into the log that stdout and stderr are; never return.

    `trainer` names a module with `prepare() -> float`, which imports what is heavy and returns the
    seconds it took, and `run_job(job, report) -> RunResult`. Events name `slot` as the worker.
    `parent_pid` and `in_main_thread` say who started this process.
    """
    _obey_only_the_parent()
    _die_with_the_parent(parent_pid, in_main_thread=bool(in_main_thread))
    _offer_itself_to_the_oom_killer()
    log = BoundedLog(sys.stderr.fileno())
    _print_line_by_line(log)
    log.watch()
    log.begin(header(os.getpid(), "start"))
    # What a trial starts must not hold it open beyond the end of this process.
    os.set_inheritable(descriptor, False)
    channel = Channel(socket.socket(fileno=descriptor))
    try:
        module = importlib.import_module(trainer)
        import_seconds = float(module.prepare())
        run_job: Trainer = module.run_job
    except BaseException:
        traceback.print_exc()
        _leave(1)

    def report(step: float, accuracy: float | None) -> bool:
        try:
            if accuracy is None:
                channel.send(Stepped(number=job.number, worker=slot, step=step))
                return False
            channel.send(
                Reported(number=job.number, worker=slot, step=int(step), accuracy=accuracy)
            )
            stop: bool = channel.receive()
        except (EOFError, OSError):
            # Not an exception, which the trainer could take for a failure of the trial.
            _leave(1)
        return stop

    try:
        channel.send("ready")
        while True:
            job: Job = channel.receive()
            log.begin(header(os.getpid(), f"job {job.number}, seed {job.seed}"))
            channel.send(Started(number=job.number, worker=slot))
            result = run_guarded(run_job, job, report, threads=threads)
            timings = result.timings.model_copy(update={"import_seconds": import_seconds})
            result = result.model_copy(update={"timings": timings})
            log.trim()
            channel.send(Finished(number=job.number, worker=slot, result=result))
    except (EOFError, OSError):
        # The coordinator is gone, or has no more jobs.
        _leave(0)
    except BaseException:
        traceback.print_exc()
        _leave(1)


def _leave(code: int) -> Never:
    # Not sys.exit: destructors of native libraries take their time, or crash.
    for stream in (sys.stdout, sys.stderr):
        # A trial may have closed it.
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def _obey_only_the_parent() -> None:
    for number in PARENTS_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    # The parent held them back from before the process existed.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, PARENTS_SIGNALS)


def _die_with_the_parent(pid: int, *, in_main_thread: bool) -> None:
    """End with the parent, however it ends and whatever this process is doing then."""
    # The kernel means the thread, not the process, when it speaks of a parent's death.
    if not (in_main_thread and sys.platform == "linux" and _ask_kernel_for_death()):
        threading.Thread(target=_watch_parent, args=(pid,), daemon=True).start()
    if os.getppid() != pid:
        # It died before the kernel was told.
        os._exit(1)


def _ask_kernel_for_death() -> bool:
    code: int = ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    return code == 0


def _watch_parent(pid: int) -> None:
    while os.getppid() == pid:
        time.sleep(PARENT_LOOK_SECONDS)
    os._exit(1)


def _offer_itself_to_the_oom_killer() -> None:
    # One trial is cheaper than the coordinator with its open study.
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def _print_line_by_line(log: BoundedLog) -> None:
    # Or a killed worker would take its last words with it.
    for name in ("stdout", "stderr"):
        raw = io.BufferedWriter(PatientFile(getattr(sys, name).fileno(), log))
        stream = io.TextIOWrapper(raw, encoding="utf-8", errors="replace", line_buffering=True)
        setattr(sys, name, stream)
    faulthandler.enable(file=sys.stderr)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], *map(int, sys.argv[3:]))
