from __future__ import annotations

import errno
import hashlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from mnist_search.datasets.catalog import LIMITS, DownloadLimits, fetch_file, has_sha256
from mnist_search.errors import DataError, ResourceError

GOOD = b"a published file" * 1000
SHA256 = hashlib.sha256(GOOD).hexdigest()


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "set" / "file.bin"


def lock_of(target: Path) -> Path:
    return target.parent.parent / ".set.lock"


def get(origin: str, target: Path, *, limits: DownloadLimits = LIMITS) -> list[str]:
    """Fetch `file.bin` and return what was said."""
    said: list[str] = []
    fetch_file(
        f"{origin}file.bin",
        target,
        sha256=SHA256,
        lock=lock_of(target),
        limits=limits,
        notice=said.append,
    )
    return said


def refused(origin: str, target: Path, *, limits: DownloadLimits = LIMITS) -> str:
    """Return the message of a fetch that fails and leaves nothing behind beside the lock."""
    with pytest.raises(DataError) as caught:
        get(origin, target, limits=limits)
    assert not target.parent.exists() or not list(target.parent.iterdir())
    return caught.value.message


def test_good_file(server: Any, target: Path) -> None:
    server.put("file.bin", GOOD)
    assert get(server.origin, target) == [f"downloading {server.origin}file.bin"]
    assert target.read_bytes() == GOOD
    assert not list(target.parent.glob(".*"))


def test_good_file_of_unannounced_length(server: Any, target: Path) -> None:
    server.put("file.bin", GOOD, announced=-1)
    get(server.origin, target)
    assert target.read_bytes() == GOOD


def test_file_that_is_there_is_not_fetched(server: Any, target: Path) -> None:
    target.parent.mkdir(parents=True)
    target.write_bytes(GOOD)
    assert get(server.origin, target) == []
    assert server.asked == []


def test_damaged_file_is_replaced(server: Any, target: Path) -> None:
    server.put("file.bin", GOOD)
    target.parent.mkdir(parents=True)
    target.write_bytes(GOOD[:-1])
    target.with_name(".file.999999999-0123abcd.part.bin").write_bytes(b"of a killed process")
    get(server.origin, target)
    assert target.read_bytes() == GOOD
    assert not list(target.parent.glob(".*.part*"))


def test_damaged_file_stays_when_nothing_better_comes(server: Any, target: Path) -> None:
    target.parent.mkdir(parents=True)
    target.write_bytes(b"damaged")
    with pytest.raises(DataError, match="HTTP 404"):
        get(server.origin, target)
    assert target.read_bytes() == b"damaged"


def test_not_found(server: Any, target: Path) -> None:
    assert refused(server.origin, target).endswith("file.bin: HTTP 404 Not Found")


def test_cut_connection(server: Any, target: Path) -> None:
    server.put("file.bin", GOOD[:5000], announced=len(GOOD))
    assert "cut off after 5,000 of 16,000 bytes" in refused(server.origin, target)


def test_wrong_checksum(server: Any, target: Path) -> None:
    other = GOOD[::-1]
    server.put("file.bin", other)
    message = refused(server.origin, target)
    assert f"must have the SHA-256 {SHA256}, got {hashlib.sha256(other).hexdigest()}" in message


def test_longer_than_announced(server: Any, target: Path) -> None:
    server.put("file.bin", GOOD, announced=len(GOOD) - 1)
    assert "must have the SHA-256" in refused(server.origin, target)


@pytest.mark.parametrize(
    ("announced", "end"), [(None, "bytes, got 16,000"), (-1, "bytes")], ids=["announced", "not"]
)
def test_too_large(server: Any, target: Path, announced: int | None, end: str) -> None:
    server.put("file.bin", GOOD, announced=announced)
    message = refused(server.origin, target, limits=DownloadLimits(max_bytes=15_999))
    assert message.endswith(f"must not exceed 15,999 {end}")


def test_total_time(server: Any, target: Path) -> None:
    server.put("file.bin", GOOD)
    assert "took longer than -1 s" in refused(
        server.origin, target, limits=DownloadLimits(total_seconds=-1)
    )


def test_server_that_never_answers(server: Any, target: Path) -> None:
    server.put("file.bin", GOOD, hold=threading.Event())
    message = refused(server.origin, target, limits=DownloadLimits(connect_seconds=0.05))
    assert message.endswith("no answer within 0.05 s")


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a server that announces a body and sends half of it."""
    listener = socket.create_server(("127.0.0.1", 0))
    done = threading.Event()

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(4096)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
            done.wait(30)

    thread = threading.Thread(target=serve)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    done.set()
    thread.join()
    listener.close()


def test_server_that_falls_silent(silent: str, target: Path) -> None:
    message = refused(silent, target, limits=DownloadLimits(stall_seconds=0.05))
    assert message.endswith("no data for 0.05 s")


def test_trickling_server_cannot_outlast_the_total(silent: str, target: Path) -> None:
    message = refused(silent, target, limits=DownloadLimits(stall_seconds=0.5, total_seconds=-1))
    assert message.endswith("took longer than -1 s")


def test_offline_leaves_no_empty_data_set(target: Path) -> None:
    refused("http://127.0.0.1:1/", target)
    assert not target.parent.exists()


def test_nobody_listens(target: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        message = refused(f"http://127.0.0.1:{free.getsockname()[1]}/", target)
    assert message.endswith("cannot be reached: Connection refused")


def test_name_that_cannot_be_looked_up(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", offline)
    message = refused("http://no-such-host.invalid/", target)
    assert message.endswith("cannot be reached: Name or service not known")


def test_look_up_that_hangs_is_abandoned(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()

    def hang(*_: object, **__: object) -> None:
        release.wait(30)
        raise socket.gaierror(socket.EAI_AGAIN, "late")

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    message = refused(
        "http://no-such-host.invalid/", target, limits=DownloadLimits(connect_seconds=0.05)
    )
    release.set()
    assert message.endswith("no answer within 0.05 s")


def test_redirect_is_followed(server: Any, target: Path) -> None:
    server.put("file.bin", code=302, headers={"Location": f"{server.origin}moved"})
    server.put("moved", GOOD)
    get(server.origin, target)
    assert server.asked == ["/file.bin", "/moved"]
    assert target.read_bytes() == GOOD


def test_redirects_end(server: Any, target: Path) -> None:
    server.put("file.bin", code=302, headers={"Location": f"{server.origin}file.bin?again"})
    server.put("file.bin?again", code=302, headers={"Location": f"{server.origin}file.bin"})
    assert "HTTP 302" in refused(server.origin, target)
    assert len(server.asked) < 15


@pytest.mark.parametrize("place", ["file:///etc/hostname", "ftp://127.0.0.1/x"])
def test_redirect_to_another_kind_of_place(server: Any, target: Path, place: str) -> None:
    server.put("file.bin", code=302, headers={"Location": place})
    refused(server.origin, target)


def test_two_at_once_fetch_once(server: Any, target: Path) -> None:
    hold = threading.Event()
    server.put("file.bin", GOOD, hold=hold)
    said: list[list[str]] = []
    threads = [
        threading.Thread(target=lambda: said.append(get(server.origin, target))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    hold.set()
    for thread in threads:
        thread.join()
    assert len(said) == 4
    assert server.asked == ["/file.bin"]
    assert target.read_bytes() == GOOD


def test_held_lock_is_said_and_waited_for(server: Any, target: Path) -> None:
    server.put("file.bin", GOOD)
    target.parent.mkdir(parents=True)
    with FileLock(lock_of(target)):
        message = refused(server.origin, target, limits=DownloadLimits(total_seconds=0.1))
    assert "another process has held its lock for 0.1 s" in message
    assert server.asked == []


def test_folder_that_cannot_be_made(server: Any, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    with pytest.raises(DataError, match="cannot be written: ") as caught:
        get(server.origin, tmp_path / "cache" / "set" / "file.bin")
    assert "KERAS_HOME" in str(caught.value.hint)


def test_full_disk(server: Any, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server.put("file.bin", GOOD)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ResourceError, match="no space left"):
        get(server.origin, target)
    assert not target.exists()
    assert not list(target.parent.glob(".*"))


def test_has_sha256(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(GOOD)
    assert has_sha256(tmp_path / "a", SHA256)
    assert not has_sha256(tmp_path / "a", "0" * 64)
    assert not has_sha256(tmp_path, SHA256)
    assert not has_sha256(tmp_path / "b", SHA256)
