"""The live display on a terminal, however it ends."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Callable

import pytest

from mnist_search.reporting.live import Display, LiveProgress, create_progress
from mnist_search.studies.progress import Opening
from tests.reporting.watching import (
    HIDE_CURSOR,
    LABEL,
    SHOW_CURSOR,
    BrokenPipe,
    Clock,
    Terminal,
    run_three,
)


def live(stream: Terminal, clock: Callable[[], float], environ: dict[str, str]) -> Display:
    full = {"TERM": "xterm-256color", "COLUMNS": "100", "LINES": "24", **environ}
    progress = create_progress(stream, environ=full, clock=clock)
    assert isinstance(progress, LiveProgress)
    return progress


def test_live_scrolls_finished_runs_and_sums_up() -> None:
    stream, clock = Terminal(), Clock()
    with live(stream, clock, {"NO_COLOR": "1"}) as progress:
        run_three(progress, clock)
    text = stream.getvalue()
    lines = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text).splitlines()
    expected = f"[10/50] trial 9  complete  val 0.9893*   41.2 s  {LABEL}"
    assert expected in [line.lstrip("\r") for line in lines]
    assert text.rstrip().endswith("best 0.9893, trial 9")


def test_no_color_leaves_no_colour() -> None:
    def colours(environ: dict[str, str]) -> int:
        stream, clock = Terminal(), Clock()
        with live(stream, clock, environ) as progress:
            run_three(progress, clock)
        return stream.getvalue().count("\x1b[32m") + stream.getvalue().count("\x1b[1;32m")

    assert colours({}) > 0
    assert colours({"NO_COLOR": "1"}) == 0


def test_the_cursor_comes_back_after_an_exception() -> None:
    stream = Terminal()

    def interrupted() -> None:
        with live(stream, Clock(), {}) as progress:
            progress.begin(Opening(headline="search", total=3))
            assert stream.getvalue().rfind(HIDE_CURSOR) > stream.getvalue().rfind(SHOW_CURSOR)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert stream.getvalue().rfind(SHOW_CURSOR) > stream.getvalue().rfind(HIDE_CURSOR)


def test_live_leaves_stdout_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    results, errors = io.StringIO(), Terminal()
    monkeypatch.setattr(sys, "stdout", results)
    monkeypatch.setattr(sys, "stderr", errors)
    with live(errors, Clock(), {}) as progress:
        progress.begin(Opening(headline="search", total=3))
        sys.stdout.write("a row\n")
        sys.stderr.write("a log line\n")
    assert results.getvalue() == "a row\n"
    assert "a log line\n" in errors.getvalue()
    assert sys.stderr is errors


def test_a_narrower_terminal_has_its_wrapped_rows_erased() -> None:
    stream, environ = Terminal(), {"COLUMNS": "100", "LINES": "24"}
    progress = LiveProgress(stream, environ=environ, clock=Clock())
    progress.begin(Opening(headline="search " + "x" * 90, total=3, workers=0))
    progress.note("a")
    before = stream.getvalue().count("\x1b[1A")
    progress._console.width = 50
    progress.note("b")
    # 5 lines take 4 steps up; the headline and the bar wrapped to two rows each
    after = stream.getvalue().count("\x1b[1A")
    progress.end()
    assert after - before == 4 + 2


@pytest.mark.parametrize("good_writes", [0, 1, 3])
@pytest.mark.parametrize("term", ["xterm", "dumb"])
def test_a_broken_pipe_is_survived(good_writes: int, term: str) -> None:
    stream, clock = BrokenPipe(good_writes), Clock()
    with create_progress(stream, environ={"TERM": term}, clock=clock) as progress:
        run_three(progress, clock)
        progress.note("still here")


def test_a_closed_stream_is_survived() -> None:
    stream, clock = io.StringIO(), Clock()
    with create_progress(stream, environ={}, clock=clock) as progress:
        stream.close()
        run_three(progress, clock)


def test_a_process_whose_stderr_broke_exits_with_its_own_code() -> None:
    """Python's exit code is 120 when the buffer of a broken standard stream remains."""
    script = """
        import sys
        from mnist_search.reporting.live import create_progress
        from mnist_search.studies.progress import Opening
        with create_progress(sys.stderr, environ={}) as progress:
            progress.begin(Opening(headline="search", total=1))
            progress.note("a word")
        print("result")
    """
    environ = {key: value for key, value in os.environ.items() if key != "PYTHONUNBUFFERED"}
    read_end, write_end = os.pipe()
    os.close(read_end)
    try:
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(script)],
            stdout=subprocess.PIPE,
            stderr=write_end,
            env=environ,
            timeout=60,
            check=False,
        )
    finally:
        os.close(write_end)
    assert (done.returncode, done.stdout) == (0, b"result\n")
