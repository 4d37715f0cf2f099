"""What studies are about, for those who read them only."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from mnist_search.studies.home import list_studies, study_folder
from mnist_search.studies.opening import open_ledger
from mnist_search.studies.spec import StudySpec


def read_specs(home: Path, names: Sequence[str]) -> list[StudySpec]:
    """Return what the named studies are about, all studies where none is named.

    Raises `UsageError` for a study that is not there.
    """
    specs = []
    for name in names or list_studies(home):
        with closing(open_ledger(study_folder(home, name))) as ledger:
            specs.append(ledger.spec)
    return specs
