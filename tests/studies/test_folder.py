"""The folder of a study: names, and what stands in the place of its files."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from mnist_search.errors import DataError, ResourceError, UsageError
from mnist_search.specs import RunResult
from mnist_search.studies import (
    StudySpec,
    create_ledger,
    list_studies,
    open_ledger,
    plain_name,
    study_folder,
    unused_name,
)
from mnist_search.studies.artifacts import WeightShelf, weights_path
from mnist_search.studies.folder import (
    ARTIFACTS,
    DATABASE,
    JOURNAL,
    LOCK,
    LOGS,
    OWNER,
    check_files,
    check_room,
    name_beside,
    open_file,
)


@pytest.fixture
def folder(tmp_path: Path, spec: StudySpec) -> Path:
    """Return the folder of a study, beside which a victim lies."""
    (tmp_path / "victim").write_text("precious")
    create_ledger(tmp_path / "s", spec).close()
    (tmp_path / "s" / LOGS).mkdir()
    (tmp_path / "s" / ARTIFACTS).mkdir()
    return tmp_path / "s"


def link(path: Path) -> None:
    path.symlink_to(path.parents[1] / "victim" if path.parent.name == "s" else "../../victim")


PLACES = (
    JOURNAL,
    LOCK,
    OWNER,
    f"{JOURNAL}.new",
    f"{LOGS}/worker-0.log",
    f"{ARTIFACTS}/run-7.weights.npz",
    f"{ARTIFACTS}/.run-7.weights.1-01234567.part.npz",
)
KINDS: dict[str, Callable[[Path], object]] = {
    "a symbolic link": link,
    "a pipe": os.mkfifo,
    "a folder": Path.mkdir,
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", PLACES)
def test_what_is_no_file_is_refused_before_a_session_and_left_alone(
    folder: Path, place: str, kind: str
) -> None:
    path = folder / place
    path.unlink(missing_ok=True)
    KINDS[kind](path)
    before = path.lstat()
    words = f"must be a file of its study, got {kind}"
    with (
        pytest.raises(DataError, match=words) as caught,
        closing(open_ledger(folder)) as ledger,
        ledger.exclusive(),
    ):
        pytest.fail("it was opened")
    assert str(path) in caught.value.message
    after = path.lstat()
    assert (after.st_mode, after.st_ino, after.st_size) == (
        before.st_mode,
        before.st_ino,
        before.st_size,
    )
    assert (folder.parent / "victim").read_text() == "precious"


@pytest.mark.parametrize("name", [ARTIFACTS, LOGS])
def test_folder_of_weights_or_logs_that_is_a_link_is_refused(folder: Path, name: str) -> None:
    outside = folder.parent / "out"
    outside.mkdir()
    foreign = outside / "run-0.weights.npz"
    foreign.write_bytes(b"weights of another study")
    (folder / name).rmdir()
    (folder / name).symlink_to(outside)
    with pytest.raises(DataError, match="must be a folder of its study, got a symbolic link"):
        check_files(folder)
    if name == ARTIFACTS:
        with pytest.raises(DataError, match="must be a folder"):
            WeightShelf(folder, [], keep=0)
    assert foreign.exists()


def test_link_that_comes_later_is_not_followed(folder: Path) -> None:
    shelf = WeightShelf(folder, [], keep=1)
    path = weights_path(folder, 3)
    link(path)
    with pytest.raises(DataError, match="must be a file"):
        shelf.put(3, RunResult(status="failed", config_id="0", seed=0))
    assert path.is_symlink()


def test_no_pipe_is_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for flags in (os.O_RDONLY, os.O_RDWR | os.O_CREAT):
        with pytest.raises(DataError, match="got a pipe"):
            open_file(tmp_path / "pipe", flags)
    with pytest.raises(DataError, match="got a device"):
        open_file(Path(os.devnull), os.O_RDONLY)


def test_other_things_in_the_folder_are_the_users(folder: Path) -> None:
    (folder / "notes.md").symlink_to(folder.parent / "victim")
    (folder / ARTIFACTS / "mine").mkdir()
    check_files(folder)


def test_studies_are_folders_with_a_journal_or_a_database(folder: Path) -> None:
    home = folder.parent
    (home / "old").mkdir()
    (home / "old" / DATABASE).touch()
    (home / "empty").mkdir()
    assert list_studies(home) == ["old", "s"]
    assert list_studies(home / "nowhere") == []
    assert (unused_name(home, "s"), unused_name(home, "t")) == ("s-2", "t")


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "x" * 65, "a b", "ä"])
def test_names_that_are_none(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="study name"):
        study_folder(tmp_path, name)


def test_names_are_made_of_any_text(tmp_path: Path) -> None:
    for text in ("cnn-mnist-seed0", "my space / x", "ä", "-", "x" * 99):
        study_folder(tmp_path, plain_name(text))
    long, other = (name_beside("x" * 63 + end, "-confirm") for end in "ab")
    assert len(long) == len(other) == 64
    assert long != other
    study_folder(tmp_path, long)


def test_room_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check_room(tmp_path)
    monkeypatch.setattr("mnist_search.studies.folder.FREE_BYTES", 2**62)
    with pytest.raises(ResourceError, match="a trial needs"):
        check_room(tmp_path)


def test_file_systems_without_links_hold_studies(
    tmp_path: Path, spec: StudySpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(1, "Operation not permitted")

    for name in ("link", "symlink"):
        monkeypatch.setattr(os, name, refuse)
    with closing(create_ledger(tmp_path / "exfat", spec)) as ledger, ledger.exclusive():
        ledger.set_seconds_used(1.0)
    with closing(open_ledger(tmp_path / "exfat")) as again:
        assert again.seconds_used() == 1.0
