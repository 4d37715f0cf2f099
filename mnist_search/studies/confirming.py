"""A confirmation: the best trials of a search trained again, to meet the test images once."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from mnist_search.errors import BudgetError
from mnist_search.references import REFERENCES, Reference, get_reference
from mnist_search.specs import Record, RunConfig, RunKey, derive_seed
from mnist_search.studies.benchmark import Run
from mnist_search.studies.folder import name_beside
from mnist_search.studies.ledger import Ledger
from mnist_search.studies.spec import StudySpec, search_of
from mnist_search.studies.trials import best_first

SUFFIX = "-confirm"
USES = "test_uses"
BEST = "best"


@dataclass(frozen=True, slots=True, kw_only=True)
class TestUse:
    """How often a study has met the test images, this time included.

    `uses` counts the selections of models and seeds that met them, `runs` the trained networks;
    `new` says whether this selection adds any, None where nothing was selected now.
    """

    # Not a test, whatever pytest makes of the name.
    __test__ = False

    uses: int
    runs: int
    new: bool | None


def find_references(names: Sequence[str]) -> list[Reference]:
    """Return the references called so; `best` is the one with the best published accuracy.

    Raises:
        UsageError: there is none of that name.
    """
    found = [
        max(REFERENCES, key=lambda reference: reference.published.accuracy)
        if name == BEST
        else get_reference(name)
        for name in names
    ]
    return list({reference.name: reference for reference in found}.values())


def confirmation_name(study: str) -> str:
    """Return the name of the study that holds the confirmed runs of a search."""
    return name_beside(study, SUFFIX)


def confirmation_spec(search: StudySpec) -> StudySpec:
    """Return what the confirmation of a search is about: its data, in float32.

    Raises:
        UsageError: the study is no search.
    """
    search_of(search)
    return StudySpec(
        name=confirmation_name(search.name), dataset=search.dataset, precision="float32"
    )


def choose_candidates(
    records: Sequence[Record], references: Sequence[Reference], *, top: int
) -> list[Run]:
    """Return the `top` complete trials by the accuracy that chooses, and the references to train.

    Trials of one configuration count once, the earliest stands for them. Beside those the best
    trial that is a reference itself comes along, and `references` under protocol `confirm`.

    Raises:
        BudgetError: no trial of the search is complete.
    """
    complete = best_first(records)
    if not complete:
        raise BudgetError("no trial of the search is complete, so there is none to confirm")
    chosen: dict[str, Run] = {}
    beside = True
    for record in complete:
        candidate = _confirm(record)
        key = candidate.config.config_id
        is_best_reference = record.reference is not None and beside
        if key not in chosen and (len(chosen) < top or is_best_reference):
            chosen[key] = candidate
        beside = beside and record.reference is None
    for reference in references:
        config = reference.run_config("confirm")
        chosen.setdefault(config.config_id, Run(config=config, reference=reference.name))
    return list(chosen.values())


def fresh_seeds(
    search: StudySpec, records: Sequence[Record], count: int, *, purpose: str = "confirm"
) -> list[int]:
    """Return the first `count` seeds of a search for one purpose; no trial has used them."""
    used = {record.seed for record in records}
    seeds: list[int] = []
    numbers = itertools.count()
    while len(seeds) < count:
        seed = derive_seed(search_of(search).seed, purpose, next(numbers))
        if seed not in used:
            used.add(seed)
            seeds.append(seed)
    return seeds


def note_selection(ledger: Ledger, runs: Sequence[Run]) -> bool:
    """Write down that these runs are about to meet the test images; return whether any is new.

    Written before they are trained, so that nobody looks and forgets; the same selection again,
    or a part of one, is no new one.
    """
    selections = _selections(ledger)
    known = {key for selection in selections for key in selection}
    wanted = [run.key for run in runs if run.key not in known]
    if wanted:
        ledger.set_attribute(USES, [*selections, wanted])
    return bool(wanted)


def read_test_use(ledger: Ledger, records: Sequence[Record], *, new: bool | None = None) -> TestUse:
    """Return how often a study has met the test images so far; `records` are its runs.

    A selection counts from its first run on that was tested. `new` says whether the last one was
    written down now.
    """
    tested = {
        record.run_key
        for record in records
        if record.result is not None and record.result.test is not None
    }
    selections = _selections(ledger)
    met = [selection for selection in selections if tested.intersection(selection)]
    return TestUse(
        uses=len(met),
        runs=sum(len(selection) for selection in met),
        new=new and selections[-1] in met,
    )


def _selections(ledger: Ledger) -> list[list[RunKey]]:
    found: list[list[RunKey]] = ledger.attribute(USES, list[list[RunKey]], [])
    return found


def _confirm(record: Record) -> Run:
    assert record.config is not None
    training = record.config.training.model_copy(update={"train_images": None})
    config = RunConfig(model=record.config.model, training=training, protocol="confirm")
    return Run(config=config, reference=record.reference, confirms=record.number)
