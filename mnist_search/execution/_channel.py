"""What the coordinator and a worker process say to each other, over a socket of their own.

The coordinator sends a `Job` and, to each `Reported`, whether to stop (a bool); when its end
closes, the worker leaves. The worker sends "ready" once, then what happens to each job: events.
"""

from __future__ import annotations

import pickle
import socket
from typing import Any

LENGTH_BYTES = 4
CHUNK_BYTES = 2**18
# More than a socket holds: what a worker sent before it died is read to the end, but not what one
# that went mad sends without end.
CHUNKS_AT_ONCE = 16


class Channel:
    """One end of the socket: each message is a pickle after its length.

    Not `multiprocessing.connection`: reading there waits for the rest of a message, which a
    worker that was stopped or killed may never send.
    """

    def __init__(self, end: socket.socket) -> None:
        """Talk over `end`, which blocks for the worker and does not for the coordinator."""
        self._socket = end
        self._buffer = bytearray()
        self.closed = False

    @property
    def partial(self) -> bool:
        """Return whether a part of a message is here."""
        return len(self._buffer) > 0

    def fileno(self) -> int:
        """Return the descriptor, to wait for."""
        return self._socket.fileno()

    def close(self) -> None:
        """Close this end."""
        self._socket.close()

    def send(self, message: object) -> None:
        """Send a message.

        Raises:
            OSError: the other end is closed, or does not read.
        """
        data = pickle.dumps(message)
        self._socket.sendall(len(data).to_bytes(LENGTH_BYTES, "big") + data)

    def receive(self) -> Any:
        """Wait for a message.

        Raises:
            EOFError: the other end is closed.
        """
        while (message := self._next()) is None:
            self._fill()
            if self.closed:
                raise EOFError
        return message

    def arrived(self) -> list[Any]:
        """Return the messages that are here in whole, where reading does not block.

        `closed` says afterwards whether the other end is closed, or sent what is no message.
        """
        messages: list[Any] = []
        if self.closed:
            return messages
        try:
            for _ in range(CHUNKS_AT_ONCE):
                self._fill()
                while (message := self._next()) is not None:
                    messages.append(message)
                if self.closed:
                    break
        except BlockingIOError:
            return messages
        except Exception:
            # Whatever a process that went mad has written, unpickling it can raise anything.
            self.closed = True
        return messages

    def _fill(self) -> None:
        try:
            chunk = self._socket.recv(CHUNK_BYTES)
        except ConnectionError:
            chunk = b""
        self._buffer += chunk
        self.closed = not chunk

    def _next(self) -> Any:
        end = LENGTH_BYTES + int.from_bytes(self._buffer[:LENGTH_BYTES], "big")
        if len(self._buffer) <= LENGTH_BYTES or len(self._buffer) < end:
            return None
        message = pickle.loads(self._buffer[LENGTH_BYTES:end])
        del self._buffer[:end]
        return message
