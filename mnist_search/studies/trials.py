"""A trial as Optuna stores it: what is written with it, for us and for Optuna's own tools."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from mnist_search.specs import Frozen, Record, RunConfig, RunResult, State
from mnist_search.studies.spec import StudySpec

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

# Attributes of trials.
RUN, RESULT, REFERENCE, CONFIRMS = "run", "result", "reference", "confirms"
WORKER, MEMO, ORIGIN = "worker", "memo", "origin"
# Optuna's own times are local ones without their zone.
STARTED, FINISHED = "started", "finished"

STATES: dict[str, State] = {
    "WAITING": "waiting",
    "RUNNING": "running",
    "COMPLETE": "complete",
    "PRUNED": "pruned",
    "FAIL": "failed",
}


class StoredRun(Frozen):
    """What a trial runs."""

    config: RunConfig
    seed: Annotated[int, Field(ge=0, lt=2**32)]


def record_of(trial: FrozenTrial, spec: StudySpec) -> Record:
    """Return a trial of the study that `spec` is about.

    Raises:
        ValueError, TypeError, OverflowError, UsageError: no version of mnist-search wrote it.
    """
    attributes = trial.user_attrs
    state = STATES[trial.state.name]
    run = None if RUN not in attributes else StoredRun.model_validate(attributes[RUN])
    result = None if RESULT not in attributes else RunResult.model_validate(attributes[RESULT])
    if state in ("complete", "pruned", "failed") and (run is None or result is None):
        raise ValueError("it is over, but has no result")
    if spec.search is not None and run is not None:
        spec.search.space.check(trial.params)
    return Record(
        study=spec.name,
        number=trial.number,
        kind="trial" if spec.search is not None or CONFIRMS in attributes else "reference",
        state=state,
        reference=attributes.get(REFERENCE),
        origin=attributes.get(ORIGIN),
        values=None if spec.search is None else dict(trial.params),
        config=None if run is None else run.config,
        seed=None if run is None else run.seed,
        result=result,
        dataset=spec.dataset,
        started=_moment(attributes.get(STARTED), trial.datetime_start),
        finished=_moment(attributes.get(FINISHED), trial.datetime_complete),
        worker=attributes.get(WORKER),
        confirms=attributes.get(CONFIRMS),
        objectives=spec.objectives,
    )


def best_first(records: Sequence[Record]) -> list[Record]:
    """Return the complete trials in the order in which a search chooses, of equals the earlier."""
    found = [
        (-record.result.chosen_by.accuracy, record.number, record)
        for record in records
        if record.state == "complete"
        and record.confirms is None
        and record.result is not None
        and record.result.chosen_by is not None
    ]
    return [record for _, _, record in sorted(found, key=lambda each: each[:2])]


def label_result(result: RunResult) -> dict[str, str | int | float]:
    """Return the figures of a result that dashboards can sort and plot, and why it failed."""
    test, failure = result.test, result.failure
    figures: dict[str, str | int | float | None] = {
        "fit seconds": result.timings.fit_seconds,
        "weights": result.parameters,
        "FLOPs per image": result.flops,
        "test accuracy": None if test is None or test.total == 0 else test.accuracy,
        "why": None if failure is None else f"{failure.kind}: {failure.message}",
    }
    return {name: figure for name, figure in figures.items() if figure is not None}


def _moment(written: float | None, local: datetime | None) -> float | None:
    """Return when something happened: as we wrote it, or as Optuna did where we did not."""
    if local is None:
        # An earlier attempt may have left its times behind.
        return None
    return local.timestamp() if written is None else written
