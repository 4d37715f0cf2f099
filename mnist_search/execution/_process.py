"""The coordinator's end of one worker process."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil

from mnist_search.errors import ResourceError
from mnist_search.execution._channel import Channel
from mnist_search.execution._log import header, open_log, read_tail
from mnist_search.execution._worker import PARENTS_SIGNALS
from mnist_search.interpreter import python_environment
from mnist_search.specs import Failure, Job

# A job may come while the worker imports TensorFlow and does not read; macOS holds 8 kB by itself.
SOCKET_BYTES = 2**18
# TensorFlow's switch for the kernels of oneDNN.
ONEDNN = "TF_ENABLE_ONEDNN_OPTS"


class WorkerProcess:
    """A worker process and what it is doing. No method waits for it, but `join`.

    `failure` is what its job ends with once the process has been killed for it.
    """

    def __init__(
        self,
        slot: int,
        *,
        trainer: str,
        threads: int,
        device: Mapping[str, str],
        log_path: Path | None,
    ) -> None:
        """Start the process; it imports its trainer and then says that it is ready.

        Raises:
            DataError: something else is where its log should be.
            ResourceError: the system has no process, memory or open file left for it.
        """
        self.slot = slot
        self.log_path = log_path
        self.ready = False
        self.taken = False
        self.reporting = False
        self.job: Job | None = None
        self.failure: Failure | None = None
        self.jobs_done = 0
        self._first_bytes: int | None = None
        self._stuck_since: float | None = None
        self._swept = False
        in_main_thread = threading.current_thread() is threading.main_thread()
        with contextlib.ExitStack() as undo:
            try:
                self._log = open_log(log_path)
                undo.callback(os.close, self._log)
                ours, theirs = socket.socketpair()
                undo.callback(ours.close)
                with theirs, _signals_held():
                    descriptor = theirs.fileno()
                    words = [descriptor, trainer, slot, threads, os.getpid(), int(in_main_thread)]
                    module = "mnist_search.execution._worker"
                    # Not `multiprocessing`, which would import the caller's `__main__` there.
                    self._process = subprocess.Popen(
                        [sys.executable, "-m", module, *map(str, words)],
                        stdin=subprocess.DEVNULL,
                        stdout=self._log,
                        stderr=self._log,
                        pass_fds=[descriptor],
                        env={
                            **python_environment(os.environ),
                            **thread_variables(threads),
                            **device,
                        },
                        # What a trial starts belongs to it, and can be ended with the worker.
                        process_group=0,
                    )
            except OSError as error:
                raise ResourceError(
                    f"cannot start the worker of slot {slot}: {error.strerror}",
                    hint="fewer --workers need less of everything",
                ) from error
            undo.pop_all()
        ours.setblocking(False)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BYTES)
        self.channel = Channel(ours)

    @property
    def pid(self) -> int:
        """Return the process's number."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """Return how the process ended, None while it runs; what it started ends with it."""
        code = self._process.poll()
        if code is not None and not self._swept:
            self._swept = True
            self._kill_group()
        return code

    @property
    def death(self) -> tuple[str, bool]:
        """Return in a few words how the process ended, and whether somebody else killed it.

        So does the kernel short of memory; a process that was stopped counts as killed.
        """
        code = self.exit_code
        if self._stuck_since is not None or code is None:
            return "worker was stopped, or closed its connection", True
        if code == -signal.SIGKILL:
            return "worker killed by signal 9 (out of memory?)", True
        if code < 0:
            return f"worker killed by signal {-code} ({signal.strsignal(-code)})", False
        return f"worker exited with code {code}", False

    @property
    def printed(self) -> str:
        """Return the last of what the job printed; of what the worker did, if it has none."""
        job = self.job if self.taken else None
        what = "start" if job is None else f"job {job.number}, seed {job.seed}"
        return read_tail(self._log, header(self.pid, what))

    @property
    def resident_bytes(self) -> int | None:
        """Return the memory that the process holds now, None where that is not known."""
        with contextlib.suppress(psutil.Error, OSError):
            return int(psutil.Process(self.pid).memory_info().rss)
        return None

    @property
    def growth_bytes(self) -> int:
        """Return how far memory has grown since this was first asked."""
        held = self.resident_bytes
        if held is None:
            return 0
        if self._first_bytes is None:
            self._first_bytes = held
        return held - self._first_bytes

    @property
    def stuck_seconds(self) -> float:
        """Return how long each look has found it stopped, in mid-message or without connection."""
        if not (self.channel.partial or self.channel.closed or self._is_stopped()):
            self._stuck_since = None
            return 0.0
        if self._stuck_since is None:
            self._stuck_since = time.monotonic()
        return time.monotonic() - self._stuck_since

    def give(self, job: Job) -> None:
        """Send a job; a worker that is still starting finds it later."""
        self.job = job
        self.taken = False
        self.send(job)

    def send(self, message: object) -> None:
        """Send a message; that the process has died is for `exit_code` to tell."""
        with contextlib.suppress(OSError):
            self.channel.send(message)

    def kill(self) -> None:
        """Kill the process and what it started; it may need a moment to be gone."""
        if self.exit_code is None:
            self._kill_group()

    def join(self, timeout_seconds: float) -> None:
        """Wait for the end of the process, at most that long."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout_seconds)

    def release(self) -> None:
        """Close the files that are kept for a process that has ended."""
        self.channel.close()
        os.close(self._log)

    def _is_stopped(self) -> bool:
        with contextlib.suppress(psutil.Error, OSError):
            return bool(psutil.Process(self.pid).status() == psutil.STATUS_STOPPED)
        return False

    def _kill_group(self) -> None:
        # All of it may be gone already.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)


def thread_variables(threads: int) -> dict[str, str]:
    """Return the environment variables by which libraries compute with so many threads."""
    return {
        "TF_NUM_INTRAOP_THREADS": str(threads),
        "TF_NUM_INTEROP_THREADS": "1",
        "OMP_NUM_THREADS": str(threads),
        "OPENBLAS_NUM_THREADS": str(threads),
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "KERAS_BACKEND": "tensorflow",
        # No folder, so that a user's keras.json is not read, whatever is in it.
        "KERAS_HOME": os.devnull,
        # With AVX2 alone TensorFlow leaves oneDNN off: ten random networks of `cnn` took 1.3 to 2.9
        # times as long (Zen 3). Who has set it, as to 0 for the same sums everywhere, keeps it.
        ONEDNN: os.environ.get(ONEDNN) or "1",
    }


@contextlib.contextmanager
def _signals_held() -> Iterator[None]:
    """Keep the parent's signals from a child that cannot ignore them yet; here they only wait."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, PARENTS_SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
