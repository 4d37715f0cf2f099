"""The runs that speak for a reference: complete, tested, and of its own recipe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mnist_search.analysis.changes import is_own_recipe
from mnist_search.analysis.verdict import has_score
from mnist_search.references import Reference
from mnist_search.specs import Precision, Protocol, Record, RunResult

Runs = Mapping[int, RunResult]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """Under which accuracies compare: the data set, by its digest, and the precision."""

    digest: str
    is_mnist: bool
    precision: Precision


Baselines = Mapping[tuple[str, Protocol], Mapping[Conditions, Runs]]


def collect_baselines(records: Sequence[Record], references: Sequence[Reference]) -> Baselines:
    """Return runs by (reference, protocol), then by conditions, then by seed (the latest of each).

    A reference without a quirk trains and tests alike under `documented` and `corrected`, and
    has all its runs under the former.
    """
    by_name = {reference.name: reference for reference in references}
    found: dict[tuple[str, Protocol], dict[Conditions, dict[int, RunResult]]] = {}
    for record in sorted(records, key=lambda record: record.finished or 0.0):
        reference = None if record.reference is None else by_name.get(record.reference)
        result, config, dataset = record.result, record.config, record.dataset
        if (
            record.kind != "reference"
            or record.state != "complete"
            or reference is None
            or result is None
            or config is None
            or dataset is None
            or not has_score(result.test)
            or not is_own_recipe(reference, config)
        ):
            continue
        same = config.protocol == "corrected" and reference.corrected is None
        conditions = Conditions(
            digest=dataset.digest,
            is_mnist=dataset.name == "mnist" and not dataset.fallback,
            precision=result.precision,
        )
        key = (reference.name, "documented" if same else config.protocol)
        found.setdefault(key, {}).setdefault(conditions, {})[result.seed] = result
    return found
