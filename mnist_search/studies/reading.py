"""What studies hold, for those who read them only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from mnist_search.errors import MnistSearchError, UsageError
from mnist_search.specs import Record
from mnist_search.studies.folder import has_study, list_studies, study_folder
from mnist_search.studies.opening import open_ledger
from mnist_search.studies.sessions import Session, sessions_of
from mnist_search.studies.spec import StudySpec


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredStudy:
    """A study as it is on the disk."""

    spec: StudySpec
    records: list[Record]
    sessions: list[Session]


def read_study(home: Path, name: str) -> StoredStudy:
    """Return what a study holds.

    Raises:
        UsageError: there is none of that name.
        MnistSearchError: it cannot be read.
    """
    folder = study_folder(home, name)
    if not has_study(folder):
        there = list_studies(home)
        raise UsageError(
            f"there is no study {name} in {home}",
            hint=f"there are: {', '.join(there)}" if there else "`mnist-search run` makes one",
        )
    with closing(open_ledger(folder)) as ledger:
        return StoredStudy(spec=ledger.spec, records=ledger.records(), sessions=sessions_of(ledger))


def read_home(home: Path) -> Iterator[StoredStudy | MnistSearchError]:
    """Yield every study of a home, and in the place of one that cannot be read the reason."""
    for name in list_studies(home):
        try:
            yield read_study(home, name)
        except MnistSearchError as error:
            yield error


def read_studies(
    home: Path, names: Sequence[str], notice: Callable[[MnistSearchError], object]
) -> list[StoredStudy]:
    """Return the named studies, or all that can be read where none is named.

    `notice` is told why the others of a home cannot be read.

    Raises:
        MnistSearchError: a named study cannot be read, or of a home none can.
    """
    if names:
        return [read_study(home, name) for name in names]
    found, errors = [], []
    for study in read_home(home):
        if isinstance(study, MnistSearchError):
            errors.append(study)
        else:
            found.append(study)
    if errors and not found:
        raise errors[0]
    for error in errors:
        notice(error)
    return found


def read_records(home: Path, names: Sequence[str]) -> list[Record]:
    """Return the records of the named studies, of all that can be read where none is named.

    Raises:
        UsageError: there is no study of such a name.
    """
    studies = read_studies(home, names, notice=lambda _: None)
    return [record for study in studies for record in study.records]
