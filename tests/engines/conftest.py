"""The space of the engines' tests, and the one oracle process that they share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mnist_search.spaces import SearchSpace, find_space
from tests.engines.driving import Kind, shared_process


@pytest.fixture(scope="module", autouse=True)
def _oracle_process() -> Iterator[None]:
    yield
    shared_process.end()


@pytest.fixture
def space(kind: Kind, space_file: Path) -> SearchSpace:
    """The small space; without an end, and for those that need one with 48 points."""
    if kind[1] in ("grid", "brute-force"):
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
def kind() -> Kind:
    return "optuna", "tpe"
