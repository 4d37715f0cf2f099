"""What confirmations have found, for those who read them only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from mnist_search.analysis.confirmation import Confirmation, summarize_confirmation
from mnist_search.errors import MnistSearchError
from mnist_search.references import Reference
from mnist_search.specs import Record
from mnist_search.studies.confirming import (
    TestUse,
    confirmation_name,
    read_test_labels,
    read_test_use,
)
from mnist_search.studies.folder import has_study, study_folder
from mnist_search.studies.opening import open_ledger


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
                runs, use, dataset = ledger.records(), read_test_use(ledger), ledger.spec.dataset
        except MnistSearchError as error:
            notice(error)
            continue
        if any(run.result is not None for run in runs):
            confirmation = summarize_confirmation(
                runs, trials, references, labels=read_test_labels(dataset)
            )
            found.append(ConfirmedStudy(study=study, confirmation=confirmation, use=use))
    return found
