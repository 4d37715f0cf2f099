"""What studies hold, for those who read them only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from mnist_search.analysis.confirmation import Confirmation, summarize_confirmation
from mnist_search.analysis.effects import ValidationImages
from mnist_search.errors import DataError, MnistSearchError, UsageError
from mnist_search.paths import shorten
from mnist_search.references import Reference
from mnist_search.specs import DatasetRef, Record
from mnist_search.studies.confirming import TestUse, confirmation_name, read_test_use
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


def find_study(home: Path, name: str) -> Path:
    """Return the folder of a study; raises UsageError where there is none of that name."""
    folder = study_folder(home, name)
    if not has_study(folder):
        there = list_studies(home)
        raise UsageError(
            f"there is no study {name} in {home}",
            hint=f"there are: {', '.join(there)}" if there else "`mnist-search run` makes one",
        )
    return folder


def read_study(home: Path, name: str) -> StoredStudy:
    """Return what a study holds.

    Raises:
        UsageError: there is none of that name.
        MnistSearchError: it cannot be read.
    """
    with closing(open_ledger(find_study(home, name))) as ledger:
        return StoredStudy(spec=ledger.spec, records=ledger.records(), sessions=sessions_of(ledger))


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
    for name in list_studies(home):
        try:
            found.append(read_study(home, name))
        except MnistSearchError as unreadable:
            errors.append(unreadable)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmedStudy:
    """A search, the table of its confirmed models, and how often they met the test images."""

    study: str
    confirmation: Confirmation
    use: TestUse


def read_confirmations(
    home: Path,
    records: Sequence[Record],
    references: Sequence[Reference],
    notice: Callable[[MnistSearchError], object],
) -> list[ConfirmedStudy]:
    """Return what was confirmed of the searches that `records` come from, by all runs there are.

    Reads the labels of the test images, as `confirm` does, so that both say the same; without
    them the comparison errs towards a tie. `notice` is told why a confirmation cannot be read.
    """
    searches: dict[str, list[Record]] = {}
    for record in records:
        if record.kind == "trial" and record.confirms is None:
            searches.setdefault(record.study, []).append(record)
    found = []
    for study, trials in searches.items():
        folder = study_folder(home, confirmation_name(study))
        if not has_study(folder):
            continue
        try:
            with closing(open_ledger(folder)) as ledger:
                runs, dataset = ledger.records(), ledger.spec.dataset
                use = read_test_use(ledger, runs)
        except MnistSearchError as error:
            notice(error)
            continue
        if any(run.result is not None for run in runs):
            confirmation = summarize_confirmation(
                runs, trials, references, labels=read_test_labels(dataset)
            )
            found.append(ConfirmedStudy(study=study, confirmation=confirmation, use=use))
    return found


def read_confirmed(
    home: Path, study: str, *, notice: Callable[[str], object] | None = None
) -> list[Record]:
    """Return the confirmed runs of a search; none where it was not confirmed.

    `notice` is told why they cannot be read, and then there are none; without one that is raised.
    """
    name = confirmation_name(study)
    if not has_study(home / name):
        return []
    try:
        return read_records(home, [name])
    except MnistSearchError as error:
        if notice is None:
            raise
        notice(f"left out: {error.message}")
        return []


def read_test_labels(dataset: DatasetRef) -> bytes | None:
    """Return the labels of the test images, a byte each; None where the data is gone."""
    from mnist_search.datasets import load_full

    try:
        return load_full(dataset).test.labels.astype("uint8").tobytes()
    except (DataError, OSError):
        return None


def read_validation_images(dataset: DatasetRef) -> ValidationImages:
    """Return the validation images by a name, and their labels, None where the data is gone."""
    from mnist_search.datasets import load_search
    from mnist_search.datasets.splits import split_selection

    name = f"{dataset.digest} validation, {dataset.held_out}"
    try:
        labels = load_search(dataset).validation.labels
    except (DataError, OSError):
        return ValidationImages(name, None)
    if dataset.held_out == "halves":
        _, validation = split_selection(labels)
        labels = labels[validation]
    return ValidationImages(name, labels.astype("uint8").tobytes())


def read_labels(records: Sequence[Record]) -> dict[str, bytes]:
    """Return the test labels, a byte each, by the digest of their data set.

    Only data sets on which two recipes or more kept their answers are read, and those whose
    files are gone are left out.
    """
    recipes: dict[str, set[str]] = {}
    datasets = {}
    for record in records:
        if record.dataset is not None and record.result is not None and record.result.predictions:
            recipes.setdefault(record.dataset.digest, set()).add(record.result.config_id)
            datasets[record.dataset.digest] = record.dataset
    found = {
        digest: read_test_labels(datasets[digest])
        for digest, validated_on in recipes.items()
        if len(validated_on) > 1
    }
    return {digest: labels for digest, labels in found.items() if labels is not None}


def choose_run(
    records: Sequence[Record], name: str, *, study: str, seed: int | None = None
) -> Record:
    """Return the run that `name` means: a number, or a reference.

    Of several runs of a reference the first complete one, else the first that is over; `seed`
    leaves only the runs with it. Raises UsageError where there is no such run, or it is not over.
    """
    if name.isdecimal():
        # As text: Python reads no number of thousands of digits.
        number = name.lstrip("0") or "0"
        found = [record for record in records if str(record.number) == number]
    else:
        found = [record for record in records if record.reference == name]
    if not found:
        raise UsageError(f"study {study} has no run {shorten(name)}", hint=_what_there_is(records))
    if seed is not None:
        seeds = sorted({record.seed for record in found if record.seed is not None})
        found = [record for record in found if record.seed == seed]
        if not found:
            raise UsageError(
                f"study {study} has no run of {name} with seed {seed}",
                hint=f"its seeds: {', '.join(map(str, seeds))}" if seeds else None,
            )
    over = [record for record in found if record.result is not None]
    complete = [record for record in over if record.state == "complete"]
    if complete or over:
        return (complete or over)[0]
    raise UsageError(f"run {name} of study {study} is {found[0].state}, it has no result yet")


def run_name(record: Record, records: Sequence[Record]) -> str:
    """Return a name for files about a run: `trial-7`, `cnn-simple` or `cnn-simple-run-31`.

    The first run of a reference that came to its end has the plain name.
    """
    if record.kind == "trial" or record.reference is None:
        return f"trial-{record.number}"
    first = choose_run(records, record.reference, study=record.study)
    same = first.number == record.number
    return record.reference if same else f"{record.reference}-run-{record.number}"


def _what_there_is(records: Sequence[Record]) -> str | None:
    if not records:
        return None
    names = sorted({record.reference for record in records if record.reference is not None})
    numbers = f"its runs are 0 to {records[-1].number}"
    return numbers + (f", of {', '.join(names)}" if names else "")
