from __future__ import annotations

from pathlib import Path

import pytest

import mnist_search
from mnist_search.errors import SpaceError
from mnist_search.spaces import find_space, list_spaces
from mnist_search.spaces.files import packaged_folder

LINEAR = 'family = "linear"\n[parameters.alpha]\ntype = "float"\nlow = 0.1\nhigh = 0.2\n'


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_shipped_spaces_are_found_from_anywhere(elsewhere: Path) -> None:
    assert list(list_spaces()) == ["cnn", "cnn-documented", "fast", "linear", "mlp"]
    space = find_space("cnn")
    assert space.name == "cnn"
    assert Path(space.source) == packaged_folder() / "cnn.toml"


def test_local_folder_comes_before_the_package(elsewhere: Path) -> None:
    (elsewhere / "search_spaces").mkdir()
    (elsewhere / "search_spaces" / "cnn.toml").write_text(LINEAR)
    (elsewhere / "search_spaces" / "own.toml").write_text(LINEAR)
    assert find_space("cnn").family == "linear"
    assert find_space("own").source == str(Path("search_spaces", "own.toml"))
    assert list(list_spaces()) == ["cnn", "cnn-documented", "fast", "linear", "mlp", "own"]


def test_path_is_taken_as_it_is(elsewhere: Path) -> None:
    (elsewhere / "cnn.toml").write_text(LINEAR)
    (elsewhere / "plain").write_text(LINEAR)
    assert find_space("cnn.toml").family == "linear"
    assert find_space("./plain").name == "plain"
    assert find_space(elsewhere / "cnn.toml").family == "linear"


def test_folder_inside_an_installed_package_wins(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = elsewhere / "site-packages" / "mnist_search"
    (package / "search_spaces").mkdir(parents=True)
    (package / "search_spaces" / "only.toml").write_text(LINEAR)
    monkeypatch.setattr(mnist_search, "__file__", str(package / "__init__.py"))
    assert list(list_spaces()) == ["only"]


@pytest.mark.parametrize("name", ["cn", "cnn ", "", "x\0y", "\x1b[31m", "é" * 300, "-f", "con"])
def test_unknown_name_is_one_printable_sentence(elsewhere: Path, name: str) -> None:
    with pytest.raises(SpaceError, match="no search space named") as caught:
        find_space(name)
    assert all(problem.isprintable() for problem in caught.value.problems)
    assert caught.value.hint is not None


def test_near_name_is_suggested(elsewhere: Path) -> None:
    with pytest.raises(SpaceError, match='did you mean "linear"'):
        find_space("liner")
    with pytest.raises(SpaceError, match="no such file"):
        find_space("../outside/cnn")
