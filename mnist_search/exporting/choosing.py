"""From what a user calls a model to its export: as confirmed where it was, else as searched."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from mnist_search.analysis import pool_seed_spread
from mnist_search.analysis.confirmation import confirmed_name, summarize_confirmation
from mnist_search.analysis.contenders import estimate
from mnist_search.analysis.order import accuracy_of
from mnist_search.analysis.verdict import rerun_interval
from mnist_search.errors import BudgetError, UsageError
from mnist_search.exporting.recipe import Expected, Export
from mnist_search.specs import Record, RunResult
from mnist_search.studies import choose_run

WINNER = "winner"


def choose_export(
    records: Sequence[Record], confirmed: Sequence[Record], name: str, *, study: str
) -> tuple[Export, Sequence[Record]]:
    """Return the export of a run and the complete runs behind its expected score.

    `name` is the number of a run, a reference, or `winner`: the best confirmed trial, and where
    none is confirmed, the most accurate complete run. A trial that was confirmed (`confirmed`
    holds the runs of all) is exported as such, with all training images.

    Raises:
        UsageError: there is no such run, or it is not complete.
        BudgetError: no run is complete, so that none has won.
    """
    complete = [record for record in confirmed if _is_complete(record)]
    winner = name == WINNER
    chosen = _winner(records, complete) if winner else choose_run(records, name, study=study)
    if not _is_complete(chosen):
        raise UsageError(
            f"run {chosen.number} of study {study} is {chosen.state}, "
            "only a complete run can be exported"
        )
    trial = chosen.number if chosen.kind == "trial" and chosen.confirms is None else chosen.confirms
    runs = [record for record in complete if trial is not None and record.confirms == trial]
    if not runs and chosen.kind == "reference":
        runs = [record for record in records if _is_complete(record) and _alike(record, chosen)]
    if not runs:
        runs = [chosen]
    return _export(runs), runs


def _winner(records: Sequence[Record], confirmed: Sequence[Record]) -> Record:
    best = summarize_confirmation(confirmed, records, ()).winner
    if best is not None:
        return next(record for record in confirmed if record.confirms == best.trial)
    scored = [record for record in records if _is_complete(record)]
    if not scored:
        raise BudgetError("no run of the study is complete, so none has won")
    return max(scored, key=lambda record: (accuracy_of(record) or 0.0, -record.number))


def _is_complete(record: Record) -> bool:
    return (
        record.state == "complete"
        and record.result is not None
        and (record.result.score is not None)
    )


def _alike(record: Record, other: Record) -> bool:
    assert record.result is not None
    assert other.result is not None
    return record.config == other.config and record.result.precision == other.result.precision


def _export(runs: Sequence[Record]) -> Export:
    first = runs[0]
    by_seed = {record.result.seed: record.result for record in runs if record.result is not None}
    results = list(by_seed.values())
    assert first.config is not None
    assert first.dataset is not None
    return Export(
        name=_name(first),
        study=first.study,
        config=first.config,
        precision=results[0].precision,
        seeds=tuple(by_seed),
        dataset=first.dataset.model_copy(update={"path": None}),
        expected=_expected(results),
        versions=_versions(results[0]),
    )


def _name(record: Record) -> str:
    if record.kind == "trial" and record.confirms is None:
        return f"trial {record.number}"
    return confirmed_name(record)


def _expected(results: Sequence[RunResult]) -> Expected:
    scores = [result.score for result in results if result.score is not None]
    found = estimate(scores)
    assert found is not None
    one_more = dataclasses.replace(found, runs=1, sd=None)
    interval = rerun_interval(found, one_more, pool_seed_spread([found]))
    return Expected(
        on="test" if results[0].validation is None else "validation",
        accuracy=found.accuracy,
        low=max(0.0, interval.low),
        high=min(1.0, interval.high),
        sd=found.sd,
        n=found.runs,
        images=found.images,
    )


def _versions(result: RunResult) -> dict[str, str]:
    environment = result.environment
    if environment is None:
        return {}
    return {"python": environment.python, **environment.packages}
