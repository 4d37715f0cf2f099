"""The data sets that are known by name: where they live, how they are recognised, downloads."""

from __future__ import annotations

import errno
import hashlib
import http.client
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from filelock import FileLock, Timeout

from mnist_search.datasets.arrays import Part, idx_md5
from mnist_search.datasets.places import expand
from mnist_search.datasets.readers import IDX_NAMES
from mnist_search.errors import DataError, ResourceError
from mnist_search.paths import home_folder
from mnist_search.writing import replacing

ORIGIN = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteFile:
    """A file to download; `path` is relative to the `datasets` folder of Keras' cache."""

    url: str
    path: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A published data set.

    `place` is its file or folder in the `datasets` folder of Keras' cache. `idx_md5` are the
    MD5s of the unpacked IDX files of train images, train labels, test images, test labels: they
    identify the arrays, whatever file holds them.
    """

    name: str
    title: str
    place: str
    files: tuple[RemoteFile, ...]
    idx_md5: tuple[str, str, str, str]
    class_names: tuple[str, ...]

    def location(self, environ: Mapping[str, str]) -> Path | None:
        """Return where Keras keeps it: below KERAS_HOME or ~/.keras; None: there is no home."""
        named = environ.get("KERAS_HOME")
        if named:
            return expand(named, environ) / "datasets" / self.place
        home = home_folder(environ)
        return None if home is None else home.absolute() / ".keras" / "datasets" / self.place

    def holds(self, train: Part, test: Part) -> bool:
        """Tell whether these arrays are this data set."""
        arrays = (train.images, train.labels, test.images, test.labels)
        # The small ones first: they tell most other data apart.
        pairs = sorted(zip(arrays, self.idx_md5, strict=True), key=lambda pair: pair[0].size)
        return all(idx_md5(array) == md5 for array, md5 in pairs)


# The SHA-256 of mnist.npz is the one that Keras checks; the MD5s are those of the original files,
# as torchvision and others publish them for the unpacked form.
MNIST = Source(
    name="mnist",
    title="MNIST",
    place="mnist.npz",
    files=(
        RemoteFile(
            url=f"{ORIGIN}mnist.npz",
            path="mnist.npz",
            sha256="731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
        ),
    ),
    idx_md5=(
        "6bbc9ace898e44ae57da46a324031adb",
        "a25bea736e30d166cdddb491f175f624",
        "2646ac647ad5339dbf082846283269ea",
        "27ae3e4e09519cfbb04c329615203637",
    ),
    class_names=tuple("0123456789"),
)

# Keras checks no hash here. The SHA-256s belong to the files of Zalando's release, which have the
# same names and sizes at Keras' address; the MD5s are those of the unpacked files.
FASHION_MNIST = Source(
    name="fashion-mnist",
    title="Fashion-MNIST",
    place="fashion-mnist",
    files=tuple(
        RemoteFile(url=f"{ORIGIN}{name}.gz", path=f"fashion-mnist/{name}.gz", sha256=sha256)
        for name, sha256 in zip(
            IDX_NAMES.values(),
            (
                "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
                "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
                "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
                "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
            ),
            strict=True,
        )
    ),
    idx_md5=(
        "f4a8712d7a061bf5bd6d2ca38dc4d50a",
        "9018921c3c673c538a1fc5bad174d6f9",
        "8181f5470baa50b63fa0f6fddb340f0a",
        "15d484375f8d13e6eb1aabb0c3f46965",
    ),
    class_names=(
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ),
)

CATALOG: Mapping[str, Source] = {source.name: source for source in (MNIST, FASHION_MNIST)}


def class_names(dataset: str) -> tuple[str, ...]:
    """Return what the labels 0 to 9 stand for; digits unless the data set is known."""
    source = CATALOG.get(dataset)
    return MNIST.class_names if source is None else source.class_names


CHUNK_BYTES = 2**16


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadLimits:
    """How long and how much: seconds to the first answer, of silence, and in all; bytes."""

    connect_seconds: float = 4.0
    stall_seconds: float = 20.0
    total_seconds: float = 1800.0
    max_bytes: int = 64 * 2**20


LIMITS = DownloadLimits()


def fetch_file(
    url: str,
    target: Path,
    *,
    sha256: str,
    lock: Path,
    limits: DownloadLimits = LIMITS,
    notice: Callable[[str], None] = lambda _: None,
) -> None:
    """Download a file unless it is there with that SHA-256; several processes fetch it once.

    `lock` is a file that stays; the target's folder is made only when a server has answered.
    Raises DataError when it cannot be had or is not what it should be, ResourceError when the
    disk is full. The target is then as it was before.
    """
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        with _held(FileLock(lock), target, limits, notice):
            if not has_sha256(target, sha256):
                notice(f"downloading {url}")
                _download(url, target, sha256, limits)
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise ResourceError(f"{target}: no space left to download it") from error
        raise DataError(
            f"{target}: cannot be written: {error.strerror or error}",
            hint="set KERAS_HOME to a folder that can be written",
        ) from error


def has_sha256(path: Path, sha256: str) -> bool:
    """Tell whether a regular file is there and has that SHA-256."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == sha256


@contextmanager
def _held(
    lock: FileLock, target: Path, limits: DownloadLimits, notice: Callable[[str], None]
) -> Iterator[None]:
    """Hold the lock; say so before waiting for it."""
    try:
        held = lock.acquire(timeout=0)
    except Timeout:
        notice(f"waiting for another process that downloads {target.name}")
        try:
            held = lock.acquire(timeout=limits.total_seconds)
        except Timeout as error:
            raise DataError(
                f"{target}: another process has held its lock for {limits.total_seconds:g} s"
            ) from error
    with held:
        yield


def _download(url: str, target: Path, sha256: str, limits: DownloadLimits) -> None:
    no_answer = f"no answer within {limits.connect_seconds:g} s"
    with _failures_told(url, "cannot be reached", no_answer):
        response = _open(url, limits)
    with response:
        text = response.headers.get("Content-Length") or ""
        announced = int(text) if text.isdecimal() and len(text) < 20 else None
        if announced is not None and announced > limits.max_bytes:
            raise DataError(f"{url}: must not exceed {limits.max_bytes:,} bytes, got {announced:,}")
        target.parent.mkdir(exist_ok=True)
        with replacing(target) as part:
            with part.open("wb") as sink:
                received, digest = _copy(url, response, sink, limits)
            if announced is not None and received != announced:
                raise DataError(
                    f"{url}: the download was cut off after {received:,} of {announced:,} bytes"
                )
            if digest != sha256:
                raise DataError(f"{url}: must have the SHA-256 {sha256}, got {digest}")


def _copy(
    url: str, response: http.client.HTTPResponse, sink: IO[bytes], limits: DownloadLimits
) -> tuple[int, str]:
    """Return how many bytes came, and their SHA-256."""
    digest = hashlib.sha256()
    received = 0
    end = time.monotonic() + limits.total_seconds
    while True:
        silent = f"no data for {limits.stall_seconds:g} s"
        with _failures_told(url, "the download was cut off", silent):
            # read1 returns what has come: read would wait for a whole chunk from a trickling
            # server.
            chunk = response.read1(CHUNK_BYTES)
        if not chunk:
            return received, digest.hexdigest()
        received += len(chunk)
        if received > limits.max_bytes:
            raise DataError(f"{url}: must not exceed {limits.max_bytes:,} bytes")
        if time.monotonic() > end:
            raise DataError(f"{url}: took longer than {limits.total_seconds:g} s")
        digest.update(chunk)
        sink.write(chunk)


def _open(url: str, limits: DownloadLimits) -> http.client.HTTPResponse:
    """Open a URL, or give up after `connect_seconds` in all.

    A socket's timeout holds for each address of a host, and not for looking up its name, which
    takes minutes behind some firewalls; so a thread does it, and is abandoned.
    """
    answer: Future[http.client.HTTPResponse] = Future()

    def run() -> None:
        try:
            # Where redirects lead does not matter: what comes must have the SHA-256. `urlopen`
            # would keep the proxies of its first call for as long as the process lives.
            opener = urllib.request.build_opener()
            response = opener.open(url, timeout=limits.stall_seconds)
        except Exception as error:
            answer.set_exception(error)
            return
        answer.set_result(response)
        if abandoned.is_set():
            response.close()

    abandoned = threading.Event()
    threading.Thread(target=run, name="download", daemon=True).start()
    try:
        return answer.result(timeout=limits.connect_seconds)
    except TimeoutError:
        abandoned.set()
        raise


@contextmanager
def _failures_told(url: str, failure: str, silence: str) -> Iterator[None]:
    """Turn what the network and the server do wrong into a DataError."""
    try:
        yield
    except urllib.error.HTTPError as error:
        error.close()
        raise DataError(f"{url}: HTTP {error.code} {_reason(error)}") from error
    except TimeoutError as error:
        raise DataError(f"{url}: {silence}") from error
    except (ValueError, http.client.InvalidURL):
        # Neither shown nor kept as the cause: the address of a proxy may hold a password.
        raise DataError(f"{url}: the address of a proxy or a redirect is not valid") from None
    except (OSError, http.client.HTTPException) as error:
        raise DataError(f"{url}: {failure}: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    """Return one line that says why, without the wrappers around it."""
    reason = getattr(error, "reason", error)
    text = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
    return str(text).splitlines()[0]
