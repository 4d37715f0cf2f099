"""Progress as plain lines, and which display is chosen."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from mnist_search.reporting.live import LiveProgress, PlainProgress, create_progress
from mnist_search.studies.progress import Best, Opening
from tests.reporting.watching import Clock, Terminal, reference, result, run_three, trial


def test_plain_writes_one_line_per_run_and_a_summary() -> None:
    stream, clock = io.StringIO(), Clock()
    with PlainProgress(stream, clock=clock) as progress:
        run_three(progress, clock)
        progress.note("Ctrl-C: finishing")
    assert stream.getvalue().splitlines() == [
        "search cnn: 50 trials, 9 of them done earlier",
        "[10/50] trial 9  complete  val 0.9893*   41.2 s  C32 C64 D128 relu adam 1.2e-3"
        "  (best 0.9893, trial 9)",
        "[11/50] trial 10  pruned    val 0.9500    3.04 s  D64  (best 0.9893, trial 9)",
        "[12/50] trial 11  failed    val -              -  C64 C64  unbuildable: kernel too large"
        "  (best 0.9893, trial 9)",
        "Ctrl-C: finishing",
        "12 of 50 trials done, 40.0 s: 1 complete · 1 pruned · 1 failed · 9 earlier; "
        "best 0.9893, trial 9",
    ]


def test_runs_that_do_not_compete_are_called_by_what_they_are() -> None:
    stream, run = io.StringIO(), reference(5)
    with PlainProgress(stream, clock=Clock()) as progress:
        progress.begin(Opening(headline="bench", total=9, done=1, noun="run"))
        progress.finished(run, result(run, "complete", 0.9912, 41.2), 0)
    assert stream.getvalue().splitlines() == [
        "bench: 9 runs, 1 of them done earlier",
        "run 2/9: cnn-plain, seed 2  complete  test 0.9912    41.2 s",
        "2 of 9 runs done, 0 ms: 1 complete · 0 pruned · 0 failed · 1 earlier",
    ]


def test_every_plain_line_is_flushed() -> None:
    flushed: list[str] = []

    class Buffered(io.StringIO):
        def flush(self) -> None:
            flushed.append(self.getvalue())

    progress, run = PlainProgress(Buffered(), clock=Clock()), trial(0)
    progress.begin(Opening(headline="search", total=1))
    progress.finished(run, result(run, "complete", 0.9, 1.0), 0)
    progress.note("hello")
    assert [text.count("\n") for text in flushed] == [1, 2, 3]


def test_quiet_keeps_the_notes_alone() -> None:
    stream, clock = Terminal(), Clock()
    with create_progress(stream, environ={}, quiet=True, clock=clock) as progress:
        run_three(progress, clock)
        progress.note("the data set is a fallback")
    assert stream.getvalue() == "the data set is a fallback\n"


def test_verbose_shows_what_workers_print_and_where_it_lies(tmp_path: Path) -> None:
    stream, run = io.StringIO(), trial(0)
    log = tmp_path / "worker-0.log"
    log.write_text("of an earlier session\n")
    with create_progress(stream, environ={}, verbose=True, clock=Clock()) as progress:
        progress.begin(Opening(headline="search", total=1, log_folder=tmp_path))
        with log.open("a") as file:
            file.write("a warning\nhalf a \x1b[2Jli")
        progress.started(run, 0)
        progress.stepped(run, 0.5)
        with log.open("a") as file:
            file.write("ne\n")
        progress.stepped(run, 1.0)
        log.write_text("cut\n")
        progress.stepped(run, 1.5)
        with log.open("a") as file:
            file.write("and on\n")
    assert stream.getvalue().splitlines()[1:-1] == [
        f"the workers' logs are in {tmp_path}",
        "worker-0: a warning",
        "worker-0: half a [2Jline",
        "worker-0: and on",
    ]


def test_end_sums_up_once() -> None:
    stream = io.StringIO()
    progress = PlainProgress(stream, clock=Clock())
    progress.end()
    assert stream.getvalue() == ""
    progress.begin(Opening(headline="search", total=1, done=1))
    progress.end()
    progress.end()
    assert stream.getvalue().count("1 of 1 trials done") == 1


def test_user_text_cannot_break_a_line_or_drive_the_terminal() -> None:
    stream, run = io.StringIO(), trial(0, "a\nb\x07\x9b1m\u202e")
    with PlainProgress(stream, clock=Clock()) as progress:
        progress.begin(Opening(headline="search\x1b[2J", total=1))
        progress.finished(run, result(run, "failed", failure="one\r\ntwo\udc80"), 0)
        progress.note("\x1b]0;title\x07plain")
    text = stream.getvalue()
    assert len(text.splitlines()) == 4
    assert not set(text) & set("\x1b\x07\x9b\r\u202e\udc80")
    assert "a b1m" in text
    assert "one  two" in text


def test_a_stream_that_cannot_encode_gets_question_marks() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii", errors="strict")
    progress = create_progress(stream, environ={}, clock=Clock())
    progress.note("cnn · tpe")
    assert raw.getvalue() == b"cnn ? tpe\n"


@pytest.mark.parametrize(
    ("environ", "live"),
    [
        ({}, True),
        ({"TERM": "xterm-256color"}, True),
        ({"NO_COLOR": "1"}, True),
        ({"CI": "false"}, True),
        ({"CI": "true"}, False),
        ({"TERM": "dumb"}, False),
        ({"NO_PROGRESS": "1"}, False),
    ],
)
def test_the_environment_decides_about_a_terminal(environ: dict[str, str], live: bool) -> None:
    progress = create_progress(Terminal(), environ=environ, clock=Clock())
    assert isinstance(progress, LiveProgress if live else PlainProgress)


def test_pipes_and_terminals_without_utf8_get_plain_lines() -> None:
    latin = Terminal()
    latin.encoding = "iso-8859-1"
    closed = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    closed.close()
    for stream in (io.StringIO(), latin, closed):
        assert isinstance(create_progress(stream, environ={}, clock=Clock()), PlainProgress)


def test_a_figure_that_is_no_number_is_survived() -> None:
    stream, run = io.StringIO(), trial(0)
    with PlainProgress(stream, clock=Clock()) as progress:
        progress.begin(Opening(headline="search", total=1))
        progress.finished(run, result(run, "failed", float("nan"), float("nan")), 0)
    assert "trial 0  failed    val nan" in stream.getvalue()


def test_the_best_of_earlier_sessions_is_beaten_or_stays() -> None:
    for accuracy, told in ((0.98, "best 0.9900, trial 3"), (0.995, "best 0.9950, trial 9")):
        stream, run = io.StringIO(), trial(9)
        with PlainProgress(stream, clock=Clock()) as progress:
            best = Best(name="trial 3", label="C32\x1b[2J", accuracy=0.99)
            progress.begin(Opening(headline="search", total=10, done=9, best=best))
            progress.finished(run, result(run, "complete", accuracy, 1.0), 0)
        assert stream.getvalue().splitlines()[-1].endswith(told)
