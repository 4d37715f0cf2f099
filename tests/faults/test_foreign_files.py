"""Files that are another's, another version's or about something else."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from mnist_search.studies import StudySpec

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
def test_study_of_something_else_is_refused_with_the_difference(
    here: Here, search: Search, finished: Any, word: str
) -> None:
    check_different(here, search, finished, word)


def test_study_of_another_space_is_refused(
    here: Here, search: Search, finished: Any, space_file: Path
) -> None:
    text = space_file.read_text()
    space_file.write_text(text.replace("choices = [16, 32, 64]", "choices = [16, 32]"))
    here(*search(4)).refused(2, "space", "--new")
    assert len(finished.states()) == 2


@pytest.mark.parametrize("word", OPTIONS)
def test_control_without_a_comparison(
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
        case "link":
            path.symlink_to("/dev/null")
        case _:
            optuna.create_study(storage=JournalStorage(JournalFileBackend(str(path))))


def identity(path: Path) -> tuple[int, ...]:
    """Return what no reader changes, as it does the time of the last look."""
    found = path.lstat()
    return found.st_ino, found.st_mode, found.st_size, found.st_mtime_ns


def check_foreign(here: Here, search: Search, study: Any, kind: str) -> None:
    make_foreign(study.path, kind)
    before = identity(study.path)
    for arguments in (search(4), ["report", "s"]):
        here(*arguments).refused(5, "journal.log")
    assert identity(study.path) == before


@pytest.mark.parametrize("kind", ["folder", "FIFO", "link", "another program"])
def test_what_is_no_study_is_refused_and_left_alone(
    here: Here, search: Search, study: Any, kind: str
) -> None:
    check_foreign(here, search, study, kind)


def test_control_what_is_no_study_a_link_is_followed(
    here: Here, search: Search, study: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def follow(path: Path, flags: int) -> int:
        return os.open(path, flags)

    monkeypatch.setattr("mnist_search.studies.journal.open_file", follow)
    monkeypatch.setattr("mnist_search.studies.lock.check_files", lambda folder: None)
    study.path.parent.mkdir(parents=True)
    outside = study.path.parents[2] / "outside.log"
    outside.touch()
    study.path.symlink_to(outside)
    # Whatever it says now, it read a file that lies elsewhere.
    ended = here("report", "s")
    assert "symbolic link" not in ended.err


LINKS = {
    "lock": lambda folder, victim: (folder / "lock").symlink_to(victim),
    "log": lambda folder, victim: (folder / "logs" / "worker-0.log").symlink_to(victim),
    "weights": lambda folder, victim: (folder / "artifacts").symlink_to(victim.parent),
    "pipe as lock": lambda folder, victim: os.mkfifo(folder / "lock"),
    "pipe as log": lambda folder, victim: os.mkfifo(folder / "logs" / "worker-0.log"),
}


@pytest.mark.parametrize("kind", LINKS)
def test_links_and_pipes_of_a_stranger_touch_nothing(
    here: Here, search: Search, finished: Any, tmp_path: Path, kind: str
) -> None:
    (tmp_path / "outside").mkdir()
    victim = tmp_path / "outside" / "run-0.weights.npz"
    victim.write_text("precious")
    folder = finished.path.parent
    (folder / "lock").unlink()
    for name in ("logs", "artifacts"):
        shutil.rmtree(folder / name, ignore_errors=True)
    (folder / "logs").mkdir()
    LINKS[kind](folder, victim)
    here(*search(4)).refused(5, str(folder.relative_to(tmp_path)))
    assert victim.read_text() == "precious"
    assert here("report", "s").code == 0


# What means something in an address, to `str.format`, to SQLite or to a shell.
FOLDER = 'a{0.__class__}b{c}%40d%e@f?mode=memory#g;h\'i "j" ünï&'


def test_folders_with_what_means_something_in_an_address(
    here: Here, search: Search, study: Any, tmp_path: Path
) -> None:
    home = tmp_path / FOLDER
    ended = here(*search(2), "--home", str(home))
    assert ended.code == 0, ended.err
    assert here("report", "s", "--home", str(home)).code == 0
    type(study)(path=home / "s" / "journal.log").whole(2)
    assert {path.name for path in tmp_path.iterdir()} == {FOLDER, "small.toml"}
