"""Verifying an export: does it still reach its score?"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Unpack

from mnist_search.analysis import Estimate, Interval, pool_seed_spread
from mnist_search.analysis.verdict import rerun_interval
from mnist_search.commands.context import Context, TrainingKeywords, TrainingOptions
from mnist_search.commands.training import Trainer, find_dataset
from mnist_search.commands.workers import choose_precision
from mnist_search.datasets.resolving import NAMES, VARIABLE
from mnist_search.errors import DataError
from mnist_search.exporting import Export, read_export, render_script
from mnist_search.exporting.recipe import MARK
from mnist_search.paths import temporary_folder
from mnist_search.specs import DatasetRef, Record, derive_seed
from mnist_search.studies import Outcome, Run, StudySpec, open_benchmark


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyResult:
    """An export, its runs, and the accuracies of those that are complete."""

    export: Export
    records: Sequence[Record]
    outcome: Outcome
    accuracies: Sequence[float]

    @property
    def accuracy(self) -> float:
        """Return the mean accuracy; there is none where no run is complete."""
        return fmean(self.accuracies)

    @property
    def interval(self) -> Interval:
        """Return where the mean of so many runs lies in 95 of 100 cases (see `rerun_interval`).

        The spread between seeds is pooled over these runs, the export's and shipped measurements.
        """
        expected = self.export.expected
        before = Estimate(
            accuracy=expected.accuracy, images=expected.images, runs=expected.n, sd=expected.sd
        )
        rerun = Estimate.of(self.accuracies, expected.images)
        return rerun_interval(before, rerun, pool_seed_spread([before, rerun]))

    @property
    def passed(self) -> bool:
        """Say whether the mean is where that of a rerun is to be expected."""
        # The mean of equal scores may differ from them in the last bit.
        return self.interval.low - 1e-12 <= self.accuracy <= self.interval.high + 1e-12


def verify(
    file: Path | str,
    *,
    seeds: int = 1,
    context: Context | None = None,
    **training: Unpack[TrainingKeywords],
) -> VerifyResult:
    """Train an export again, `seeds` times, with its own seeds first; nothing is stored.

    A `precision` of None is the export's own.

    Raises:
        UsageError: the file is no export.
        DataError: the data is not what the export was measured on.
    """
    context = Context.of_this_process() if context is None else context
    options = TrainingOptions(**training)
    export, text = read_export(Path(file))
    if MARK in text and render_script(export) != text:
        context.notice(
            "note: the script was changed since, or exported by another version; "
            "the recipe in its head is what is verified"
        )
    dataset = _same_data(export, options.dataset, context)
    trainer = Trainer.of(options, context)
    precision = choose_precision(options, context, default=export.precision)
    spec = StudySpec(name="verify", dataset=dataset, precision=precision)
    runs = [
        Run(reference=export.name, config=export.config, seed=seed)
        for seed in _seeds(export, seeds)
    ]
    trainer = replace(
        trainer,
        # What was typed is for the record of a study, and this one is thrown away.
        context=replace(context, typed=()),
        workers=replace(trainer.workers, count=min(trainer.workers.count, len(runs))),
    )
    with (
        temporary_folder("mnist-search-verify-") as folder,
        closing(open_benchmark(folder, spec)) as ledger,
    ):
        what = f"verify {export.name} · {export.config.protocol}"
        outcome, records = trainer.train(ledger, runs, what=what)
    accuracies = [
        record.result.score.accuracy
        for record in records
        if record.state == "complete" and record.result is not None and record.result.score
    ]
    return VerifyResult(export=export, records=records, outcome=outcome, accuracies=accuracies)


def _same_data(export: Export, name: str | None, context: Context) -> DatasetRef:
    own = export.dataset.name
    if name is None and own not in NAMES:
        if not context.environ.get(VARIABLE):
            raise DataError(
                f"{export.name} was measured on {own}, which is no known data set",
                hint=f"name a path with --dataset, or set {VARIABLE}",
            )
        # Where that variable is set, it comes first.
        own = "auto"
    found = find_dataset(own if name is None else name, context)
    if found.digest != export.dataset.digest:
        raise DataError(
            f"{export.name} was measured on {export.dataset.name} "
            f"({export.dataset.digest[:12]}), and this is {found.name} ({found.digest[:12]})",
            hint="name its data with --dataset",
        )
    return export.dataset.model_copy(update={"path": found.path})


def _seeds(export: Export, count: int) -> list[int]:
    seeds = list(export.seeds[:count])
    number = 0
    while len(seeds) < count:
        seed = derive_seed(export.seeds[0], "verify", number)
        number += 1
        if seed not in seeds:
            seeds.append(seed)
    return seeds
