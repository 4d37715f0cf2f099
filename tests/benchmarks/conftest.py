"""A file of figures that every report can begin with."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks.driving import script


@pytest.fixture(scope="session")
def overhead(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of the shortest overhead benchmark that there is."""
    output = tmp_path_factory.mktemp("benchmark") / "overhead.json"
    short = ("--repeats", "1", "--samplers", "random", "--trials", "3", "--trainers", "inline")
    script("overhead", "--output", output, *short)
    return output
