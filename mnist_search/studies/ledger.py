"""The ledger: one stock Optuna study, with everything that a trial is and was.

It alone knows what became of a trial: one call opens it, one closes it. Engines only propose.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import TypeAdapter

from mnist_search.analysis import describe
from mnist_search.errors import StorageError, UsageError
from mnist_search.specs import Record, RunConfig, RunResult, State
from mnist_search.studies.folder import DATABASE, JOURNAL, check_room, damaged, storage_errors
from mnist_search.studies.lock import check_owner, hold
from mnist_search.studies.owner import Owner, utc_seconds
from mnist_search.studies.spec import FIRST, REVISION, REVISIONS, SPEC, FirstPoint, StudySpec
from mnist_search.studies.trials import (
    CONFIRMS,
    FINISHED,
    MEMO,
    ORIGIN,
    REFERENCE,
    RESULT,
    RUN,
    STARTED,
    STATES,
    WORKER,
    StoredRun,
    label_result,
    record_of,
)

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.storages import BaseStorage
    from optuna.study import Study
    from optuna.trial import FrozenTrial, TrialState

    from mnist_search.spaces import Value
    from mnist_search.studies.journal import Journal

# How long all sessions took, beside the attributes that a new study has.
SECONDS = "seconds"

Kind = TypeVar("Kind")


class Ledger:
    """Trials of a study, their runs and their results.

    A trial is RUNNING from when it is opened until it is closed by its result or given back; then
    it is WAITING, with the parameters and the seed that it had. Its result is written before its
    state, so that a trial whose owner died in between is closed by it. One process at a time
    writes (`exclusive`).
    """

    def __init__(
        self,
        storage: BaseStorage,
        *,
        folder: Path,
        journal: Journal | None = None,
    ) -> None:
        """Read a study; use `create_ledger`, `open_ledger` and `ledger_in_memory`."""
        import optuna

        self.folder = folder
        self._storage = storage
        self._journal = journal
        self._owner: Owner | None = None
        names = optuna.get_all_study_names(storage)
        if len(names) != 1:
            raise damaged(self.path, f"it holds {len(names)} studies where one was expected")
        self._study_id = storage.get_study_id_from_name(names[0])
        spec: StudySpec | None = self.attribute(SPEC, StudySpec, None)
        if spec is None:
            raise damaged(self.path, "it does not say what it is about")
        # The folder may have been copied or renamed since.
        self.spec = spec.model_copy(update={"name": folder.name})

    @property
    def path(self) -> Path:
        """Return the file that the study is read from."""
        return self.folder / (DATABASE if self._journal is None else JOURNAL)

    @property
    def study(self) -> Study:
        """Return the study for Optuna's own tools."""
        import optuna

        return optuna.load_study(study_name=None, storage=self._storage)

    def close(self) -> None:
        """Close the file."""
        if self._journal is not None:
            self._journal.close()

    # A trial's life

    def open_trial(
        self,
        number: int | None = None,
        *,
        config: RunConfig,
        seed: int,
        values: Mapping[str, Value] | None = None,
        distributions: Mapping[str, BaseDistribution] | None = None,
        reference: str | None = None,
        origin: str | None = None,
        confirms: int | None = None,
        memo: Mapping[str, Any] | None = None,
    ) -> int:
        """Begin a new trial, or one that waits, with what it runs; return its number.

        `memo` is what the engine wants back with the trial in a later session.
        """
        from optuna.trial import TrialState, create_trial

        self.check_possession()
        about = {REFERENCE: reference, ORIGIN: origin, CONFIRMS: confirms, MEMO: memo}
        attributes: dict[str, Any] = {
            STARTED: utc_seconds(),
            RUN: StoredRun(config=config, seed=seed).model_dump(mode="json"),
            "network": describe(config),
            **{key: value for key, value in about.items() if value is not None},
        }
        params = dict(values or {})
        ranges = {name: (distributions or {})[name] for name in params}
        count = self.count()
        if number is None or number == count:
            trial = create_trial(
                state=TrialState.RUNNING,
                params=params,
                distributions=ranges,
                user_attrs=attributes,
            )
            self._storage.create_new_trial(self._study_id, trial)
            return count
        trial_id = self._trial_id(number)
        known = self._storage.get_trial(trial_id)
        if known.state is not TrialState.WAITING:
            raise StorageError(f"trial {number} of study {self.spec.name} does not wait")
        for name, value in params.items():
            if name not in known.params:
                inner = ranges[name].to_internal_repr(value)
                self._storage.set_trial_param(trial_id, name, inner, ranges[name])
        self._set(trial_id, attributes)
        self._storage.set_trial_state_values(trial_id, TrialState.RUNNING)
        return number

    def report(self, number: int, step: int, accuracy: float) -> None:
        """Write an intermediate accuracy, for whoever watches."""
        trial_id = self._trial_id(number)
        self._storage.set_trial_intermediate_value(trial_id, step, accuracy)

    def close_trial(self, number: int, result: RunResult, *, worker: int | None) -> None:
        """Close a trial by its result; when this returns, both are on the disk."""
        self.check_possession()
        about = label_result(result) | ({} if worker is None else {WORKER: worker})
        written = {FINISHED: utc_seconds(), RESULT: result.model_dump(mode="json")}
        self._set(self._trial_id(number), about | written)
        self._close(number, result)

    def give_back(self, number: int) -> None:
        """Let a running trial wait again, with its parameters and its seed."""
        from optuna.trial import TrialState

        self._storage.set_trial_state_values(self._trial_id(number), TrialState.WAITING)

    def recover(self) -> tuple[int, int]:
        """Settle the trials of a dead owner; return (given back, closed by their result).

        Only the holder of `exclusive` may call this: every RUNNING trial is then an orphan.
        """
        from optuna.trial import TrialState

        given_back, closed = 0, 0
        for record in self.records(TrialState.RUNNING):
            if record.result is None:
                self.give_back(record.number)
                given_back += 1
            else:
                self._close(record.number, record.result)
                closed += 1
        return given_back, closed

    # What is there

    def count(self) -> int:
        """Return the number of trials, whatever their state."""
        return self._storage.get_n_trials(self._study_id)

    def states(self) -> list[State]:
        """Return the state of every trial, in the order of its number."""
        return [STATES[trial.state.name] for trial in self._trials()]

    def records(self, *states: TrialState) -> list[Record]:
        """Return every trial, or those in some states, in the order of its number.

        Raises:
            DataError: a trial is none that a version of mnist-search wrote.
        """
        records = []
        for trial in self._trials(*states):
            with self._reading(f"trial {trial.number}"):
                records.append(record_of(trial, self.spec))
        return records

    def memos(self) -> dict[int, Mapping[str, Any]]:
        """Return what the engine wants back with its trials."""
        adapter = TypeAdapter(dict[str, Any])
        found: dict[int, Mapping[str, Any]] = {}
        for trial in self._trials():
            if MEMO in trial.user_attrs:
                with self._reading(f"trial {trial.number}"):
                    found[trial.number] = adapter.validate_python(trial.user_attrs[MEMO])
        return found

    # The study as a whole

    def attribute(self, key: str, kind: Any, missing: Kind) -> Kind:
        """Return an attribute of the study, as the type that it must have.

        Raises:
            DataError: it has another.
        """
        stored = self._storage.get_study_user_attrs(self._study_id)
        if key not in stored:
            return missing
        with self._reading(key):
            value: Kind = TypeAdapter(kind).validate_python(stored[key])
        return value

    def set_attribute(self, key: str, value: Any) -> None:
        """Write an attribute of the study: plain JSON."""
        self._storage.set_study_user_attr(self._study_id, key, value)

    def first_points(self) -> list[FirstPoint]:
        """Return what the first trials were to try, with the references that it is."""
        return self.attribute(FIRST, list[FirstPoint], [])

    def revisions(self) -> dict[str, int]:
        """Return the revision of each rule that the study was made under, 0: unknown."""
        stored: dict[str, int] = self.attribute(REVISION, dict[str, int], {})
        return {rule: stored.get(rule, 0) for rule in REVISIONS}

    def seconds_used(self) -> float:
        """Return the wall-clock seconds spent in all sessions so far."""
        return self.attribute(SECONDS, float, 0.0)

    def set_seconds_used(self, seconds: float) -> None:
        """Write the wall-clock seconds spent in all sessions so far."""
        self.set_attribute(SECONDS, seconds)

    def timed(self, clock: Callable[[], float]) -> Callable[[], None]:
        """Return what writes the seconds used, those from now on among them."""
        begun, before = clock(), self.seconds_used()
        return lambda: self.set_seconds_used(before + clock() - begun)

    def check_room(self) -> None:
        """Check that the disk has room for another trial; raises `ResourceError`."""
        if self._journal is not None:
            check_room(self.folder)

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the study against other writers; the kernel lets go when the process dies.

        A study of version 0.1 becomes a journal now. Errors of the disk inside become
        `StorageError`, `ResourceError` or `DataError`.
        """
        from mnist_search.studies.old_studies import become_journal

        with storage_errors(self.path), hold(self.folder) as self._owner:
            # Nothing is added to a study that is damaged.
            self.records()
            if self._journal is None:
                self._storage, self._journal = become_journal(self.folder)
            try:
                self._journal.begin_writing()
                yield
            finally:
                self._journal.stop_writing()
                self._owner = None

    def check_possession(self) -> None:
        """Check that what `exclusive` gave is still ours; raises `StorageError`."""
        if self._owner is not None and self._journal is not None:
            self._journal.check_place()
            check_owner(self.folder, self._owner)

    # Inside

    def _trial_id(self, number: int) -> int:
        return self._storage.get_trial_id_from_study_id_trial_number(self._study_id, number)

    def _trials(self, *states: TrialState) -> list[FrozenTrial]:
        return self._storage.get_all_trials(self._study_id, deepcopy=False, states=states or None)

    def _set(self, trial_id: int, attributes: Mapping[str, Any]) -> None:
        for key, value in attributes.items():
            self._storage.set_trial_user_attr(trial_id, key, value)

    def _close(self, number: int, result: RunResult) -> None:
        from optuna.trial import TrialState

        objectives = self.spec.objectives
        values = result.objective_values(objectives)
        match result.status:
            case "complete":
                # What lacks one of two numbers could not be compared.
                lacks = values is None and len(objectives) > 1
                state = TrialState.FAIL if lacks else TrialState.COMPLETE
            case "pruned":
                state = TrialState.PRUNED
            case "failed":
                state = TrialState.FAIL
        self._storage.set_trial_state_values(self._trial_id(number), state, values)

    @contextmanager
    def _reading(self, what: str) -> Iterator[None]:
        try:
            yield
        except (ValueError, TypeError, OverflowError, OSError, UsageError) as error:
            # Of pydantic's several lines the first says where, the second what.
            told = ": ".join(str(error).splitlines()[1:3] or [str(error)])
            raise damaged(self.path, f"{what}: {told}") from error
