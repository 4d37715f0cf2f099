from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mnist_search.datasets import DatasetStatus, survey
from mnist_search.datasets.catalog import Source

Write = Callable[..., Path]
Look = Callable[..., list[DatasetStatus]]


@pytest.fixture
def look(tmp_path: Path, catalog: dict[str, Source]) -> Look:
    def run(**environ: str) -> list[DatasetStatus]:
        return list(survey({"KERAS_HOME": str(tmp_path), **environ}, catalog))

    return run


def told(rows: list[DatasetStatus]) -> list[tuple[str, str, str, bool]]:
    return [(row.name, row.origin, row.state, row.auto) for row in rows]


def test_nothing_there(look: Look, tmp_path: Path) -> None:
    rows = look()
    assert told(rows) == [
        ("mnist", "keras-cache", "missing", False),
        ("digits", "embedded", "ok", True),
    ]
    assert rows[0].location == str(tmp_path / "datasets" / "mnist.npz")


def test_cache(look: Look, tmp_path: Path, archive: bytes) -> None:
    place = tmp_path / "datasets" / "mnist.npz"
    place.parent.mkdir()
    place.write_bytes(archive)
    rows = look()
    assert told(rows)[0] == ("mnist", "keras-cache", "ok", True)
    assert rows[0].ref is not None
    assert rows[0].ref.train_images == 120
    assert not rows[1].auto
    place.write_bytes(archive[:99])
    rows = look()
    assert told(rows)[0] == ("mnist", "keras-cache", "damaged", False)
    assert "not a readable" in str(rows[0].problem)


def test_variable(look: Look, npz: Write, arrays: dict[str, np.ndarray], tmp_path: Path) -> None:
    def first(path: str) -> tuple[str, str, str, bool]:
        rows = look(MNIST_SEARCH_DATA=path)
        assert [row.auto for row in rows] == [True, False, False]
        return told(rows)[0]

    path = npz()
    assert first(str(path)) == ("mnist", "variable", "ok", True)
    assert first(str(tmp_path / "none")) == ("mnist", "variable", "missing", True)
    npz(x_test=arrays["x_test"] ^ 1)
    assert first(str(path)) == ("npz:own", "variable", "other", True)
    path.write_bytes(b"damaged")
    assert first(str(path)) == ("mnist", "variable", "damaged", True)
