from __future__ import annotations

import io
import itertools
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Callable
from dataclasses import replace

import pytest
from rich.console import Console

from mnist_search.reporting.live import (
    LiveProgress,
    PlainProgress,
    Progress,
    create_progress,
)
from mnist_search.reporting.live_state import (
    Best,
    Running,
    State,
    finish_run,
    printable,
    remaining_seconds,
    report_run,
    start_run,
)
from mnist_search.reporting.live_view import render

LABEL = "C32 C64 D128 relu adam 1.2e-3"
SHOW_CURSOR, HIDE_CURSOR = "\x1b[?25h", "\x1b[?25l"


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class BrokenPipe(Terminal):
    """A stream that breaks at its n-th write."""

    def __init__(self, good_writes: int) -> None:
        super().__init__()
        self.left = good_writes

    def write(self, text: str) -> int:
        self.left -= 1
        if self.left < 0:
            raise BrokenPipeError(32, "Broken pipe")
        return super().write(text)


def make_state(**changes: object) -> State:
    base = State(headline="search cnn · tpe", noun="trial", total=50, earlier=0, workers=2, began=0)
    return replace(base, **changes)  # type: ignore[arg-type]


def busy_state() -> State:
    runs = (
        Running(
            number=13, worker=0, label=LABEL, epochs=5, started=350, reported=368, step=9,
            rung=3, accuracy=0.9871,
        ),
        Running(number=14, worker=1, label="D512 D256 relu sgd 3e-2", epochs=10, started=366),
    )  # fmt: skip
    best = Best(number=7, label=LABEL, accuracy=0.9921)
    return make_state(running=runs, complete=5, pruned=6, failed=1, busy_seconds=600.0, best=best)


def draw(state: State, now: float, *, width: int, height: int = 24) -> list[str]:
    console = Console(
        file=io.StringIO(), width=width, height=height, color_system=None, legacy_windows=False
    )
    with console.capture() as capture:
        console.print(render(state, now))
    return capture.get().splitlines()


def run_three(progress: Progress, clock: Clock) -> None:
    progress.begin("search cnn", total=50, done=9, workers=2)
    progress.started(9, 0, LABEL, 5)
    clock.now = 40.0
    progress.reported(9, 0, 20, 0.9893)
    progress.finished(9, 0, LABEL, "complete", 0.9893, 41.2, None)
    progress.finished(10, 1, "D64", "pruned", 0.95, 3.04, None)
    progress.finished(11, None, "C64 C64", "failed", None, None, "unbuildable: kernel too large")


# --- what is written line by line ---


def test_plain_writes_one_line_per_run_and_a_summary() -> None:
    stream, clock = io.StringIO(), Clock()
    with PlainProgress(stream, clock=clock) as progress:
        run_three(progress, clock)
        progress.note("Ctrl-C: finishing")
    assert stream.getvalue().splitlines() == [
        "search cnn: 50 trials, 9 of them done earlier",
        "[10/50] trial 9   complete  val 0.9893   41.2 s  C32 C64 D128 relu adam 1.2e-3"
        "  (best 0.9893, trial 9)",
        "[11/50] trial 10  pruned    val 0.9500   3.04 s  D64  (best 0.9893, trial 9)",
        "[12/50] trial 11  failed    val -             -  C64 C64  unbuildable: kernel too large"
        "  (best 0.9893, trial 9)",
        "Ctrl-C: finishing",
        "12 of 50 trials done, 40.0 s: 1 complete · 1 pruned · 1 failed · 9 earlier; "
        "best 0.9893, trial 9",
    ]


def test_every_plain_line_is_flushed() -> None:
    flushed: list[str] = []

    class Buffered(io.StringIO):
        def flush(self) -> None:
            flushed.append(self.getvalue())

    progress = PlainProgress(Buffered(), clock=Clock())
    progress.begin("search", total=1, done=0, workers=1)
    progress.finished(0, 0, "D64", "complete", 0.9, 1.0, None)
    progress.note("hello")
    assert [text.count("\n") for text in flushed] == [1, 2, 3]


def test_quiet_keeps_the_notes_alone() -> None:
    stream, clock = Terminal(), Clock()
    with create_progress(stream, environ={}, quiet=True, clock=clock) as progress:
        run_three(progress, clock)
        progress.note("the data set is a fallback")
    assert stream.getvalue() == "the data set is a fallback\n"


def test_a_benchmark_calls_its_runs_by_another_name() -> None:
    stream = io.StringIO()
    with create_progress(stream, environ={}, clock=Clock(), noun="run") as progress:
        progress.begin("bench", total=2, done=0, workers=1)
        progress.finished(0, 0, "cnn-plain", "complete", 0.99, 12.0, None)
    assert "[1/2] run 0  complete" in stream.getvalue()
    assert "trial" not in stream.getvalue()


def test_end_sums_up_once() -> None:
    stream = io.StringIO()
    progress = PlainProgress(stream, clock=Clock())
    progress.end()
    assert stream.getvalue() == ""
    progress.begin("search", total=1, done=1, workers=1)
    progress.end()
    progress.end()
    assert stream.getvalue().count("1 of 1 trials done") == 1


def test_user_text_cannot_break_a_line_or_drive_the_terminal() -> None:
    stream = io.StringIO()
    with PlainProgress(stream, clock=Clock()) as progress:
        progress.begin("search\x1b[2J", total=1, done=0, workers=1)
        progress.finished(0, 0, "a\nb\x07\x9b1m\u202e", "failed", None, 1.0, "one\r\ntwo\udc80")
        progress.note("\x1b]0;title\x07plain")
    text = stream.getvalue()
    assert len(text.splitlines()) == 4
    assert not set(text) & set("\x1b\x07\x9b\r\u202e\udc80")
    assert "a b1m" in text
    assert "one two" in text
    assert text.splitlines()[2] == "plain"


def test_a_stream_that_cannot_encode_gets_question_marks() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii", errors="strict")
    progress = create_progress(stream, environ={}, clock=Clock())
    progress.note("cnn · tpe")
    assert raw.getvalue() == b"cnn ? tpe\n"


# --- which display is chosen ---


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


# --- the live area as a pure function ---


def test_view_at_80_columns() -> None:
    assert draw(busy_state(), 372.0, width=80) == [
        "",
        "search cnn · tpe",
        # mean (600 + 40) / 13 s, 36 waiting, 18 s and 43 s still to run, two workers: 917 s
        "━" * 9 + "─" * 31 + "  12/50  24%  6:12  ~15 min left",
        "  trial 13  epoch 2.25/5   rung 3   0.9871   0:22  C32 C64 D128 relu adam 1.2e-3",
        "  trial 14  epoch 0.00/10  rung 0   -        0:06  D512 D256 relu sgd 3e-2",
        "best  0.9921  trial 7  C32 C64 D128 relu adam 1.2e-3",
        "5 complete · 6 pruned · 1 failed",
    ]


@pytest.mark.parametrize("width", [20, 40, 63, 64, 99, 100, 300])
def test_every_line_fits_its_terminal(width: int) -> None:
    lines = draw(busy_state(), 372.0, width=width)
    assert len(lines) == 7
    assert max(len(line) for line in lines) <= width


def test_a_narrow_terminal_keeps_number_epoch_and_accuracy() -> None:
    row = draw(busy_state(), 372.0, width=40)[3]
    assert row.startswith("13  2.25/5   0.9871   0:22  C32")


def test_a_wide_terminal_shows_a_bar_per_worker() -> None:
    row = draw(busy_state(), 372.0, width=110)[3]
    assert "━━━━──────" in row
    assert row.endswith(LABEL)


def test_workers_beyond_the_height_are_counted() -> None:
    lines = draw(make_state(workers=40), 1.0, width=80, height=12)
    assert lines[3:9] == [*["  starting"] * 5, "  and 35 more workers"]
    assert len(lines) == 11


def test_an_empty_budget_draws() -> None:
    lines = draw(make_state(total=0), 0.0, width=80)
    assert "0/0  100%" in lines[2]


def test_markup_in_a_label_is_shown_as_it_is() -> None:
    state = start_run(
        make_state(), number=1, worker=0, label="[red]x[/red] :smile:", epochs=3, now=0.0
    )
    assert draw(state, 0.0, width=90)[3].endswith("[red]x[/red] :smile:")


# --- how the state moves ---


def test_only_complete_runs_become_the_best() -> None:
    state = make_state()
    events = itertools.count()

    def finish(status: str, accuracy: float | None) -> Best | None:
        nonlocal state
        state = finish_run(
            state, number=next(events), label="x", status=status, accuracy=accuracy,
            seconds=1.0, now=1.0,
        )  # fmt: skip
        return state.best

    assert finish("pruned", 0.999) is None
    assert finish("complete", float("nan")) is None
    first = finish("complete", 0.98)
    assert first is not None
    assert first.number == 2
    assert finish("complete", 0.98) is first
    assert finish("failed", None) is first
    assert (state.complete, state.pruned, state.failed, state.done) == (3, 1, 1, 5)


def test_a_report_of_a_run_that_is_not_running_changes_nothing() -> None:
    state = busy_state()
    assert report_run(state, number=99, step=4, accuracy=0.5, now=400.0) == state


def test_a_restarted_number_replaces_its_line() -> None:
    state = start_run(busy_state(), number=13, worker=2, label="again", epochs=5, now=380.0)
    assert [(run.number, run.worker) for run in state.running] == [(14, 1), (13, 2)]


# --- the estimate ---


def test_nothing_is_estimated_before_the_first_report() -> None:
    assert remaining_seconds(make_state(), 5.0) is None
    started = start_run(make_state(), number=0, worker=0, label="x", epochs=5, now=0.0)
    assert remaining_seconds(started, 5.0) is None


def test_equal_runs_are_estimated_exactly() -> None:
    """100 s each, two workers, 10 runs: 4 over, 2 half done, 4 waiting = 250 s."""
    state = make_state(total=10, complete=4, busy_seconds=400.0)
    for number in (4, 5):
        state = start_run(state, number=number, worker=number, label="x", epochs=5, now=200.0)
        state = report_run(state, number=number, step=10, accuracy=0.9, now=250.0)
    assert remaining_seconds(state, 250.0) == pytest.approx(250.0)
    assert remaining_seconds(state, 260.0) == pytest.approx(240.0)


def test_early_pruned_runs_do_not_hide_the_long_ones() -> None:
    """Two runs were pruned after 5 s; the two running ones project to 100 s each."""
    state = make_state(total=10, pruned=2, busy_seconds=10.0)
    for number in (2, 3):
        state = start_run(state, number=number, worker=number, label="x", epochs=5, now=0.0)
        state = report_run(state, number=number, step=2, accuracy=0.9, now=10.0)
    naive = (6 * 5.0) / 2
    estimate = remaining_seconds(state, 10.0)
    assert estimate is not None
    assert estimate > 10 * naive
    assert estimate == pytest.approx((6 * (10 + 200) / 4 + 2 * 90) / 2)


def test_the_last_long_run_bounds_the_estimate_whatever_the_workers() -> None:
    state = make_state(total=9, workers=8, complete=8, busy_seconds=80.0)
    state = start_run(state, number=8, worker=0, label="x", epochs=4, now=0.0)
    state = report_run(state, number=8, step=4, accuracy=0.9, now=30.0)
    assert remaining_seconds(state, 30.0) == pytest.approx(90.0)


def test_time_on_the_worker_is_the_clocks() -> None:
    state = start_run(make_state(), number=0, worker=0, label="x", epochs=5, now=10.0)
    done = finish_run(
        state, number=0, label="x", status="complete", accuracy=0.9, seconds=20.0, now=40.0
    )
    assert done.busy_seconds == 30.0
    assert done.running == ()


# --- the live display on a terminal ---


def live(stream: Terminal, clock: Callable[[], float], environ: dict[str, str]) -> Progress:
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
    expected = f"[10/50] trial 9   complete  val 0.9893*   41.2 s  {LABEL}"
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
            progress.begin("search", total=3, done=0, workers=1)
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
        progress.begin("search", total=3, done=0, workers=1)
        sys.stdout.write("a row\n")
        sys.stderr.write("a log line\n")
    assert results.getvalue() == "a row\n"
    assert "a log line\n" in errors.getvalue()
    assert sys.stderr is errors


def test_a_narrower_terminal_has_its_wrapped_rows_erased() -> None:
    stream, environ = Terminal(), {"COLUMNS": "100", "LINES": "24"}
    progress = LiveProgress(stream, environ=environ, clock=Clock())
    progress.begin("search " + "x" * 90, total=3, done=0, workers=0)
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
        with create_progress(sys.stderr, environ={}) as progress:
            progress.begin("search", total=1, done=0, workers=1)
            progress.finished(0, 0, "x", "complete", 0.9, 1.0, None)
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


# --- small pieces ---


def test_a_time_that_is_no_number_is_survived() -> None:
    stream = io.StringIO()
    with PlainProgress(stream, clock=Clock()) as progress:
        progress.begin("search", total=1, done=0, workers=1)
        progress.finished(0, 0, "x", "failed", float("nan"), float("nan"), None)
    assert "trial 0  failed    val nan" in stream.getvalue()


def test_printable_keeps_ordinary_text() -> None:
    text = "C32(5x5) · größer 數字 [50 %]"
    assert printable(text) == text
