"""The connection to a Ray cluster, and whether it lasts."""

from __future__ import annotations

import atexit
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from mnist_search.errors import ClusterError, UsageError
from mnist_search.paths import shorten

CONNECT_SECONDS = 5.0
# What Ray speaks is HTTP/2: how a client begins it, and the type of the frame that a server sends
# first (RFC 9113, 3.4).
CLIENT_OPENING = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
FRAME_HEAD_BYTES, FRAME_TYPE, SETTINGS = 9, 3, 4
# How often the head is asked for its nodes.
LOOK_SECONDS = 2.0
# Ray ends a process that has not heard of its head for 60 s, without a word.
HEAD_PATIENCE_SECONDS = 40.0
# Whoever looks after the connection does so every second.
STOPPED_SECONDS = 20.0
INSTALL = "pip install 'mnist-search[cluster]'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """What a machine of a cluster offers to all who use it, or several together."""

    cpus: float
    gpus: float

    def __str__(self) -> str:
        amounts = [(self.cpus, "CPU"), *([(self.gpus, "GPU")] if self.gpus else [])]
        return " and ".join(f"{n:g} {noun}{'' if n == 1 else 's'}" for n, noun in amounts)

    def fitting(self, cpus: float, gpus: float) -> int:
        """Return how many workers of this size it carries."""
        fits = [self.cpus // cpus] if cpus else []
        fits += [self.gpus / gpus + 1e-6] if gpus else []
        return int(min(fits))


class Connection:
    """A connection to a cluster, which one thread watches. Not more than one at a time.

    `nodes` are the machines of the cluster, as last heard.
    """

    def __init__(self, address: str, *, patience_seconds: float = HEAD_PATIENCE_SECONDS) -> None:
        """Connect to `HOST:PORT`, or to the cluster that `auto` finds on this machine.

        Raises:
            UsageError: Ray is not installed, or the address is none.
            ClusterError: nothing answers there, or it is no cluster that this process can use.
        """
        self.address = _connect(address)
        self._patience_seconds = patience_seconds
        self.nodes: tuple[Node, ...] = _read_nodes()
        self._heard = self._checked = time.monotonic()
        self._closed = threading.Event()
        self._lost = False
        threading.Thread(target=self._watch, daemon=True).start()

    def check(self) -> None:
        """Look whether the head is still there.

        Raises:
            ClusterError: it has not answered for so long that Ray will soon end this process.
        """
        now = time.monotonic()
        if now - self._checked > STOPPED_SECONDS:
            # This process was stopped, as by Ctrl-Z, and could not hear.
            self._heard = now
        self._checked = now
        silent = now - self._heard
        if silent > self._patience_seconds:
            self._lost = True
            raise ClusterError(
                f"the head of the cluster at {self.address} has not answered for {silent:.0f} s",
                hint="what was finished is kept; the same command goes on once it is back",
            )

    def close(self) -> None:
        """Leave the cluster; all that was started there ends."""
        if self._closed.is_set():
            return
        self._closed.set()
        import ray

        if self._lost:
            # It would wait for the head for minutes, and so would the end of this process.
            atexit.register(_leave)
            return
        ray.shutdown()

    def _watch(self) -> None:
        # Not by a connection of our own to its port: the kernel answers for a process that hangs.
        while not self._closed.wait(LOOK_SECONDS):
            with suppress(Exception):
                self.nodes = _read_nodes()
                self._heard = time.monotonic()


def _read_nodes() -> tuple[Node, ...]:
    import ray

    alive = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    return tuple(Node(cpus=each.get("CPU", 0.0), gpus=each.get("GPU", 0.0)) for each in alive)


def _connect(address: str) -> str:
    try:
        import ray
        from ray._private import services, worker
    except ImportError as error:
        raise UsageError("--cluster needs Ray, which is not installed", hint=INSTALL) from error
    # Ray tells what its daemons say on stdout, where the rows are.
    worker._worker_logs_enabled = False
    try:
        # Whatever `auto` finds may be the address of a cluster that is gone.
        found = services.canonicalize_bootstrap_address_or_die(address)
    except ConnectionError as error:
        raise ClusterError(
            "no Ray cluster runs on this machine",
            hint="`ray start --head` starts one; --cluster HOST:PORT names one elsewhere",
        ) from error
    except ValueError as error:
        raise _no_address(address) from error
    told = found if address == "auto" else address
    _check_answer(found, told)
    if not services.find_node_ids():
        # Ray would look for a minute.
        raise ClusterError(
            f"this machine does not belong to the Ray cluster at {told}",
            hint=f"`ray start --address {told} --num-cpus 0` lets it join without working",
        )
    try:
        with _signals_kept():
            ray.init(address=found, log_to_driver=False, logging_level=logging.ERROR)
    except (RuntimeError, ValueError, OSError, ray.exceptions.RayError) as error:
        raise ClusterError(
            f"the Ray cluster at {told} cannot be used: {_first_line(error)}",
            hint="the same Ray everywhere? RAY_AUTH_MODE=token and the token, if it asks for one?",
        ) from error
    return str(found)


def _check_answer(address: str, told: str) -> None:
    """Say hello as Ray would, which waits for minutes for the answer.

    Raises:
        UsageError: the address is none.
        ClusterError: nothing answers, or another program.
    """
    host, _, port = address.rpartition(":")
    if not (host and port.isdecimal() and len(port) <= 5 and 0 < int(port) < 2**16):
        raise _no_address(address)
    why: object = "another program does"
    try:
        place = host.strip("[]"), int(port)
        with socket.create_connection(place, timeout=CONNECT_SECONDS) as there:
            if os.environ.get("RAY_USE_TLS", "0").lower() in ("1", "true"):
                # Only with Ray's certificates can more be asked.
                return
            there.sendall(CLIENT_OPENING)
            head = there.makefile("rb").read(FRAME_HEAD_BYTES)
        if len(head) == FRAME_HEAD_BYTES and head[FRAME_TYPE] == SETTINGS:
            return
    except OSError as error:
        why = error
    raise ClusterError(
        f"no Ray cluster answers at {told}: {why}",
        hint="`ray start --head` says at which address it is",
    )


def _no_address(address: str) -> UsageError:
    return UsageError(f"--cluster must be auto or HOST:PORT, got {shorten(repr(address))}")


@contextmanager
def _signals_kept() -> Iterator[None]:
    """Give back the handlers of signals that Ray takes."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave() -> None:
    """End this process without Ray's own end, which waits for a head that is lost, or crashes."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(ClusterError.exit_code)


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
