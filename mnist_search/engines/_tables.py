"""Rows of Optuna's tables, many written in one transaction."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from optuna.distributions import BaseDistribution, distribution_to_json
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial, TrialState

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

# A statement with the rows that it is for.
Statement = tuple[Any, Sequence[dict[str, Any]]]


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
