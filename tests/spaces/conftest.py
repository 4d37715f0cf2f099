"""Space files written by the tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mnist_search.errors import SpaceError
from mnist_search.spaces import SearchSpace, load_space

Load = Callable[[str], SearchSpace]
Problems = Callable[[str], list[str]]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Load a space from the text of its file."""

    def run(text: str) -> SearchSpace:
        path = tmp_path / "mine.toml"
        path.write_text(text)
        return load_space(path)

    return run


@pytest.fixture
def problems(load: Load, tmp_path: Path) -> Problems:
    """Return what is wrong with the text of a file, without the file's name in front."""

    def run(text: str) -> list[str]:
        with pytest.raises(SpaceError) as caught:
            load(text)
        start = f"{tmp_path / 'mine.toml'}: "
        assert all(problem.startswith(start) for problem in caught.value.problems)
        return [problem.removeprefix(start) for problem in caught.value.problems]

    return run
