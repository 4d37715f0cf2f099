"""A small space to plan a search of."""

from __future__ import annotations

from pathlib import Path

import pytest

from mnist_search.spaces import SearchSpace, load_space


@pytest.fixture
def space(space_file: Path) -> SearchSpace:
    return load_space(space_file)
