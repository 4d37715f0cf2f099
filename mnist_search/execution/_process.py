"""The parent's end of one worker process."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import struct
import threading
from collections.abc import Iterator, Mapping
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection
from typing import Any

from mnist_search.execution._messages import FromWorker, Settings
from mnist_search.execution._output import OutputLog
from mnist_search.execution._worker import PARENTS_SIGNALS, main, read_resident_bytes
from mnist_search.specs import Failure, Job

CHUNK_BYTES = 2**16
# A pipe holds less; a bound lets `poll` come back from a worker that never stops printing.
CHUNKS_AT_ONCE = 16
# A worker that was stopped in the middle of a message, or does not read, is given up after that.
MESSAGE_SECONDS = 30.0
# TensorFlow's switch for the kernels of oneDNN.
ONEDNN = "TF_ENABLE_ONEDNN_OPTS"

_launch_lock = threading.Lock()


class WorkerProcess:
    """A worker process, what it is doing, and what it has printed."""

    def __init__(self, slot: int, settings: Settings, log: OutputLog) -> None:
        """Start the process; it imports its trainer and then says that it is ready."""
        self.slot = slot
        self.log = log
        self.ready = False
        self.taken = False
        self.reporting = False
        self.lost = False
        self.job: Job | None = None
        self.verdict: Failure | None = None
        self.jobs_done = 0
        self.memory_growth_bytes = 0
        self._first_memory_bytes: int | None = None
        self._swept = False
        context = get_context("spawn")
        self.connection, theirs = context.Pipe(duplex=True)
        _limit_waiting(self.connection, MESSAGE_SECONDS)
        self._output, printed = context.Pipe(duplex=False)
        os.set_blocking(self._output.fileno(), False)
        # A daemon: should everything else fail, multiprocessing ends it with this interpreter.
        self._process = context.Process(
            target=main,
            args=(theirs, printed, settings),
            name=f"mnist-search worker {slot}",
            daemon=True,
        )
        try:
            with _launch_lock, _environment(variables(settings.threads)), _signals_held():
                self._process.start()
        except BaseException:
            self.connection.close()
            self._output.close()
            raise
        finally:
            theirs.close()
            printed.close()
        self.log.begin(f"worker {slot}, process {self.pid}")

    @property
    def pid(self) -> int:
        """Return the process's number."""
        pid = self._process.pid
        assert pid is not None
        return pid

    @property
    def alive(self) -> bool:
        """Return whether the process runs; what it had started does not outlive it."""
        running = self._process.exitcode is None
        if not running and not self._swept:
            self._swept = True
            self._kill_group()
        return running

    @property
    def waitables(self) -> list[Connection[Any, Any] | int]:
        """Return what `multiprocessing.connection.wait` must look at."""
        outputs = [] if self._output.closed else [self._output]
        return [self.connection, *outputs, self._process.sentinel]

    @property
    def resident_bytes(self) -> int | None:
        """Return the memory that the process holds now, None where that is not known."""
        return read_resident_bytes(self.pid)

    @property
    def cause_of_death(self) -> str:
        """Return in a few words how the process ended."""
        code = self._process.exitcode
        match code:
            case None:
                return "worker closed its connection"
            case _ if self.killed:
                return "worker killed by signal 9 (out of memory?)"
            case _ if code < 0:
                return f"worker killed by signal {-code} ({signal.strsignal(-code)})"
            case _:
                return f"worker exited with code {code}"

    @property
    def killed(self) -> bool:
        """Return whether somebody else, such as the kernel short of memory, killed the process."""
        return self._process.exitcode == -signal.SIGKILL

    def give(self, job: Job) -> None:
        """Send a job; a worker that is still starting finds it in its pipe."""
        self.job = job
        self.taken = False
        self.log.begin(f"process {self.pid}, job {job.number}, seed {job.seed}")
        self.send(job)

    def send(self, message: object) -> None:
        """Send a message; that the process has died is for `poll` to find."""
        with contextlib.suppress(OSError):
            self.connection.send(message)

    def messages(self) -> Iterator[FromWorker]:
        """Yield what the process has said, without waiting."""
        try:
            while not self.lost and self.connection.poll():
                yield self.connection.recv()
        except (EOFError, OSError):
            self.lost = True

    def note_wear(self, memory_bytes: int | None) -> None:
        """Count a job and how far memory has grown since the first one, which fills caches."""
        self.jobs_done += 1
        if memory_bytes is None:
            return
        if self._first_memory_bytes is None:
            self._first_memory_bytes = memory_bytes
        self.memory_growth_bytes = memory_bytes - self._first_memory_bytes

    def read_output(self) -> None:
        """Move what the process has printed to its log, without waiting."""
        for _ in range(CHUNKS_AT_ONCE):
            if self._output.closed:
                return
            try:
                data = os.read(self._output.fileno(), CHUNK_BYTES)
            except BlockingIOError:
                return
            if data:
                self.log.write(data)
            else:
                self._output.close()

    def kill(self) -> None:
        """Kill the process; it may need a moment to be gone."""
        if self.alive:
            self._kill_group()
        self._process.kill()

    def join(self, timeout_seconds: float) -> bool:
        """Wait for the end of the process; return whether it has ended."""
        self._process.join(timeout_seconds)
        return not self.alive

    def bury(self) -> None:
        """Take what the dead process left behind and release its files."""
        self.read_output()
        self.connection.close()
        self._output.close()
        self._process.close()

    def _kill_group(self) -> None:
        # Not there yet while the process starts, and gone when nothing of it is left.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)


def _limit_waiting(connection: Connection[Any, Any], seconds: float) -> None:
    """Let reading and writing fail with an `OSError` where the other end does not go on."""
    whole = int(seconds)
    # A `timeval` of C.
    limit = struct.pack("ll", whole, int(1e6 * (seconds - whole)))
    with socket.socket(fileno=os.dup(connection.fileno())) as end:
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            end.setsockopt(socket.SOL_SOCKET, option, limit)


def variables(threads: int) -> dict[str, str]:
    """Return the environment variables that a worker starts with."""
    # Read when the libraries are loaded, which a worker's `__main__` may do before anything else.
    return {
        "TF_NUM_INTRAOP_THREADS": str(threads),
        "TF_NUM_INTEROP_THREADS": "1",
        "OMP_NUM_THREADS": str(threads),
        "OPENBLAS_NUM_THREADS": str(threads),
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "KERAS_BACKEND": "tensorflow",
        # With AVX2 alone TensorFlow leaves oneDNN off: ten random networks of `cnn` took 1.3 to 2.9
        # times as long (Zen 3). Who has set it, as to 0 for the same sums everywhere, keeps it.
        ONEDNN: os.environ.get(ONEDNN) or "1",
    }


@contextlib.contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextlib.contextmanager
def _signals_held() -> Iterator[None]:
    """Keep the parent's signals from a child that cannot ignore them yet; here they only wait."""
    # Started within, the tracker would let them through again.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, PARENTS_SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
