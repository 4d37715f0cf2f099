"""Training references: measured beside published."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Unpack

from mnist_search.analysis import Leaderboard
from mnist_search.analysis.words import plural
from mnist_search.choices import BenchProtocol, TestPixels
from mnist_search.commands.context import Context, TrainingKeywords, TrainingOptions, home_of
from mnist_search.commands.report import board_of
from mnist_search.commands.training import Trainer, find_dataset, missing_runs, stored_spec
from mnist_search.commands.workers import choose_precision
from mnist_search.errors import UsageError
from mnist_search.references import REFERENCES, get_reference
from mnist_search.references.times import MEASURED_ON, expected_fit_seconds
from mnist_search.specs import Record
from mnist_search.studies import (
    Ledger,
    Outcome,
    Run,
    StudySpec,
    open_benchmark,
    plain_name,
    plan_runs,
    study_folder,
)

# Of references that take less than two minutes three runs are affordable, which tell how far seeds
# spread.
SHORT = 120.0
SHORT_REPEATS = 3


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
    repeats: int | None = None,
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
    Each trains `repeats` times, by default once, and three times where that is expected to be
    short, but with `quick`.

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
    precision = choose_precision(options, context, study=stored_spec(folder))
    if repeats is None:
        short = [
            one
            for one in references
            if not quick and expected_fit_seconds(one, dataset.train_images) < SHORT
        ]
        rounds = [references, *[short] * (SHORT_REPEATS - 1)]
    else:
        rounds = [references] * repeats
    runs = [
        run
        for number, trained in enumerate(rounds)
        for run in plan_runs(
            trained,
            protocol=protocol,
            repeats=1,
            seed=seed + number,
            quick=quick,
            most_images=dataset.train_images,
            learning_rate=learning_rate,
            test_pixels=test_pixels,
        )
    ]
    trainer = Trainer.of(options, context)
    spec = StudySpec(name=name, dataset=dataset, precision=precision)
    what = f"bench · {protocol}" + (", quick" if quick else "")
    with closing(open_benchmark(folder, spec)) as ledger:
        if not quick and not context.quiet:
            _tell_cost(runs, ledger, context)
        outcome, records = trainer.train(ledger, runs, what=what)
    return BenchResult(study=name, home=place, records=records, outcome=outcome)


def _tell_cost(runs: Sequence[Run], ledger: Ledger, context: Context) -> None:
    """Say how long those runs will take that the study does not hold."""
    missing = missing_runs(runs, ledger.records())
    if not missing:
        return
    images = ledger.spec.dataset.train_images
    seconds = sum(
        expected_fit_seconds(get_reference(str(run.reference)), images) for run in missing
    )
    minutes = math.ceil(seconds / 60)
    references = len({run.reference for run in missing})
    what = f"{plural(len(missing), 'run')} of {plural(references, 'reference')}"
    if seconds < 60:
        told = "less than a minute"
    else:
        told = f"about {minutes} minutes" if minutes < 120 else f"about {minutes / 60:.1f} hours"
    context.notice(f"{what}: {told} of training on {MEASURED_ON}, where they were measured")
