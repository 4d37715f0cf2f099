"""What confirmations say of the winners of their searches."""

from __future__ import annotations

from collections.abc import Sequence

from mnist_search.analysis.confirmation import summarize_confirmation
from mnist_search.analysis.confirming_words import tell_runner_up, tell_shrinkage, tell_winner
from mnist_search.errors import MnistSearchError
from mnist_search.references import Reference
from mnist_search.specs import DatasetRef, Record
from mnist_search.studies.confirming import confirmation_name
from mnist_search.studies.spec import StudySpec


def tell_confirmations(
    records: Sequence[Record], specs: Sequence[StudySpec], references: Sequence[Reference]
) -> list[str]:
    """Return one sentence for each search among the studies that was confirmed.

    Reads the labels of the test images, as `confirm` does, so that both say the same; without
    them the comparison errs towards a tie.
    """
    told = []
    for spec in specs:
        name = confirmation_name(spec.name)
        runs = [record for record in records if record.study == name and record.result is not None]
        if spec.search is None or not runs:
            continue
        trials = [record for record in records if record.study == spec.name]
        confirmation = summarize_confirmation(
            runs, trials, references, labels=_test_labels(spec.dataset)
        )
        winner = tell_winner(confirmation)
        more = (tell_runner_up(confirmation), tell_shrinkage(confirmation))
        rest = "".join(f" {each[0].upper()}{each[1:]}." for each in more if each is not None)
        told.append(f"{spec.name}, confirmed: {winner}.{rest}")
    return told


def _test_labels(dataset: DatasetRef) -> bytes | None:
    from mnist_search.datasets import load_full

    try:
        return load_full(dataset).y_test.tobytes()
    except (MnistSearchError, OSError):
        return None
