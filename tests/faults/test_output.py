"""Hostile names, closed outputs and poor surroundings."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mnist_search.cli.outputs import SUFFIXES
from mnist_search.errors import UsageError
from mnist_search.studies import study_folder

NAMES = {
    "parent": "../x",
    "absolute": "/tmp/x-of-mnist-search",
    "slash": "a/b",
    "empty": "",
    "dot": ".",
    "dots": "..",
    "long": "a" * 300,
    "NUL": "a\0b",
    "newline": "a\nerror: b",
    "emoji": "a\U0001f600",
    "right to left": "a\u202eb",
    "markup": "[red]",
    "closing markup": "[/]",
    "HTML": "<script>alert(1)</script>",
    "formula": "=cmd()",
    "SQL": "'; DROP TABLE trials; --",
    "dash": "-x",
    "ANSI": "\x1b[31mred",
    "surrogate": "a\udcff",
    "percent": "%2e%2e",
    "braces": "{0.__class__}",
}
UNSHOWN = ("\x1b", "\0", "\u202e")


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_hostile_study_names_are_refused_everywhere(
    here: Callable[..., Any], search: Callable[..., list[str]], tmp_path: Path, name: str
) -> None:
    before = {*tmp_path.rglob("*"), *tmp_path.parent.glob("*")}
    for arguments in ([*search(2), f"--study={name}"], ["report", "--", name]):
        ended = here(*arguments)
        ended.refused(2)
        assert not any(sign in ended.err for sign in UNSHOWN)
    assert {*tmp_path.rglob("*"), *tmp_path.parent.glob("*")} == before


def test_control_without_the_check(tmp_path: Path) -> None:
    taken = []
    for name in NAMES.values():
        with pytest.raises(UsageError):
            study_folder(tmp_path, name)
        try:
            folder = tmp_path / name
            taken.append(folder.resolve().is_relative_to(tmp_path.resolve()))
        except ValueError:
            continue
    # Joined without a look, some of them lead out of the home.
    assert False in taken


@pytest.mark.parametrize(
    "name", ["[red]x", "<script>x", "a\x1b[31mb", "a\nb", "=cmd()", "a b", "{0}"]
)
def test_hostile_names_of_space_files_are_shown_escaped(
    here: Callable[..., Any], space_file: Path, tmp_path: Path, name: str
) -> None:
    space = tmp_path / f"{name}.toml"
    space.write_text(space_file.read_text())
    ended = here("run", "--space", str(space), "-n", "2", "--dataset", "digits", "-f", "table")
    assert ended.code in (0, 2), ended.err
    for text in (ended.err, ended.out, here("report").out, here("spaces", "show", str(space)).out):
        assert "\x1b" not in text
        assert "Traceback" not in text
    homes = [path.name for path in (tmp_path / "mnist-search-runs").glob("*")]
    assert all("<" not in home and "\x1b" not in home for home in homes)


@pytest.fixture
def finished(here: Callable[..., Any], search: Callable[..., list[str]], study: Any) -> Any:
    assert here(*search(3)).code == 0
    return study


def test_reader_that_leaves_early(command_line: Any, finished: Any) -> None:
    read, write = os.pipe()
    os.close(read)
    process = command_line.start(["report", "s", "-f", "json"], stdout=write)
    os.close(write)
    ended = command_line.end(process)
    assert (ended.code, ended.err) == (0, "")


def test_full_output(command_line: Any, finished: Any) -> None:
    with Path("/dev/full").open("wb") as full:
        command_line.run(["report", "s"], stdout=full).refused(6, "cannot write the output")
        told_to_nobody = command_line.run(["report", "nothing"], stderr=full)
    assert told_to_nobody.code == 2
    finished.whole(3)


def test_control_python_alone_fails_over_a_full_output() -> None:
    with Path("/dev/full").open("wb") as full:
        ran = subprocess.run(["python3", "-c", "print(1)"], stdout=full, capture_output=False)
    assert ran.returncode not in (0, 6)


def test_everything_closed(command_line: Any) -> None:
    arguments = command_line.search(3)
    closing = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh"]
    assert command_line.run(arguments, prefix=closing).code == 0
    command_line.study.whole(3)
    os.truncate(command_line.study.path, 0)
    assert command_line.run(arguments, prefix=closing).code == 5


@pytest.mark.parametrize(
    "environ",
    [
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"TERM": "dumb", "COLUMNS": "20"},
        {"HOME": None, "TERM": None, "NO_COLOR": "1"},
    ],
    ids=["C locale", "dumb and narrow", "nothing set"],
)
def test_poor_terminals(command_line: Any, finished: Any, environ: dict[str, str | None]) -> None:
    ended = command_line.run([*command_line.search(4)[:-2], "-f", "table"], environ=environ)
    assert ended.code == 0, ended.err
    assert "\x1b" not in ended.out + ended.err
    assert "trial 0" in " ".join(ended.out.split())
    if "COLUMNS" in environ:
        # A narrow board leaves columns out, it does not break.
        assert "Hidden" in ended.out


def test_json_is_the_same_anywhere(command_line: Any, finished: Any) -> None:
    texts = [
        command_line.run(["report", "s", "-f", "json"], environ=environ).out
        for environ in ({}, {"LC_ALL": "C", "PYTHONUTF8": "0", "COLUMNS": "20", "TERM": "dumb"})
    ]
    assert json.loads(texts[0]) == json.loads(texts[1])


def test_control_python_alone_in_a_poor_locale() -> None:
    environ = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    ran = subprocess.run(
        [sys.executable, "-c", "print('\N{PLUS-MINUS SIGN}')"], env=environ, capture_output=True
    )
    assert b"UnicodeEncodeError" in ran.stderr


def leave(folder: Path) -> list[str]:
    """Return the words before a command that runs it in a folder which is gone."""
    gone = folder / "gone"
    return ["sh", "-c", f'mkdir "{gone}" && cd "{gone}" && rmdir "{gone}" && exec "$@"', "sh"]


def test_working_folder_that_is_gone(command_line: Any, tmp_path: Path) -> None:
    leaving = leave(tmp_path)
    ended = command_line.run(command_line.search(2), prefix=leaving)
    ended.refused(4, "mnist-search-runs", "the working folder was removed")
    home = ["--home", str(tmp_path / "home")]
    assert command_line.run([*command_line.search(2), *home], prefix=leaving).code == 0


@pytest.mark.parametrize("place", ["/proc/nowhere", "/dev/null/x", "file/x"])
def test_places_that_cannot_be_written(
    here: Callable[..., Any],
    search: Callable[..., list[str]],
    monkeypatch: pytest.MonkeyPatch,
    place: str,
) -> None:
    Path("file").touch()
    here(*search(2), "--home", place).refused(4, place)
    monkeypatch.setenv("KERAS_HOME", place)
    monkeypatch.delenv("MNIST_SEARCH_DATA", raising=False)
    for name in ("http_proxy", "https_proxy"):
        # So that nothing is asked of anybody.
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    here("data", "fetch", "mnist").refused(5, "")
    monkeypatch.delenv("HOME")
    monkeypatch.setenv("TMPDIR", place)
    assert here(*search(2)).code == 0


def test_control_python_alone_in_a_folder_that_is_gone(tmp_path: Path) -> None:
    script = "from pathlib import Path; Path('mnist-search-runs').mkdir()"
    ran = subprocess.run([*leave(tmp_path), sys.executable, "-c", script], capture_output=True)
    assert b"Traceback" in ran.stderr


@pytest.mark.parametrize(
    "target",
    ["folder", "link", "/dev/full", "missing/x.md", "mnist-search-runs/s/journal.log"],
)
def test_report_goes_nowhere_that_it_should_not(
    here: Callable[..., Any],
    finished: Any,
    tmp_path: Path,
    target: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Else the suffix alone would refuse the study.
    monkeypatch.setitem(SUFFIXES, ".log", "markdown")
    (tmp_path / "folder").mkdir()
    (tmp_path / "kept.md").write_text("kept")
    (tmp_path / "link").symlink_to(tmp_path / "kept.md")
    path = target if target.startswith("/") else str(tmp_path / target)
    here("report", "s", "-f", "markdown", "-o", path).refused(2, target)
    assert (tmp_path / "kept.md").read_text() == "kept"
    assert not list(tmp_path.rglob(".*.part*"))
    assert here("report", "s").code == 0


def test_old_report_stays_where_the_disk_is_full(
    here: Callable[..., Any], finished: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "kept.md"
    path.write_text("kept")
    monkeypatch.setattr("mnist_search.writing.os.fsync", full)
    here("report", "s", "-f", "markdown", "-o", str(path)).refused(6, "kept.md", "no space left")
    assert path.read_text() == "kept"
    assert not list(tmp_path.glob(".*.part*"))


def test_control_without_a_look_at_the_target(
    here: Callable[..., Any], finished: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SUFFIXES, ".log", "csv")
    monkeypatch.setattr("mnist_search.writing._check_target", lambda path: None)
    # The study is gone, and a report in its place.
    assert here("report", "s", "-f", "csv", "-o", str(finished.path)).code == 0
    here("report", "s").refused(5, "journal.log")
