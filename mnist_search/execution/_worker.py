"""The life of a worker process: import once, then one job after the other until told to quit."""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import importlib
import multiprocessing
import os
import signal
import sys
import threading
import traceback
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, Literal, Never

from mnist_search.execution._messages import Answer, Done, Quit, Ready, Report, Settings, Taken
from mnist_search.execution.results import Trainer, run_guarded
from mnist_search.specs import Job, RunResult

PR_SET_PDEATHSIG = 1

# The terminal, `timeout`, systemd and Slurm signal whole groups. What to do then is the parent's
# decision: it may want to let the running trials finish.
PARENTS_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main(
    connection: Connection[Any, Any], output: Connection[Any, Any], settings: Settings
) -> Never:
    """Serve jobs from `connection`, printing into `output`; never returns."""
    _obey_only_the_parent()
    _lead_a_group()
    _die_with_the_parent(settings)
    _offer_itself_to_the_oom_killer()
    _redirect_output(output)
    try:
        trainer = importlib.import_module(settings.trainer)
        import_seconds = float(trainer.prepare())
        run_job: Trainer = trainer.run_job
    except BaseException:
        traceback.print_exc()
        _leave(1)
    try:
        connection.send(Ready())
        while True:
            match connection.recv():
                case Job() as job:
                    connection.send(Taken())
                    result = _run(run_job, job, connection, settings)
                    timings = result.timings.model_copy(update={"import_seconds": import_seconds})
                    result = result.model_copy(update={"timings": timings})
                    connection.send(Done(result=result, memory_bytes=read_resident_bytes("self")))
                case Quit():
                    _leave(0)
                case message:
                    raise TypeError(f"a worker cannot take {message!r} between jobs")
    except (EOFError, OSError):
        # The parent is gone, and with it whoever wanted the result.
        _leave(1)
    except BaseException:
        traceback.print_exc()
        _leave(1)


def _run(
    trainer: Trainer, job: Job, connection: Connection[Any, Any], settings: Settings
) -> RunResult:
    def report(step: int, accuracy: float) -> bool:
        try:
            connection.send(Report(step=step, accuracy=accuracy))
            answer: Answer = connection.recv()
        except (EOFError, OSError):
            # An exception could be caught by the trainer as a failure of the trial.
            _leave(1)
        return answer.stop

    return run_guarded(trainer, job, report, threads=settings.threads)


def _leave(code: int) -> Never:
    # Not sys.exit: destructors of native libraries take their time, or crash.
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            continue
    os._exit(code)


def _obey_only_the_parent() -> None:
    for number in PARENTS_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    # The parent held them back from before the process existed.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, PARENTS_SIGNALS)


def _lead_a_group() -> None:
    # Whatever a trial starts belongs to it, and can be ended with the worker.
    with contextlib.suppress(OSError):
        os.setpgid(0, 0)


def _die_with_the_parent(settings: Settings) -> None:
    """End with the parent, however it ends and whatever this process is doing then."""
    if not (settings.die_with_thread and _kill_when_parent_thread_ends()):
        threading.Thread(target=_watch_parent, daemon=True).start()
    if os.getppid() != settings.parent_pid:
        # It died before the kernel was told.
        os._exit(1)


def _kill_when_parent_thread_ends() -> bool:
    if sys.platform != "linux":
        return False
    code: int = ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    return code == 0


def _watch_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
    os._exit(1)


def _offer_itself_to_the_oom_killer() -> None:
    # One trial is cheaper than the coordinator with its open study.
    try:
        Path("/proc/self/oom_score_adj").write_text("1000")
    except OSError:
        return


def _redirect_output(output: Connection[Any, Any]) -> None:
    for descriptor in (1, 2):
        os.dup2(output.fileno(), descriptor)
    output.close()
    # Line by line, or a killed worker would take its last words with it.
    for number, stream in ((1, sys.stdout), (2, sys.stderr)):
        if stream is None:
            opened = os.fdopen(number, "w", buffering=1, errors="replace", closefd=False)
            setattr(sys, "stdout" if number == 1 else "stderr", opened)
        else:
            stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    faulthandler.enable(file=2)


def read_resident_bytes(process: int | Literal["self"]) -> int | None:
    """Return the memory that a process holds, None where that cannot be known."""
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")
