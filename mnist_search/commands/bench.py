"""Training references: measured beside published."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Unpack

from mnist_search.analysis import Leaderboard
from mnist_search.choices import BenchProtocol, TestPixels
from mnist_search.commands.boards import board_of
from mnist_search.commands.context import Context, TrainingKeywords, TrainingOptions
from mnist_search.commands.training import (
    choose_precision,
    count_workers,
    find_dataset,
    home_of,
    stored_spec,
    train_runs,
)
from mnist_search.errors import UsageError
from mnist_search.references import REFERENCES, get_reference
from mnist_search.specs import Record
from mnist_search.studies import (
    Outcome,
    StudySpec,
    open_benchmark,
    plain_name,
    plan_runs,
    study_folder,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchResult:
    """The runs that were asked for, those of earlier sessions among them, and the ending."""

    study: str
    home: Path
    records: Sequence[Record]
    outcome: Outcome

    def board(self) -> Leaderboard:
        """Return the runs ranked beside the published figures."""
        return board_of(self.records)


def bench(
    names: Sequence[str] = (),
    *,
    quick: bool = False,
    full: bool = False,
    protocol: BenchProtocol = "documented",
    repeats: int = 1,
    seed: int = 0,
    learning_rate: float | None = None,
    test_pixels: TestPixels = "as-documented",
    study: str | None = None,
    home: Path | str | None = None,
    context: Context | None = None,
    **training: Unpack[TrainingKeywords],
) -> BenchResult:
    """Train references and set measured beside published.

    `names` are references; with `quick` or `full` and no name, all of them. One worker has all
    cores, unless `workers` says otherwise, because times of runs side by side do not compare.

    Raises:
        UsageError: there is no such reference, or the study is about something else.
    """
    if quick and full:
        raise UsageError("--quick and --full exclude each other")
    if not (names or quick or full):
        raise UsageError("bench needs names of references, --quick or --full")
    context = Context.of_this_process() if context is None else context
    training.setdefault("workers", 1)
    options = TrainingOptions(**training)
    references = [get_reference(name) for name in names] or list(REFERENCES)
    dataset = find_dataset(options.dataset, context)
    # Runs of changed recipes have a study of their own.
    changed = learning_rate is not None or test_pixels != "as-documented"
    purpose = "changed" if changed else "quick" if quick else "bench"
    name = plain_name(f"{purpose}-{dataset.name}") if study is None else study
    place = home_of(home, context)
    folder = study_folder(place, name)
    precision = choose_precision(options.precision, context, study=stored_spec(folder))
    runs = plan_runs(
        references,
        protocol=protocol,
        repeats=repeats,
        seed=seed,
        quick=quick,
        learning_rate=learning_rate,
        test_pixels=test_pixels,
    )
    workers = count_workers(options)
    spec = StudySpec(name=name, dataset=dataset, precision=precision)
    what = f"bench · {protocol}" + (", quick" if quick else "")
    with closing(open_benchmark(folder, spec)) as ledger:
        outcome = train_runs(ledger, runs, workers, options, context, what=what)
        wanted = {run.key for run in runs}
        records = [record for record in ledger.records() if record.run_key in wanted]
    return BenchResult(study=name, home=place, records=records, outcome=outcome)
