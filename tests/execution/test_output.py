"""The bounded log of what a worker prints."""

from __future__ import annotations

from pathlib import Path

from mnist_search.execution._output import TAIL_BYTES, OutputLog


def test_each_job_has_an_allowance(tmp_path: Path) -> None:
    path = tmp_path / "log"
    log = OutputLog(path, job_bytes=10)
    log.begin("one")
    for _ in range(5):
        log.write(b"1234")
    log.begin("two")
    log.write(b"ab\n")
    assert path.read_text() == (
        "--- one ---\n1234123412\n--- more than 10 bytes, the rest is cut ---\n--- two ---\nab\n"
    )


def test_a_full_file_is_set_aside_between_jobs(tmp_path: Path) -> None:
    path = tmp_path / "log"
    log = OutputLog(path, job_bytes=100, file_bytes=150)
    for number in range(50):
        log.begin(str(number))
        log.write(b"x" * 1_000)
    sizes = {file.name: file.stat().st_size for file in tmp_path.iterdir()}
    assert set(sizes) == {"log", "log.1"}
    header_and_note_bytes = 80
    assert max(sizes.values()) <= 150 + 100 + header_and_note_bytes
    assert "--- 49 ---" in path.read_text()


def test_the_tail_is_that_of_the_present_job_even_beyond_the_allowance() -> None:
    log = OutputLog(None, job_bytes=10)
    log.begin("one")
    assert (log.tail, log.last_line) == ("", None)
    log.write(b"a" * 100_000)
    log.write(b"\nthe \xff end\n\n")
    assert log.last_line == "the \N{REPLACEMENT CHARACTER} end"
    assert len(log.tail.encode()) <= TAIL_BYTES + 2
    log.begin("two")
    assert log.last_line is None


def test_a_log_that_cannot_be_written_is_given_up(tmp_path: Path) -> None:
    log = OutputLog(tmp_path / "missing" / "log")
    log.begin("one")
    log.write(b"still at hand")
    assert log.path is None
    assert log.last_line == "still at hand"
