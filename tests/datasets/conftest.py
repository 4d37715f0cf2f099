"""Small data sets in every form, and a web server on loopback."""

from __future__ import annotations

import gzip
import hashlib
import http.server
import io
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_search.datasets.arrays import idx_md5
from mnist_search.datasets.catalog import RemoteFile, Source

Arrays = dict[str, np.ndarray]


@pytest.fixture
def arrays() -> Arrays:
    """120 training and 30 test images, classes in turn."""
    rng = np.random.default_rng(5)
    return {
        "x_train": rng.integers(0, 256, (120, 28, 28)).astype(np.uint8),
        "y_train": (np.arange(120) % 10).astype(np.uint8),
        "x_test": rng.integers(0, 256, (30, 28, 28)).astype(np.uint8),
        "y_test": (np.arange(30) % 10).astype(np.uint8),
    }


@pytest.fixture
def npz(tmp_path: Path, arrays: Arrays) -> Callable[..., Path]:
    """Write the arrays, some replaced (None: left out), and return the path."""

    def write(name: str = "own.npz", **changes: Any) -> Path:
        changed = {**arrays, **changes}
        path = tmp_path / name
        np.savez_compressed(path, **{k: v for k, v in changed.items() if v is not None})
        return path

    return write


def idx_bytes(array: np.ndarray) -> bytes:
    """Return the IDX file of an array of unsigned bytes."""
    header = bytes((0, 0, 8, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.tobytes()


@pytest.fixture
def idx(tmp_path: Path, arrays: Arrays) -> Callable[..., Path]:
    """Write a folder of IDX files, some replaced by given bytes, and return it."""

    def write(name: str = "idx", *, zipped: bool = False, **changes: bytes) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        for key, array in arrays.items():
            part = "train" if key.endswith("train") else "t10k"
            stem = f"{part}-images-idx3" if key[0] == "x" else f"{part}-labels-idx1"
            raw = changes.get(key, idx_bytes(array))
            end = ".gz" if zipped else ""
            data = gzip.compress(raw) if zipped and key not in changes else raw
            (folder / f"{stem}-ubyte{end}").write_bytes(data)
        return folder

    return write


@dataclass
class Page:
    """What the server answers for a path."""

    body: bytes = b""
    announced: int | None = None
    code: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    hold: threading.Event | None = None


@dataclass
class Server:
    """A web server whose pages a test sets; `asked` are the paths it was asked for."""

    origin: str
    pages: dict[str, Page]
    asked: list[str]

    def put(self, path: str, body: bytes = b"", **changes: Any) -> None:
        """Answer a path with a body; `announced` is its Content-Length, -1 for none."""
        self.pages[path] = Page(body=body, **changes)


@pytest.fixture
def server() -> Iterator[Server]:
    pages: dict[str, Page] = {}
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            page = pages.get(self.path.lstrip("/"), Page(code=404))
            if page.hold is not None:
                page.hold.wait(30)
            self.send_response(page.code)
            for key, value in page.headers.items():
                self.send_header(key, value)
            if page.announced != -1:
                length = len(page.body) if page.announced is None else page.announced
                self.send_header("Content-Length", str(length))
            self.end_headers()
            self.wfile.write(page.body)

        def log_message(self, *_: object) -> None:
            pass

    class Quiet(http.server.ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """A client that hangs up is what these tests are about."""

    httpd = Quiet(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=httpd.serve_forever, args=(0.01,))
    thread.start()
    yield Server(origin=f"http://127.0.0.1:{httpd.server_port}/", pages=pages, asked=asked)
    for page in pages.values():
        if page.hold is not None:
            page.hold.set()
    httpd.shutdown()
    thread.join()
    httpd.server_close()


@pytest.fixture
def archive(arrays: Arrays) -> bytes:
    """The bytes of a .npz of the arrays."""
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


@pytest.fixture
def catalog(arrays: Arrays, archive: bytes) -> dict[str, Source]:
    """A catalogue in which the small arrays are MNIST and, as IDX files, Fashion-MNIST too."""
    md5 = (
        idx_md5(arrays["x_train"]),
        idx_md5(arrays["y_train"]),
        idx_md5(arrays["x_test"]),
        idx_md5(arrays["y_test"]),
    )
    mnist = Source(
        name="mnist",
        title="MNIST",
        place="mnist.npz",
        files=(
            RemoteFile(
                url="http://127.0.0.1:1/mnist.npz",
                path="mnist.npz",
                sha256=hashlib.sha256(archive).hexdigest(),
            ),
        ),
        idx_md5=md5,
        class_names=tuple("0123456789"),
    )
    return {"mnist": mnist}
