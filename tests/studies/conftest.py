"""Studies without training: what a run is, how it ends, and a ledger to write it to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from mnist_search.spaces import find_space
from mnist_search.specs import DatasetRef
from mnist_search.studies import Ledger, SearchSpec, StudySpec, create_ledger

DATASET = DatasetRef(name="made-up", digest="0" * 16, train_images=60, test_images=10)


@pytest.fixture
def spec(space_file: Path) -> StudySpec:
    search = SearchSpec(
        space=find_space(str(space_file)), sampler="random", pruner="none", epochs=1, seed=0
    )
    return StudySpec(name="test", dataset=DATASET, search=search)


@pytest.fixture
def ledger(tmp_path: Path, spec: StudySpec) -> Iterator[Ledger]:
    """Return the ledger of a new search, held for writing."""
    with closing(create_ledger(tmp_path / "test", spec)) as made, made.exclusive():
        yield made
