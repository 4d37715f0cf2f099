from __future__ import annotations

import pwd
from pathlib import Path

import pytest

from mnist_search.datasets.places import expand
from mnist_search.errors import DataError
from mnist_search.paths import home_folder, shorten


@pytest.fixture
def unknown_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run as a user whom the system has no entry for."""

    def nobody(_: object) -> None:
        raise KeyError("no such entry")

    monkeypatch.setattr(pwd, "getpwuid", nobody)
    monkeypatch.setattr(pwd, "getpwnam", nobody)
    monkeypatch.delenv("HOME", raising=False)


def test_home_folder_is_the_one_that_is_named(tmp_path: Path) -> None:
    assert home_folder({"HOME": str(tmp_path)}) == tmp_path
    assert home_folder({"HOME": ""}) == home_folder({}) == Path.home()


@pytest.mark.usefixtures("unknown_user")
def test_no_home_folder() -> None:
    assert home_folder({}) is None
    for path in ("~", "~/x.npz", "~somebody/x.npz"):
        with pytest.raises(DataError, match=f"{path}: there is no home folder ~"):
            expand(path, {})


@pytest.mark.usefixtures("unknown_user")
def test_file_whose_name_begins_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "~backup").touch()
    assert expand("~backup", {}) == tmp_path / "~backup"


def test_home_folders_are_filled_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "~").mkdir()
    assert expand("~", {"HOME": "/h"}) == Path("/h")
    assert expand("~/a/~b", {"HOME": "/h"}) == Path("/h/a/~b")
    assert expand("~root/x", {}) == Path(pwd.getpwnam("root").pw_dir) / "x"
    assert expand("a/~", {}) == tmp_path / "a" / "~"


def test_long_paths_are_shortened_in_messages() -> None:
    assert shorten("/a" * 100) == "/a" * 100
    assert len(shorten("/a" * 101)) == 121
