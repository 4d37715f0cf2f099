"""Data sets that are damaged, lie or cannot be fetched."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import http.server
import io
import os
import pickle
import ssl
import struct
import threading
import tracemalloc
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_search.datasets import catalog, readers
from mnist_search.datasets.catalog import DownloadLimits, fetch_file
from mnist_search.errors import DataError

Here = Callable[..., Any]

IMAGES = np.random.default_rng(5).integers(0, 256, (20, 28, 28)).astype(np.uint8)
LABELS = (np.arange(20) % 2).astype(np.uint8)


def idx_file(array: np.ndarray, *, shape: tuple[int, ...] | None = None) -> bytes:
    shape = array.shape if shape is None else shape
    return bytes((0, 0, 8, len(shape))) + struct.pack(f">{len(shape)}I", *shape) + array.tobytes()


def idx_folder(folder: Path, **changes: bytes) -> Path:
    folder.mkdir()
    for part in ("train", "t10k"):
        for kind, array in (("images-idx3", IMAGES), ("labels-idx1", LABELS)):
            content = gzip.compress(idx_file(array), mtime=0)
            (folder / f"{part}-{kind}-ubyte.gz").write_bytes(
                changes.get(f"{part}_{kind[:6]}", content)
            )
    return folder


def npz_file(path: Path, **changes: Any) -> Path:
    arrays = {"x_train": IMAGES, "y_train": LABELS, "x_test": IMAGES, "y_test": LABELS}
    np.savez_compressed(path, **{**arrays, **changes})
    return path


def npz_with(path: Path, member: bytes, *, method: int = zipfile.ZIP_DEFLATED) -> Path:
    """Write an archive whose `x_train` is that; all else is sound."""
    npz_file(path)
    with zipfile.ZipFile(path) as archive:
        others = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in {**others, "x_train.npy": member}.items():
            archive.writestr(name, content)
    return path


def header(shape: tuple[int, ...], descr: str = "|u1") -> bytes:
    stream = io.BytesIO()
    fields = {"descr": descr, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, fields)  # type: ignore[arg-type]
    return stream.getvalue()


class Marking:
    """An object that writes a file when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.marker,)


def pickled(path: Path) -> Path:
    objects = np.empty(20, dtype=object)
    objects[:] = [Marking(path.with_name("marker"))] * 20
    return npz_file(path, x_train=objects)


def gz(array: np.ndarray, **how: Any) -> bytes:
    return gzip.compress(idx_file(array, **how), mtime=0)


DATA: dict[str, tuple[Callable[[Path], Path], str]] = {
    "absent": (lambda path: path / "none.npz", "No such file"),
    "truncated gzip": (
        lambda path: idx_folder(path / "d", train_images=gz(IMAGES)[:-40]),
        "train-images-idx3-ubyte.gz",
    ),
    "swapped": (
        lambda path: idx_folder(path / "d", train_images=gz(LABELS), train_labels=gz(IMAGES)),
        "starts with 00000803, got 00000801",
    ),
    "wrong magic": (
        lambda path: idx_folder(path / "d", train_labels=gzip.compress(b"\1\2\3\4" * 9)),
        "got 01020304",
    ),
    "lying header": (
        lambda path: idx_folder(path / "d", train_images=gz(IMAGES, shape=(60_000, 28, 28))),
        "claims 47,040,000 bytes",
    ),
    "gzip bomb": (
        lambda path: idx_folder(
            path / "d", train_images=gz(np.zeros(10**6, np.uint8), shape=(20, 28, 28))
        ),
        "needs exactly 15,696 bytes, got more",
    ),
    "label 255": (lambda path: npz_file(path / "d.npz", y_train=LABELS + np.uint8(254)), "got 255"),
    "count mismatch": (lambda path: npz_file(path / "d.npz", y_train=LABELS[:9]), "one label for"),
    "pickles": (lambda path: pickled(path / "d.npz"), "pickled objects"),
    "huge shape": (
        lambda path: npz_with(path / "d.npz", header((1_000_000, 28, 28))),
        "takes 784,000,000 bytes, the file declares 0",
    ),
    "bomb of another method": (
        lambda path: npz_with(
            path / "d.npz", header((20_000, 28, 28)) + bytes(15_680_000), method=zipfile.ZIP_LZMA
        ),
        "must be stored or deflated",
    ),
    "not an archive": (lambda path: Path(__file__), "neither a .npz nor a CSV file"),
}


@pytest.mark.parametrize("kind", DATA)
def test_damaged_data(here: Here, tmp_path: Path, kind: str) -> None:
    make, words = DATA[kind]
    path = make(tmp_path)
    tracemalloc.start()
    try:
        here("data", "show", str(path)).refused(5, str(path), words)
        assert tracemalloc.get_traced_memory()[1] < 60 * 2**20
    finally:
        tracemalloc.stop()
    assert not (tmp_path / "marker").exists()


def test_sound_data_of_the_same_making(here: Here, tmp_path: Path) -> None:
    for path in (idx_folder(tmp_path / "d"), npz_file(tmp_path / "d.npz")):
        assert here("data", "show", str(path)).code == 0


def test_too_little_memory(here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(*_: object, **__: object) -> None:
        raise MemoryError

    path = npz_file(tmp_path / "d.npz")
    monkeypatch.setattr(np.lib.format, "read_array", exhausted)
    here("data", "show", str(path)).refused(6, str(path), "not enough memory")


def test_control_without_a_look_at_the_sizes(
    here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readers, "check_size", lambda *_, **__: None)
    path = DATA["lying header"][0](tmp_path)
    with pytest.raises(AssertionError, match="claims"):
        here("data", "show", str(path)).refused(5, "claims")


def test_control_pickles_would_run(tmp_path: Path) -> None:
    with np.load(pickled(tmp_path / "d.npz"), allow_pickle=True) as archive:
        assert archive["x_train"].shape == (20,)
    assert (tmp_path / "marker").exists()
    assert b"marker" in pickle.dumps(Marking(tmp_path / "marker"))


GOOD = b"good" * 1000
SHA256 = hashlib.sha256(GOOD).hexdigest()
LIMITS = DownloadLimits(connect_seconds=5.0, stall_seconds=0.3, total_seconds=5.0, max_bytes=10_000)


@pytest.fixture
def server() -> Iterator[Any]:
    """Serve what each path is named after; `asked` are the paths, `together` waits for two."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked.append(self.path)
            with contextlib.suppress(threading.BrokenBarrierError):
                if self.path == "/together":
                    found.both.wait(1.0)
            match self.path:
                case "/404":
                    self.send_error(404)
                    return
                case "/loop":
                    self.send_response(302)
                    self.send_header("Location", "/loop")
                    self.end_headers()
                    return
            announced = {"/cut": 2 * len(GOOD), "/larger": 10**9, "/slow": 2 * len(GOOD)}
            self.send_response(200)
            self.send_header("Content-Length", str(announced.get(self.path, len(GOOD))))
            self.end_headers()
            self.wfile.write(GOOD[:-1] + b"!" if self.path == "/other" else GOOD)
            if self.path == "/slow":
                self.wfile.flush()
                found.stop.wait(10)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Quiet(http.server.ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """A client that hangs up is what these tests are about."""

    class found:
        asked: list[str] = []  # noqa: RUF012
        both = threading.Barrier(2)
        stop = threading.Event()

    with Quiet(("127.0.0.1", 0), Handler) as httpd:
        found.port = httpd.server_port  # type: ignore[attr-defined]
        thread = threading.Thread(target=httpd.serve_forever, args=(0.01,))
        thread.start()
        yield found
        found.stop.set()
        httpd.shutdown()
        thread.join()


def get(url: str, folder: Path, limits: DownloadLimits = LIMITS) -> None:
    target = folder / "set" / "file.bin"
    fetch_file(url, target, sha256=SHA256, lock=folder / "lock", limits=limits)


FETCHES = {
    "404": "HTTP 404",
    "loop": "redirect",
    "slow": "no data for 0.3 s",
    "cut": "cut off",
    "larger": "must not exceed 10,000 bytes",
    "other": "must have the SHA-256",
}


def fail_to_fetch(url: str, folder: Path, words: str) -> None:
    """Fetch in vain, where an old file is and where none is; nothing may change."""
    (folder / "set").mkdir()
    for old in (None, b"old"):
        if old is not None:
            (folder / "set" / "file.bin").write_bytes(old)
        with pytest.raises(DataError, match=words) as caught:
            get(url, folder)
        assert caught.value.exit_code == 5
        assert len(str(caught.value).splitlines()) == 1
        left = {path.name: path.read_bytes() for path in (folder / "set").iterdir()}
        assert left == ({} if old is None else {"file.bin": b"old"})


@pytest.mark.parametrize("fault", FETCHES)
def test_download_that_fails(server: Any, tmp_path: Path, fault: str) -> None:
    fail_to_fetch(f"http://127.0.0.1:{server.port}/{fault}", tmp_path, FETCHES[fault])


def test_offline_and_without_encryption(server: Any, tmp_path: Path) -> None:
    fail_to_fetch(f"https://127.0.0.1:{server.port}/file", tmp_path, "cannot be reached.*SSL")
    (tmp_path / "offline").mkdir()
    fail_to_fetch("http://127.0.0.1:1/file", tmp_path / "offline", "Connection refused")
    assert issubclass(ssl.SSLError, OSError)


def test_file_that_is_there_is_used_offline(server: Any, tmp_path: Path) -> None:
    get(f"http://127.0.0.1:{server.port}/file", tmp_path)
    get("http://127.0.0.1:1/file", tmp_path)
    assert (tmp_path / "set" / "file.bin").read_bytes() == GOOD


def test_control_written_in_place(
    server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalog, "replacing", contextlib.nullcontext)
    with pytest.raises(AssertionError):
        fail_to_fetch(f"http://127.0.0.1:{server.port}/cut", tmp_path, "cut off")


def fetch_twice(server: Any, folder: Path) -> list[int]:
    """Fetch the same file in two processes and return how they ended."""
    (folder / "set").mkdir()
    pids = []
    for _ in range(2):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = os.fork()
        if pid == 0:
            code = 1
            try:
                get(f"http://127.0.0.1:{server.port}/together", folder, DownloadLimits())
                code = 0
            finally:
                os._exit(code)
        pids.append(pid)
    return [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]


def test_two_processes_fetch_once(server: Any, tmp_path: Path) -> None:
    assert fetch_twice(server, tmp_path) == [0, 0]
    assert server.asked == ["/together"]
    assert [path.name for path in (tmp_path / "set").iterdir()] == ["file.bin"]
    assert (tmp_path / "set" / "file.bin").read_bytes() == GOOD


def test_control_without_a_lock(
    server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Open(contextlib.nullcontext[None]):
        """A lock that holds nobody up."""

        def __init__(self, path: Path) -> None:
            super().__init__()

        def acquire(self, timeout: float) -> Open:
            return self

    monkeypatch.setattr(catalog, "FileLock", Open)
    server.both.reset()
    fetch_twice(server, tmp_path)
    assert server.asked == ["/together"] * 2
