"""What `verify` does between its options and its verdict."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import typer

from mnist_search.cli._running import count_workers, exit_code, resolve_dataset, train_runs
from mnist_search.errors import BudgetError, DataError

if TYPE_CHECKING:
    from mnist_search.cli._settings import Surroundings
    from mnist_search.exporting import Export
    from mnist_search.specs import DatasetRef


def train_export(
    export: Export,
    text: str,
    *,
    seeds: int,
    dataset: str | None,
    workers: str,
    quiet: bool,
    around: Surroundings,
) -> dict[str, object]:
    """Train an export in a study that is thrown away; return the row of the comparison.

    Raises:
        DataError: the data is not what the export was measured on.
        BudgetError: a run failed, or was interrupted.
    """
    from mnist_search.studies import StudySpec, open_benchmark
    from mnist_search.studies.benchmark import Run

    _tell_changes(export, text)
    found = _same_data(export, dataset, around)
    chosen = count_workers(workers)
    spec = StudySpec(name="verify", dataset=found, precision=export.precision)
    runs = [
        Run(reference=export.name, config=export.config, seed=seed)
        for seed in _seeds(export, seeds)
    ]
    with (
        TemporaryDirectory(prefix="mnist-search-verify-") as folder,
        closing(open_benchmark(Path(folder), spec)) as ledger,
    ):
        outcome, interrupt = train_runs(
            ledger,
            runs,
            what=f"verify {export.name} · {export.config.protocol}",
            workers=replace(chosen, count=min(chosen.count, len(runs))),
            trial_timeout_seconds=None,
            quiet=quiet,
            around=around,
        )
        records = ledger.records()
    code = exit_code(outcome, interrupt, records)
    if code != 0:
        raise typer.Exit(code)
    scores = [
        record.result.score.accuracy
        for record in records
        if record.state == "complete" and record.result is not None and record.result.score
    ]
    if len(scores) < len(runs):
        raise BudgetError(f"{len(runs) - len(scores)} of {len(runs)} runs of {export.name} failed")
    return _row(export, scores)


def _row(export: Export, scores: list[float]) -> dict[str, object]:
    expected = export.expected
    accuracy = fmean(scores)
    # The mean of equal scores may differ from them in the last bit.
    within = expected.low - 1e-12 <= accuracy <= expected.high + 1e-12
    return {
        "name": export.name,
        "result": "pass" if within else "fail",
        "accuracy": accuracy,
        "accuracies": scores,
        "n": len(scores),
        "expected_accuracy": expected.accuracy,
        "expected_low": expected.low,
        "expected_high": expected.high,
        "expected_n": expected.n,
        "on": expected.on,
        "images": expected.images,
        "protocol": export.config.protocol,
        "config_id": export.config.config_id,
    }


def _same_data(export: Export, name: str | None, around: Surroundings) -> DatasetRef:
    found = resolve_dataset(export.dataset.name if name is None else name, around)
    if found.digest != export.dataset.digest:
        raise DataError(
            f"{export.name} was measured on {export.dataset.name} "
            f"({export.dataset.digest[:12]}), and this is {found.name} ({found.digest[:12]})",
            hint="name its data with --dataset",
        )
    return found


def _seeds(export: Export, count: int) -> list[int]:
    from mnist_search.specs import derive_seed

    seeds = list(export.seeds[:count])
    number = 0
    while len(seeds) < count:
        seed = derive_seed(export.seeds[0], "verify", number)
        number += 1
        if seed not in seeds:
            seeds.append(seed)
    return seeds


def _tell_changes(export: Export, text: str) -> None:
    """Say where a script is not what its recipe makes: only the recipe is verified."""
    from mnist_search.exporting import render_script
    from mnist_search.exporting.recipe import MARK

    if MARK in text and render_script(export) != text:
        typer.echo(
            "note: the script was changed since, or exported by another version; "
            "the recipe in its head is what is verified",
            err=True,
        )
