"""A trainer for tests of the local executor: the seed of a job says what goes wrong.

`flops` of a result carries the id of the process, `parameters` a number that a seed asks for.
"""

# ruff: noqa: T201 - output is what some of the tests are about

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from mnist_search.specs import Job, RunResult

FLOOD_BYTES = 64 * 2**20
GROWTH_BYTES = 60 * 2**20
# The length of a message, and three bytes of it.
HALF_A_MESSAGE = b"\0\0\3\0abc"
NAMES = (
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "TF_CPP_MIN_LOG_LEVEL",
    "KERAS_BACKEND",
    "TF_ENABLE_ONEDNN_OPTS",
)

_kept: list[bytearray] = []


def connection() -> int:
    """Return the descriptor of the socket that leads to the coordinator."""
    return int(sys.argv[1])


def prepare() -> float:
    """Come up as the environment variable HOSTILE_START says."""
    wish = os.environ.get("HOSTILE_START", "")
    if wish == "import-error":
        print("some noise first")
        raise ImportError("no such library: tensorflow")
    if wish == "exit":
        os._exit(7)
    return 1.25


def run_job(job: Job, report: Callable[[int, float], bool]) -> RunResult:
    """Do what the seed asks for."""
    number = None
    match job.seed:
        case 1:
            os.kill(os.getpid(), signal.SIGSEGV)
        case 2:
            print("about to leave")
            os._exit(3)
        case 3:
            os.kill(os.getpid(), signal.SIGKILL)
        case 4:
            raise RuntimeError("first line\nsecond line")
        case 5:
            raise MemoryError
        case 6:
            sys.exit("leaving")
        case 7:
            time.sleep(600)
        case 8:
            stopped = report(1, 0.5)
            number = int(stopped)
        case 9:
            chunk = b"x" * 2**20
            for _ in range(FLOOD_BYTES // len(chunk)):
                os.write(1, chunk)
            print("the last line")
        case 10:
            _kept.append(bytearray(b"1") * GROWTH_BYTES)
        case 11:
            print(" ".join(os.environ[name] for name in NAMES))
            print("oom", Path("/proc/self/oom_score_adj").read_text().strip())
        case 12:
            return None  # type: ignore[return-value]
        case 13:
            print("on stdout")
            print("on stderr", file=sys.stderr)
            os.system("echo from a child")
        case 14:
            # Holds every pipe open that it can, beyond the death of the worker.
            print(subprocess.Popen(["sleep", "600"], close_fds=False).pid)
            os._exit(4)
        case 15:
            for name in ("SIGINT", "SIGTERM", "SIGHUP"):
                assert signal.getsignal(signal.Signals[name]) is signal.SIG_IGN
            assert not signal.pthread_sigmask(signal.SIG_BLOCK, ())
        case 16:
            os.write(connection(), HALF_A_MESSAGE)
            os._exit(0)
        case 17:
            os.kill(os.getpid(), signal.SIGSTOP)
        case 18:
            os.write(connection(), HALF_A_MESSAGE)
            os.kill(os.getpid(), signal.SIGSTOP)
        case 19:
            os.close(connection())
            time.sleep(600)
        case 20:
            os.write(connection(), b"\0\0\0\3abc")
            time.sleep(600)
        case 21:
            print("the first line")
            while True:
                os.write(1, b"x" * 2**16 + b"\n")
        case 22:
            threading.Timer(0.3, os._exit, [0]).start()
    return RunResult(
        status="complete",
        config_id=job.config.config_id,
        seed=job.seed,
        flops=os.getpid(),
        parameters=number,
    )
