"""The labels of the test images that runs answered, for those who compare them in pairs."""

from __future__ import annotations

from collections.abc import Sequence

from mnist_search.specs import Record
from mnist_search.studies.confirming import read_test_labels


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
        for digest, answered in recipes.items()
        if len(answered) > 1
    }
    return {digest: labels for digest, labels in found.items() if labels is not None}
