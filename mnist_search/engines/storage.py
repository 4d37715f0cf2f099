"""Optuna's storage for the one process that writes a study: it remembers what it has written.

Optuna's own reads every unfinished trial again whenever a sampler or a pruner asks for trials, a
dozen times a proposal, and gives each parameter a transaction of its own. With a thousand waiting
slots that costs more than training. The tables and what is in them are Optuna's.
"""

from __future__ import annotations

import copy
import datetime
import json
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from optuna.distributions import (
    BaseDistribution,
    check_distribution_compatibility,
)
from optuna.exceptions import StorageInternalError
from optuna.storages import BaseStorage, RDBStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from mnist_search.engines import _tables as tables

if TYPE_CHECKING:
    from optuna.study._frozen import FrozenStudy
    from sqlalchemy.engine import Engine


class SoleWriterStorage(BaseStorage):
    """Trials in memory, as they are in a SQLite file.

    Reads cost nothing while nobody else writes the file; where somebody did (a note of the
    dashboard's), all is read again. Parameters and system attributes are written together with
    the next user attribute or change of state, in one transaction; all else is written at once.
    """

    def __init__(self, backend: RDBStorage) -> None:
        """Take the storage that knows the file."""
        self._backend = backend
        self._trials: dict[int, list[FrozenTrial]] = {}
        self._places: dict[int, tuple[int, int]] = {}
        self._distributions: dict[int, dict[str, BaseDistribution]] = {}
        self._seen: tuple[object, int] | None = None
        self._params: list[dict[str, Any]] = []
        self._attributes: list[dict[str, Any]] = []

    def close(self) -> None:
        """Write what is left to write, and close the connections to the file."""
        try:
            self.flush()
        finally:
            self.remove_session()
            self._backend.engine.dispose()

    def remove_session(self) -> None:
        self._backend.remove_session()

    def __getstate__(self) -> dict[str, Any]:
        self.flush()
        return {"_backend": self._backend}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["_backend"])  # type: ignore[misc]

    # Studies

    def create_new_study(
        self, directions: Sequence[StudyDirection], study_name: str | None = None
    ) -> int:
        return self._backend.create_new_study(directions, study_name)

    def delete_study(self, study_id: int) -> None:
        self.flush()
        self._backend.delete_study(study_id)
        self._forget()

    def set_study_user_attr(self, study_id: int, key: str, value: Any) -> None:
        self._backend.set_study_user_attr(study_id, key, value)

    def set_study_system_attr(self, study_id: int, key: str, value: Any) -> None:
        self._backend.set_study_system_attr(study_id, key, value)

    def get_study_id_from_name(self, study_name: str) -> int:
        return self._backend.get_study_id_from_name(study_name)

    def get_study_name_from_id(self, study_id: int) -> str:
        return self._backend.get_study_name_from_id(study_id)

    def get_study_directions(self, study_id: int) -> list[StudyDirection]:
        return self._backend.get_study_directions(study_id)

    def get_study_user_attrs(self, study_id: int) -> dict[str, Any]:
        return self._backend.get_study_user_attrs(study_id)

    def get_study_system_attrs(self, study_id: int) -> dict[str, Any]:
        return self._backend.get_study_system_attrs(study_id)

    def get_all_studies(self) -> list[FrozenStudy]:
        return self._backend.get_all_studies()

    # Trials as a whole

    def create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> int:
        self.flush()
        trial_id = self._backend.create_new_trial(study_id, template_trial)
        if study_id in self._trials:
            self._remember(study_id, [self._backend.get_trial(trial_id)])
        return trial_id

    def add_waiting(self, study_id: int, count: int) -> None:
        """Add that many trials without values, waiting to be claimed, all or none of them."""
        # Also looks whether the study is there.
        first = len(self._load(study_id))
        if count > 0:
            self._write(tables.waiting(study_id, first, count))
            self._forget()

    def get_all_trials(
        self,
        study_id: int,
        deepcopy: bool = True,
        states: Container[TrialState] | None = None,
    ) -> list[FrozenTrial]:
        trials = self._load(study_id)
        found = [trial for trial in trials if states is None or trial.state in states]
        return copy.deepcopy(found) if deepcopy else found

    def get_n_trials(
        self, study_id: int, state: tuple[TrialState, ...] | TrialState | None = None
    ) -> int:
        states = (state,) if isinstance(state, TrialState) else state
        return len(self.get_all_trials(study_id, deepcopy=False, states=states))

    def get_trial_id_from_study_id_trial_number(self, study_id: int, trial_number: int) -> int:
        trials = self._load(study_id)
        near = trials[trial_number : trial_number + 1] if trial_number >= 0 else []
        # Numbers are places, unless somebody removed a trial.
        for trial in (*near, *trials):
            if trial.number == trial_number:
                return trial._trial_id
        raise KeyError(f"study {study_id} has no trial {trial_number}")

    # One trial

    def get_trial(self, trial_id: int) -> FrozenTrial:
        trial = self._find(trial_id)
        # Optuna adds to the values of a running trial that it was given.
        return trial if trial.state.is_finished() else _copy(trial)

    def set_trial_param(
        self,
        trial_id: int,
        param_name: str,
        param_value_internal: float,
        distribution: BaseDistribution,
    ) -> None:
        trial = self._find_open(trial_id)
        known = self._distributions[self._places[trial_id][0]]
        check_distribution_compatibility(known.setdefault(param_name, distribution), distribution)
        if param_name in trial.params:
            return
        self._params.append(
            tables.param_row(trial_id, param_name, param_value_internal, distribution)
        )
        changed = _copy(trial)
        changed.params[param_name] = distribution.to_external_repr(param_value_internal)
        changed.distributions[param_name] = distribution
        self._replace(changed)

    def set_trial_system_attr(self, trial_id: int, key: str, value: Any) -> None:
        changed = _copy(self._find_open(trial_id))
        self._attributes.append(tables.attribute_row(trial_id, key, value))
        changed.system_attrs[key] = json.loads(self._attributes[-1]["value_json"])
        self._replace(changed)

    def set_trial_user_attr(self, trial_id: int, key: str, value: Any) -> None:
        self.set_trial_user_attrs(trial_id, {key: value})

    def set_trial_user_attrs(self, trial_id: int, attributes: Mapping[str, Any]) -> None:
        """Write several user attributes in one transaction."""
        changed = _copy(self._find_open(trial_id))
        rows = [tables.attribute_row(trial_id, key, value) for key, value in attributes.items()]
        changed.user_attrs.update((row["key"], json.loads(row["value_json"])) for row in rows)
        self._write(tables.user_attributes(rows))
        self._replace(changed)

    def set_trial_intermediate_value(
        self, trial_id: int, step: int, intermediate_value: float
    ) -> None:
        changed = _copy(self._find_open(trial_id))
        changed.intermediate_values[step] = float(intermediate_value)
        self._write(tables.report(trial_id, step, float(intermediate_value)))
        self._replace(changed)

    def set_trial_state_values(
        self, trial_id: int, state: TrialState, values: Sequence[float] | None = None
    ) -> bool:
        trial = self._find_open(trial_id)
        if state == TrialState.RUNNING and trial.state != TrialState.WAITING:
            return False
        changed = _copy(trial)
        changed.state = state
        now = datetime.datetime.now(datetime.UTC)
        row: dict[str, Any] = {"state": state}
        if state == TrialState.RUNNING:
            row["datetime_start"] = now.replace(tzinfo=None)
            changed.datetime_start = now.astimezone().replace(tzinfo=None)
        if state.is_finished():
            row["datetime_complete"] = now.replace(tzinfo=None)
            changed.datetime_complete = now.astimezone().replace(tzinfo=None)
        statements = []
        if values is not None:
            changed.values = [float(value) for value in values]
            statements.append(tables.values(trial_id, changed.values))
        self._write(*statements, move=(trial, row))
        self._replace(changed)
        return True

    def give_back(self, trial_ids: Iterable[int]) -> None:
        """Set running trials back to WAITING, all in one transaction.

        Optuna can do that too, but would keep the reports and the pruner's notes, which would
        then judge the second attempt. Parameters stay.
        """
        self.flush()
        try:
            tables.give_back(self._backend.engine, trial_ids)
        finally:
            self._forget()

    # What is in memory

    def _load(self, study_id: int) -> list[FrozenTrial]:
        """Return the trials of a study, read again if another connection changed the file."""
        version = self._version()
        if version != self._seen:
            self._forget()
            self._seen = version
        if study_id not in self._trials:
            self.flush()
            self._backend.get_study_name_from_id(study_id)  # KeyError where there is none
            trials = _read(self._backend.engine, study_id)
            self._trials[study_id] = []
            self._distributions[study_id] = {}
            self._remember(study_id, trials)
        return self._trials[study_id]

    def _version(self) -> tuple[object, int]:
        """Return what changes when another connection writes; comparable for one connection."""
        fairy = self._backend.engine.raw_connection()
        try:
            connection = fairy.driver_connection
            assert connection is not None
            return connection, connection.execute("PRAGMA data_version").fetchone()[0]
        finally:
            fairy.close()

    def _remember(self, study_id: int, trials: Iterable[FrozenTrial]) -> None:
        known = self._distributions[study_id]
        for trial in trials:
            self._places[trial._trial_id] = study_id, len(self._trials[study_id])
            self._trials[study_id].append(trial)
            for name, distribution in trial.distributions.items():
                known.setdefault(name, distribution)

    def _forget(self) -> None:
        self._trials.clear()
        self._places.clear()
        self._distributions.clear()

    def _find(self, trial_id: int) -> FrozenTrial:
        if trial_id not in self._places:
            for study in self._backend.get_all_studies():
                self._load(study._study_id)
        if trial_id not in self._places:
            raise KeyError(f"there is no trial with the id {trial_id}")
        study_id, place = self._places[trial_id]
        return self._load(study_id)[place]

    def _find_open(self, trial_id: int) -> FrozenTrial:
        trial = self._find(trial_id)
        self.check_trial_is_updatable(trial_id, trial.state)
        return trial

    def _replace(self, trial: FrozenTrial) -> None:
        # A new object each time: whoever was given the old one keeps what was true then.
        study_id, place = self._places[trial._trial_id]
        self._trials[study_id][place] = trial

    # What is in the file

    def flush(self) -> None:
        """Write what waits for the next transaction."""
        if self._params or self._attributes:
            self._write()

    def _write(
        self,
        *statements: tables.Statement,
        move: tuple[FrozenTrial, dict[str, Any]] | None = None,
    ) -> None:
        """Write what waits, the statements and the new state of a trial, in one transaction."""
        waited = [tables.params(self._params), tables.system_attributes(self._attributes)]
        try:
            tables.write(self._backend.engine, [*waited, *statements], move)
        except BaseException:
            # Memory is ahead of the file, which counts.
            self._forget()
            raise
        finally:
            self._params = []
            self._attributes = []


def _read(engine: Engine, study_id: int) -> list[FrozenTrial]:
    """Return the trials of a study; errors of the file are Optuna's, as of its own storages."""
    from sqlalchemy.exc import SQLAlchemyError

    try:
        return tables.read_trials(engine, study_id)
    except SQLAlchemyError as error:
        raise StorageInternalError("the trials of the study cannot be read") from error


def _copy(trial: FrozenTrial) -> FrozenTrial:
    """Return another trial with the same parts, each of which may be added to."""
    made = copy.copy(trial)
    made.params = dict(trial.params)
    made.distributions = dict(trial.distributions)
    made.user_attrs = dict(trial.user_attrs)
    made.system_attrs = dict(trial.system_attrs)
    made.intermediate_values = dict(trial.intermediate_values)
    return made
