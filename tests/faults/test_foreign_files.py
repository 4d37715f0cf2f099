"""Files that are another's, another version's or about something else (rows 28, 38, 39, 51)."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from mnist_search.studies import StudySpec, opening, storage

Here = Callable[..., Any]
Search = Callable[..., list[str]]


@pytest.fixture
def finished(over: Callable[[int], Any]) -> Any:
    """A study of two trials that is over."""
    return over(2)


OPTIONS = {
    "seed": ("--seed", "1"),
    "sampler": ("--sampler", "random"),
    "epochs": ("--epochs", "3"),
}


def check_different(here: Here, search: Search, study: Any, word: str) -> None:
    option = OPTIONS[word]
    here(*search(4), *option).refused(2, word, option[1], "--new")
    assert len(study.states()) == 2
    assert here(*search(2), *option, "--new").code == 0


@pytest.mark.parametrize("word", OPTIONS)
def test_row_28_study_of_something_else_is_refused_with_the_difference(
    here: Here, search: Search, finished: Any, word: str
) -> None:
    check_different(here, search, finished, word)


def test_row_28_study_of_another_space_is_refused(
    here: Here, search: Search, finished: Any, space_file: Path
) -> None:
    text = space_file.read_text()
    space_file.write_text(text.replace("choices = [16, 32, 64]", "choices = [16, 32]"))
    here(*search(4)).refused(2, "space", "--new")
    assert len(finished.states()) == 2


@pytest.mark.parametrize("word", OPTIONS)
def test_control_of_row_28_without_a_comparison(
    here: Here, search: Search, finished: Any, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    monkeypatch.setattr(StudySpec, "differences", lambda self, other: ())
    with pytest.raises(AssertionError, match="exit code 0, not 2"):
        check_different(here, search, finished, word)


def make_foreign(path: Path, kind: str) -> None:
    path.parent.mkdir(parents=True)
    match kind:
        case "folder":
            path.mkdir()
        case "FIFO":
            # Opening it would wait for a writer for ever.
            os.mkfifo(path)
        case "socket link":
            path.symlink_to("/dev/null")
        case _:
            with closing(sqlite3.connect(path)) as connection:
                connection.execute("CREATE TABLE bookmarks (address TEXT)")


def identity(path: Path) -> tuple[int, ...]:
    """Return what no reader changes, as it does the time of the last look."""
    found = path.lstat()
    return found.st_ino, found.st_mode, found.st_size, found.st_mtime_ns


def check_foreign(here: Here, search: Search, study: Any, kind: str) -> None:
    make_foreign(study.path, kind)
    before = identity(study.path)
    for arguments in (search(4), ["report", "s"]):
        here(*arguments).refused(5, "study.db")
    if kind == "another program":
        assert study.rows("SELECT name FROM sqlite_master") == [("bookmarks",)]
    assert identity(study.path) == before


@pytest.mark.parametrize("kind", ["folder", "FIFO", "socket link", "another program"])
def test_row_38_what_is_no_study_is_refused_and_left_alone(
    here: Here, search: Search, study: Any, kind: str
) -> None:
    check_foreign(here, search, study, kind)


@pytest.mark.parametrize("kind", ["folder", "socket link", "another program"])
def test_control_of_row_38_optuna_opens_anything_and_makes_its_tables(
    here: Here, search: Search, study: Any, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    opened = storage.open_storage
    monkeypatch.setattr(opening, "check_study_file", lambda path: None)
    monkeypatch.setattr(opening, "open_storage", lambda path: opened(path, create=True))
    with pytest.raises(AssertionError):
        check_foreign(here, search, study, kind)
    if kind == "another program":
        assert len(study.rows("SELECT name FROM sqlite_master")) > 1


VERSIONS = {
    "newer": ("v99.0.0.a", "newer version"),
    "older": ("v3.0.0.a", "optuna storage upgrade"),
}


def check_version(here: Here, search: Search, study: Any, which: str) -> None:
    version, words = VERSIONS[which]
    with closing(sqlite3.connect(study.path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (version,))
        connection.commit()
    for arguments in (search(4), ["report", "s"]):
        here(*arguments).refused(4, "study.db", "version", words)
    assert study.rows("SELECT version_num FROM alembic_version") == [(version,)]


@pytest.mark.parametrize("which", VERSIONS)
def test_row_39_other_versions_are_refused_and_never_migrated(
    here: Here, search: Search, finished: Any, which: str
) -> None:
    check_version(here, search, finished, which)


@pytest.mark.parametrize("which", VERSIONS)
def test_control_of_row_39_without_a_look_at_the_version(
    here: Here, search: Search, finished: Any, monkeypatch: pytest.MonkeyPatch, which: str
) -> None:
    from optuna.storages._rdb import storage as optuna_storage

    manager = optuna_storage._VersionManager
    monkeypatch.setattr(manager, "check_table_schema_compatibility", lambda self: None)
    with pytest.raises(AssertionError, match="exit code 0, not 4"):
        check_version(here, search, finished, which)


# What means something in an address, to `str.format`, to SQLite or to a shell.
FOLDER = 'a{0.__class__}b{c}%40d%e@f?mode=memory#g;h\'i "j" ünï&'


def check_folder(here: Here, search: Search, tmp_path: Path) -> None:
    home = tmp_path / FOLDER
    ended = here(*search(2), "--home", str(home))
    assert ended.code == 0, ended.err
    assert here("report", "s", "--home", str(home)).code == 0
    with closing(sqlite3.connect(home / "s" / "study.db")) as connection:
        assert connection.execute("SELECT count(*) FROM trials").fetchone() == (2,)
    assert {path.name for path in tmp_path.iterdir()} == {FOLDER, "small.toml"}


def test_row_51_folders_with_what_means_something_in_an_address(
    here: Here, search: Search, tmp_path: Path
) -> None:
    check_folder(here, search, tmp_path)


def test_control_of_row_51_address_made_by_hand(
    here: Here, search: Search, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from optuna.storages import RDBStorage

    monkeypatch.setattr(
        opening,
        "open_storage",
        lambda path, create=False: RDBStorage(f"sqlite:///{path}", skip_table_creation=not create),
    )
    with pytest.raises((AssertionError, ValueError, LookupError, AttributeError)):
        check_folder(here, search, tmp_path)
