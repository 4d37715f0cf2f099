"""The bounded log of what a worker prints, and what may be in its place."""

from __future__ import annotations

import io
import os
import signal
import socket
import threading
import warnings
from pathlib import Path

import pytest

from mnist_search.errors import DataError
from mnist_search.execution._log import (
    TAIL_BYTES,
    BoundedLog,
    PatientFile,
    header,
    open_log,
    read_tail,
)

ONE, TWO = header(1, "one"), header(1, "two")
CUT = "\n--- a part is cut out here ---\n"


def filled(path: Path | None, text: bytes, **bounds: int) -> tuple[int, BoundedLog]:
    """Return a log in whose first job that was printed."""
    descriptor = open_log(path)
    log = BoundedLog(descriptor, **bounds)
    log.begin(ONE)
    os.write(descriptor, text)
    return descriptor, log


def test_the_middle_of_a_job_is_cut_out(tmp_path: Path) -> None:
    path = tmp_path / "new" / "log"
    descriptor, log = filled(path, b"a" * 50_000 + b"z" * TAIL_BYTES, job_bytes=20_000)
    log.trim()
    assert path.read_text() == ONE + "a" * 10_000 + CUT + "z" * TAIL_BYTES
    # Again and again, with one note of it.
    os.write(descriptor, b"b" * 50_000)
    log.trim()
    assert path.read_text() == ONE + "a" * 10_000 + CUT + "b" * TAIL_BYTES
    log.begin(TWO)
    os.write(descriptor, b"c" * 19_000)
    log.trim()
    assert path.read_text().endswith(TWO + "c" * 19_000)


def test_nothing_is_cut_out_within_the_bound(tmp_path: Path) -> None:
    _, log = filled(tmp_path / "log", b"a" * 20_000, job_bytes=20_000)
    log.trim()
    assert (tmp_path / "log").read_text() == ONE + "a" * 20_000


def test_a_long_file_keeps_its_last_half_between_jobs(tmp_path: Path) -> None:
    path = tmp_path / "log"
    descriptor, log = filled(path, b"", file_bytes=100_000)
    for number in range(50):
        log.begin(header(1, str(number)))
        os.write(descriptor, b"x" * 10_000)
        assert path.stat().st_size < 100_000 + 2 * 10_000
    assert header(1, "49") in path.read_text()
    assert path.stat().st_size > 50_000


def test_a_watched_log_is_bounded_without_being_asked(tmp_path: Path) -> None:
    path = tmp_path / "log"
    descriptor, log = filled(path, b"", job_bytes=2 * TAIL_BYTES)
    log.watch()
    while CUT not in path.read_text():
        os.write(descriptor, b"x" * 1_000)


def test_the_tail_is_that_of_the_present_job() -> None:
    descriptor, log = filled(None, b"first\n")
    assert read_tail(descriptor, ONE) == "first"
    log.begin(TWO)
    assert read_tail(descriptor, TWO) == ""
    os.write(descriptor, b"a" * 100_000 + b"\nthe \xff end\n\n")
    tail = read_tail(descriptor, TWO)
    assert tail.endswith("a\nthe \N{REPLACEMENT CHARACTER} end")
    assert len(tail.encode()) <= TAIL_BYTES + 2


def test_a_log_is_appended_to(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("kept\n")
    filled(path, b"new")
    assert path.read_text() == "kept\n" + ONE + "new"


def put_link(path: Path) -> None:
    path.with_name("victim").write_text("of another")
    path.symlink_to(path.with_name("victim"))


def put_dangling_link(path: Path) -> None:
    path.symlink_to(path.with_name("victim"))


def put_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as end:
        end.bind(str(path))


@pytest.mark.parametrize(
    "put",
    [put_link, put_dangling_link, os.mkfifo, Path.mkdir, put_socket],
    ids=["link", "dangling link", "named pipe", "folder", "socket"],
)
def test_what_is_no_regular_file_is_refused(
    tmp_path: Path, put: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A socket's path must be short.
    monkeypatch.chdir(tmp_path)
    path = Path("log")
    assert callable(put)
    put(path)
    with pytest.raises(DataError, match=r"^log is not a regular file"):
        open_log(path)
    victim = Path("victim")
    assert not victim.exists() or victim.read_text() == "of another"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device plays a full disk here")
def test_a_full_disk_takes_no_print_and_says_nothing() -> None:
    descriptor = os.open("/dev/full", os.O_WRONLY)
    with PatientFile(descriptor, BoundedLog(descriptor)) as file:
        assert file.write(b"lost") == 4
    os.close(descriptor)
    descriptor = os.open("/dev/full", os.O_WRONLY)
    with pytest.raises(OSError, match="No space left"), open(descriptor, "wb", buffering=0) as file:  # noqa: PTH123
        file.write(b"lost")


@pytest.mark.parametrize("waits", [True, False], ids=["waits", "control"])
def test_what_is_printed_while_a_part_is_cut_out_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, waits: bool
) -> None:
    path = tmp_path / "log"
    descriptor, log = filled(path, b"a" * 50_000, job_bytes=20_000)
    if not waits:
        monkeypatch.setattr(PatientFile, "write", io.FileIO.write)
    read = os.pread

    def say() -> None:
        with PatientFile(descriptor, log) as file:
            file.write(b"the last words")

    printing = threading.Thread(target=say)

    def read_and_be_interrupted(*arguments: int) -> bytes:
        found = read(*arguments)
        if arguments[0] == descriptor:
            printing.start()
            # For ever where the print waits for the cut.
            printing.join(0.2)
        return found

    monkeypatch.setattr(os, "pread", read_and_be_interrupted)
    log.trim()
    printing.join()
    assert path.read_text().endswith("the last words") == waits


@pytest.mark.parametrize("renewed", [True, False], ids=["renewed", "control"])
def test_a_fork_of_whoever_cuts_can_print(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, renewed: bool
) -> None:
    if not renewed:
        monkeypatch.setattr(os, "register_at_fork", lambda **_: None)
    descriptor, log = filled(tmp_path / "log", b"")
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with log.lock:
            held.set()
            done.wait()

    holding = threading.Thread(target=hold)
    holding.start()
    held.wait()
    # Python 3.12 warns of a fork beside threads.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid == 0:
        # It would wait for ever.
        signal.alarm(0 if renewed else 1)
        with PatientFile(descriptor, log) as file:
            file.write(b"of the fork")
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    done.set()
    holding.join()
    assert (status == 0) == renewed
    assert (tmp_path / "log").read_text().endswith("of the fork") == renewed
