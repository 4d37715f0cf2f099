"""Optuna's own storage tests, run against the storage that ledgers open (row 38, contract)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from mnist_search.studies.opening import use_write_ahead_log
from mnist_search.studies.storage import open_storage

if TYPE_CHECKING:
    from mnist_search.engines.storage import SoleWriterStorage

pytestmark = pytest.mark.filterwarnings("default")

conformance = pytest.importorskip("optuna.testing.pytest_storages")


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[SoleWriterStorage]:
    from mnist_search.engines.storage import SoleWriterStorage

    path = tmp_path / "study {0}.db"
    made = open_storage(path, create=True)
    made.remove_session()
    made.engine.dispose()
    use_write_ahead_log(path)
    opened = SoleWriterStorage(open_storage(path))
    yield opened
    opened.close()


class TestStorageOfLedgers(conformance.StorageTestCase):  # type: ignore[misc]
    """Every test is inherited."""
