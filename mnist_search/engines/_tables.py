"""Rows of Optuna's tables, many read at once, many written in one transaction."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from optuna.distributions import (
    BaseDistribution,
    distribution_to_json,
    json_to_distribution,
)
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial, TrialState

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

# A statement with the rows that it is for.
Statement = tuple[Any, Sequence[dict[str, Any]]]


def read_trials(engine: Engine, study_id: int) -> list[FrozenTrial]:
    """Return the trials of a study in the order of their ids, as `RDBStorage` returns them.

    Optuna makes an object of every row and reads a distribution twice for every parameter; of a
    study of a thousand trials that takes five times as long.
    """
    from optuna.storages._rdb import models
    from sqlalchemy import select

    trials = models.TrialModel.__table__
    distribution = cache(json_to_distribution)
    with engine.connect() as connection:

        def rows_of(model: Any, *names: str) -> dict[int, list[Any]]:
            """Return some columns of a table, by trial."""
            table = model.__table__
            columns = [table.c[name] for name in ("trial_id", *names)]
            mine = table.join(trials, table.c.trial_id == trials.c.trial_id)
            statement = select(*columns).select_from(mine).where(trials.c.study_id == study_id)
            found = defaultdict(list)
            for row in connection.execute(statement.order_by(*table.primary_key)):
                found[row[0]].append(row[1:])
            return found

        rows = connection.execute(
            select(trials).where(trials.c.study_id == study_id).order_by(trials.c.trial_id)
        ).all()
        parameters = rows_of(
            models.TrialParamModel, "param_name", "param_value", "distribution_json"
        )
        scores = rows_of(models.TrialValueModel, "objective", "value", "value_type")
        of_user = rows_of(models.TrialUserAttributeModel, "key", "value_json")
        of_system = rows_of(models.TrialSystemAttributeModel, "key", "value_json")
        reported = rows_of(
            models.TrialIntermediateValueModel,
            *("step", "intermediate_value", "intermediate_value_type"),
        )
    score = models.TrialValueModel.stored_repr_to_value
    report = models.TrialIntermediateValueModel.stored_repr_to_intermediate_value
    found = []
    for row in rows:
        distributions = {name: distribution(text) for name, _, text in parameters[row.trial_id]}
        values = {objective: score(*stored) for objective, *stored in scores[row.trial_id]}
        found.append(
            FrozenTrial(
                number=row.number,
                state=row.state,
                value=None,
                values=[values[objective] for objective in sorted(values)] or None,
                datetime_start=_local(row.datetime_start),
                datetime_complete=_local(row.datetime_complete),
                params={
                    name: distributions[name].to_external_repr(value)
                    for name, value, _ in parameters[row.trial_id]
                },
                distributions=distributions,
                user_attrs={key: json.loads(text) for key, text in of_user[row.trial_id]},
                system_attrs={key: json.loads(text) for key, text in of_system[row.trial_id]},
                intermediate_values={
                    step: report(*stored) for step, *stored in reported[row.trial_id]
                },
                trial_id=row.trial_id,
            )
        )
    return found


def _local(moment: datetime | None) -> datetime | None:
    """Return a time of the file, which is UTC, as Optuna has it: local, and naive."""
    return None if moment is None else moment.replace(tzinfo=UTC).astimezone().replace(tzinfo=None)


def param_row(
    trial_id: int, name: str, value: float, distribution: BaseDistribution
) -> dict[str, Any]:
    """Return the row of a parameter; `value` is Optuna's number for it."""
    return {
        "trial_id": trial_id,
        "param_name": name,
        "param_value": value,
        "distribution_json": distribution_to_json(distribution),
    }


def attribute_row(trial_id: int, key: str, value: Any) -> dict[str, Any]:
    """Return the row of an attribute, of a user's or Optuna's own."""
    return {"trial_id": trial_id, "key": key, "value_json": json.dumps(value)}


def params(rows: Sequence[dict[str, Any]]) -> Statement:
    """Return what writes parameters; the first value of each stays."""
    from optuna.storages._rdb.models import TrialParamModel
    from sqlalchemy.dialects.sqlite import insert

    return insert(TrialParamModel.__table__).on_conflict_do_nothing(), rows


def system_attributes(rows: Sequence[dict[str, Any]]) -> Statement:
    """Return what writes attributes of Optuna's own."""
    from optuna.storages._rdb.models import TrialSystemAttributeModel

    return _upsert(TrialSystemAttributeModel, "key"), rows


def user_attributes(rows: Sequence[dict[str, Any]]) -> Statement:
    """Return what writes attributes of the user's."""
    from optuna.storages._rdb.models import TrialUserAttributeModel

    return _upsert(TrialUserAttributeModel, "key"), rows


def report(trial_id: int, step: int, value: float) -> Statement:
    """Return what writes an intermediate value."""
    from optuna.storages._rdb.models import TrialIntermediateValueModel as Model

    stored, kind = Model.intermediate_value_to_stored_repr(value)
    row = {
        "trial_id": trial_id,
        "step": step,
        "intermediate_value": stored,
        "intermediate_value_type": kind,
    }
    return _upsert(Model, "step"), [row]


def values(trial_id: int, found: Sequence[float]) -> Statement:
    """Return what writes the values of a trial, one for each objective."""
    from optuna.storages._rdb.models import TrialValueModel as Model

    rows = []
    for objective, value in enumerate(found):
        stored, kind = Model.value_to_stored_repr(value)
        about = {"trial_id": trial_id, "objective": objective}
        rows.append(about | {"value": stored, "value_type": kind})
    return _upsert(Model, "objective"), rows


def waiting(study_id: int, first: int, count: int) -> Statement:
    """Return what adds that many waiting trials, numbered from `first`."""
    from optuna.storages._rdb.models import TrialModel
    from sqlalchemy.dialects.sqlite import insert

    numbers = range(first, first + count)
    return insert(TrialModel.__table__), [
        {"study_id": study_id, "number": number, "state": TrialState.WAITING} for number in numbers
    ]


def write(
    engine: Engine,
    statements: Iterable[Statement],
    move: tuple[FrozenTrial, dict[str, Any]] | None,
) -> None:
    """Write all of it, or nothing; `move` is a trial as it was, and what it becomes.

    Raises:
        UpdateFinishedTrialError: the trial is not what it was.
    """
    from optuna.storages._rdb.models import TrialModel
    from sqlalchemy import update

    with engine.begin() as connection:
        for statement, rows in statements:
            if rows:
                connection.execute(statement, rows)
        if move is None:
            return
        trial, row = move
        table = TrialModel.__table__
        at = (table.c.trial_id == trial._trial_id) & (table.c.state == trial.state)
        if connection.execute(update(table).where(at).values(row)).rowcount != 1:
            raise UpdateFinishedTrialError(f"trial {trial.number} was changed by another process")


def give_back(engine: Engine, trial_ids: Iterable[int]) -> None:
    """Set running trials back to WAITING, without reports and the pruner's notes."""
    from sqlalchemy import text

    with engine.begin() as connection:
        for trial_id in trial_ids:
            for statement in (
                "DELETE FROM trial_intermediate_values WHERE trial_id = :id",
                "DELETE FROM trial_system_attributes"
                " WHERE trial_id = :id AND key LIKE 'completed_rung_%'",
                "UPDATE trials SET state = 'WAITING', datetime_start = NULL"
                " WHERE trial_id = :id AND state = 'RUNNING'",
            ):
                connection.execute(text(statement), {"id": trial_id})


@cache
def _upsert(model: Any, key: str) -> Any:
    """Return a statement that inserts rows, or overwrites those of the same trial and `key`."""
    from sqlalchemy.dialects.sqlite import insert

    table = model.__table__
    statement = insert(table)
    given = {
        column.name: statement.excluded[column.name]
        for column in table.columns
        if column.name not in ("trial_id", key) and not column.primary_key
    }
    return statement.on_conflict_do_update(index_elements=["trial_id", key], set_=given)
