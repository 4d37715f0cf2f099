"""The space of the engines' tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from mnist_search.spaces import SearchSpace, find_space


@pytest.fixture
def space(sampler: str, space_file: Path) -> SearchSpace:
    """The small space; without an end, and for grids with one: 48 points."""
    if sampler in ("grid", "brute-force"):
        text = space_file.read_text()
        for range_ in (
            "low = 1e-4\nhigh = 1e-2\nlog = true",
            "low = 1e-3\nhigh = 1e-1\nlog = true",
        ):
            assert range_ in text
            text = text.replace(range_, "low = 0.01\nhigh = 0.02\nstep = 0.01")
        text = text.replace("choices = [16, 32, 64]", "choices = [16, 64]")
        space_file.write_text(text.replace("step = 0.25", "step = 0.5"))
    return find_space(str(space_file))


@pytest.fixture
def sampler() -> str:
    return "tpe"
