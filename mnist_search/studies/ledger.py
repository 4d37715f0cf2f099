"""The ledger: one Optuna study in one SQLite file, with everything that a trial is and was."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import filelock

from mnist_search.errors import DataError, StorageError, UsageError
from mnist_search.specs import Record, RunConfig, RunKey, RunResult
from mnist_search.studies.spec import StudySpec
from mnist_search.studies.storage import check_room, check_study_file, open_storage, storage_errors

if TYPE_CHECKING:
    from optuna.storages import RDBStorage
    from optuna.study import Study
    from optuna.trial import FrozenTrial

SPEC, RUN, RESULT, SECONDS, CONFIRMS = "spec", "run", "result", "seconds", "confirms"
DATABASE = "study.db"


class Ledger:
    """Slots, runs and results of one study.

    A study has as many slots as it was asked for, each WAITING, RUNNING or finished. A run is
    written before it starts, its result before its state changes; a slot whose owner died goes
    back to WAITING with its parameters kept. One process at a time writes (`exclusive`).
    """

    def __init__(self, folder: Path, storage: RDBStorage, study: Study, spec: StudySpec) -> None:
        """Take the parts; use `create_ledger` and `open_ledger`."""
        self.folder = folder
        self.study = study
        self.spec = spec
        self._storage = storage
        self._study_id = storage.get_study_id_from_name(study.study_name)

    def close(self) -> None:
        """Close the connections to the file."""
        self._storage.remove_session()
        self._storage.engine.dispose()

    def take_data_from(self, spec: StudySpec) -> None:
        """Read the data where `spec` found them: the file may have moved since."""
        self.spec = self.spec.model_copy(update={"dataset": spec.dataset})

    # Slots

    def slots(self) -> int:
        """Return the number of slots, whatever their state."""
        return self._storage.get_n_trials(self._study_id)

    def add_slots(self, total: int) -> int:
        """Add waiting slots until there are `total`; return how many were added."""
        added = max(0, total - self.slots())
        for _ in range(added):
            self.study.enqueue_trial({})
        return added

    def add_run(
        self, config: RunConfig, *, seed: int, reference: str | None, confirms: int | None = None
    ) -> None:
        """Add a waiting slot that holds a whole run of a reference, or confirms a trial."""
        run = {"config": config.model_dump(mode="json"), "seed": seed}
        about = {"reference": reference, CONFIRMS: confirms}
        known = {key: value for key, value in about.items() if value is not None}
        self.study.enqueue_trial({}, user_attrs={RUN: run, **known})

    def claim_run(self, wanted: Container[RunKey]) -> Record | None:
        """Claim the first waiting slot that holds a wanted run; None when none waits."""
        from optuna.trial import TrialState

        for trial in self.study.get_trials(deepcopy=False, states=(TrialState.WAITING,)):
            record = self._record(trial)
            if record.run_key in wanted and self._storage.set_trial_state_values(
                self._trial_id(trial.number), TrialState.RUNNING
            ):
                return record
        return None

    # A run's life

    def begin(self, number: int, config: RunConfig, *, seed: int) -> None:
        """Write what a claimed slot is about to run."""
        self._set(number, RUN, {"config": config.model_dump(mode="json"), "seed": seed})

    def record(self, number: int, result: RunResult, *, worker: int | None) -> None:
        """Write a result; the slot's state is changed afterwards, by engine or `finish`."""
        if worker is not None:
            self._set(number, "worker", worker)
        self._set(number, RESULT, result.model_dump(mode="json"))

    def finish(self, number: int, result: RunResult) -> None:
        """Close a slot as its result says."""
        from optuna.trial import TrialState

        score = result.score
        match result.status:
            case "complete":
                state, accuracy = TrialState.COMPLETE, None if score is None else score.accuracy
            case "pruned":
                state, accuracy = TrialState.PRUNED, result.last_accuracy
            case "failed":
                state, accuracy = TrialState.FAIL, None
        values = None if accuracy is None else [accuracy]
        self._storage.set_trial_state_values(self._trial_id(number), state, values)

    def release(self, number: int) -> None:
        """Give a running slot back: WAITING again, its parameters kept, its reports gone."""
        self._requeue([self._trial_id(number)])

    def recover(self) -> tuple[int, int]:
        """Settle the slots of a dead owner; return (given back, closed by their result).

        Only the holder of `exclusive` may call this: every RUNNING slot is then an orphan.
        """
        from optuna.trial import TrialState

        orphans, closed = [], 0
        for trial in self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            stored = trial.user_attrs.get(RESULT)
            if stored is None:
                orphans.append(self._trial_id(trial.number))
            else:
                self.finish(trial.number, RunResult.model_validate(stored))
                closed += 1
        self._requeue(orphans)
        return len(orphans), closed

    # The study as a whole

    def seconds_used(self) -> float:
        """Return the wall-clock seconds spent in all sessions so far."""
        return float(self.study.user_attrs.get(SECONDS, 0.0))

    def set_seconds_used(self, seconds: float) -> None:
        """Write the wall-clock seconds spent in all sessions so far."""
        self.study.set_user_attr(SECONDS, seconds)

    def records(self) -> list[Record]:
        """Return every slot, in the order of its number."""
        from pydantic import ValidationError

        with storage_errors(self.folder / DATABASE):
            trials = self.study.get_trials(deepcopy=False)
        try:
            return [self._record(trial) for trial in trials]
        except ValidationError as error:
            raise DataError(
                f"{self.folder / DATABASE} holds a trial that no version of mnist-search wrote: "
                f"{error.errors()[0]['msg']}",
                hint="choose another study",
            ) from error

    def check_room(self) -> None:
        """Check that the disk has room for another trial; raises `ResourceError`."""
        with storage_errors(self.folder):
            check_room(self.folder)

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the study against other writers; the kernel lets go when the process dies.

        Errors of the database and the disk inside become `StorageError`, `ResourceError` or
        `DataError`.
        """
        lock = filelock.FileLock(self.folder / "lock", timeout=0)
        try:
            with storage_errors(self.folder / DATABASE), lock:
                yield
        except filelock.Timeout:
            raise StorageError(
                f"study {self.spec.name} is being written by another process",
                hint="wait for it, stop it, or choose another --study",
            ) from None

    def _trial_id(self, number: int) -> int:
        return self._storage.get_trial_id_from_study_id_trial_number(self._study_id, number)

    def _set(self, number: int, key: str, value: Any) -> None:
        self._storage.set_trial_user_attr(self._trial_id(number), key, value)

    def _requeue(self, trial_ids: Sequence[int]) -> None:
        # Optuna can set a RUNNING trial back to WAITING, but keeps its reports and the pruner's
        # notes, which would then judge the second attempt; all of it in one transaction.
        from sqlalchemy import text

        with self._storage.engine.begin() as connection:
            for trial_id in trial_ids:
                at = {"id": trial_id}
                connection.execute(
                    text("DELETE FROM trial_intermediate_values WHERE trial_id = :id"), at
                )
                connection.execute(
                    text(
                        "DELETE FROM trial_system_attributes"
                        " WHERE trial_id = :id AND key LIKE 'completed_rung_%'"
                    ),
                    at,
                )
                connection.execute(
                    text(
                        "UPDATE trials SET state = 'WAITING', datetime_start = NULL"
                        " WHERE trial_id = :id AND state = 'RUNNING'"
                    ),
                    at,
                )

    def _record(self, trial: FrozenTrial) -> Record:
        attributes = trial.user_attrs
        run = attributes.get(RUN)
        result = attributes.get(RESULT)
        is_search = self.spec.search is not None
        return Record(
            study=self.spec.name,
            number=trial.number,
            kind="trial" if is_search or CONFIRMS in attributes else "reference",
            state=_STATES[trial.state.name],
            reference=attributes.get("reference"),
            values=dict(trial.params) if is_search else None,
            config=None if run is None else RunConfig.model_validate(run["config"]),
            seed=None if run is None else run["seed"],
            result=None if result is None else RunResult.model_validate(result),
            dataset=self.spec.dataset,
            started=_timestamp(trial.datetime_start),
            finished=_timestamp(trial.datetime_complete),
            worker=attributes.get("worker"),
            confirms=attributes.get(CONFIRMS),
        )


_STATES: dict[str, Any] = {
    "WAITING": "waiting",
    "RUNNING": "running",
    "COMPLETE": "complete",
    "PRUNED": "pruned",
    "FAIL": "failed",
}


def create_ledger(
    folder: Path,
    spec: StudySpec,
    *,
    slots: int = 0,
    proposals: Sequence[tuple[str | None, dict[str, Any]]] = (),
) -> Ledger:
    """Create a study with that many waiting slots; it exists as a whole or not at all.

    `proposals` are (reference or None, values): the fixed parameters of the first slots.
    """
    import optuna

    _quiet_optuna()
    target = folder / DATABASE
    draft = folder / f"{DATABASE}.{os.getpid()}.new"
    try:
        with storage_errors(target):
            folder.mkdir(parents=True, exist_ok=True)
            check_room(folder)
            storage = open_storage(draft, create=True)
            study = optuna.create_study(study_name=spec.name, storage=storage, direction="maximize")
            study.set_user_attr(SPEC, spec.model_dump(mode="json"))
            ledger = Ledger(folder, storage, study, spec)
            for reference, values in proposals:
                named = {} if reference is None else {"reference": reference}
                study.enqueue_trial(values, user_attrs=named)
            ledger.add_slots(slots)
            ledger.close()
            _use_write_ahead_log(draft)
            try:
                # A link, not a rename: it fails where another process was quicker.
                os.link(draft, target)
            except FileExistsError:
                raise StorageError(
                    f"study {spec.name} exists already in {folder}", hint="run the command again"
                ) from None
    finally:
        with suppress(OSError):
            for beside in (draft, Path(f"{draft}-journal"), Path(f"{draft}-wal")):
                beside.unlink(missing_ok=True)
    return open_ledger(folder)


def open_ledger(folder: Path) -> Ledger:
    """Open the study in `folder`.

    Raises:
        UsageError: there is none.
        StorageError: it cannot be read, or another version wrote it.
        DataError: it is damaged, or the file of another program.
    """
    import optuna
    from pydantic import ValidationError

    _quiet_optuna()
    path = folder / DATABASE
    if not os.path.lexists(path):
        raise UsageError(f"no study in {folder}", hint="`mnist-search report` lists the studies")
    check_study_file(path)
    try:
        with storage_errors(path):
            storage = open_storage(path)
            names = optuna.get_all_study_names(storage)
            if len(names) != 1:
                raise StorageError(f"{path} holds {len(names)} studies where one was expected")
            study = optuna.load_study(study_name=names[0], storage=storage)
            spec = StudySpec.model_validate(study.user_attrs.get(SPEC))
    except ValidationError as error:
        raise StorageError(
            f"{path} was not written by this version of mnist-search",
            hint="choose another --study",
        ) from error
    except RuntimeError as error:
        # So says Optuna, which never changes a file of another version by itself.
        older = "storage upgrade" in str(error)
        raise StorageError(
            f"{path} has the tables of {'an older' if older else 'another'} version of Optuna",
            hint="`optuna storage upgrade --storage sqlite:///FILE` on a copy of it"
            if older
            else "open it with the newer version, or choose another --study",
        ) from error
    return Ledger(folder, storage, study, spec)


def _use_write_ahead_log(path: Path) -> None:
    # Readers (reports, dashboards) then never block the writer; the mode stays with the file.
    connection = sqlite3.connect(path)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
    finally:
        connection.close()


def _quiet_optuna() -> None:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)


def _timestamp(moment: Any) -> float | None:
    return None if moment is None else float(moment.timestamp())
