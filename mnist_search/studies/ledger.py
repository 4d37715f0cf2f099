"""The ledger: one Optuna study in one SQLite file, with everything that a trial is and was."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnist_search.analysis.objectives import values_of
from mnist_search.errors import DataError
from mnist_search.specs import Record, RunConfig, RunKey, RunResult, State
from mnist_search.specs.rung import RUNG
from mnist_search.studies.clock import utc_seconds
from mnist_search.studies.objectives import objectives_of
from mnist_search.studies.owner import DATABASE, Possession, hold
from mnist_search.studies.readable import readable_result, readable_run
from mnist_search.studies.spec import StudySpec
from mnist_search.studies.storage import check_room, storage_errors

if TYPE_CHECKING:
    from datetime import datetime

    from optuna.study import Study
    from optuna.trial import FrozenTrial

    from mnist_search.engines.storage import SoleWriterStorage

SPEC, RUN, RESULT, SECONDS, CONFIRMS = "spec", "run", "result", "seconds", "confirms"
# Optuna's own times are local ones without their zone.
STARTED, FINISHED = "started", "finished"


class Ledger:
    """Slots, runs and results of one study.

    A study has as many slots as it was asked for, each WAITING, RUNNING or finished. A run is
    written before it starts, its result before its state changes; a slot whose owner died goes
    back to WAITING with its parameters kept. One process at a time writes (`exclusive`).
    """

    def __init__(
        self, folder: Path, storage: SoleWriterStorage, study: Study, spec: StudySpec
    ) -> None:
        """Take the parts; use `create_ledger` and `open_ledger` of `opening`."""
        self.folder = folder
        self.study = study
        self.spec = spec
        self._storage = storage
        self._study_id = storage.get_study_id_from_name(study.study_name)
        self._possession: Possession | None = None

    def close(self) -> None:
        """Close the connections to the file."""
        with storage_errors(self.folder / DATABASE):
            self._storage.close()

    def take_data_from(self, spec: StudySpec) -> None:
        """Read the data where `spec` found them: the file may have moved since."""
        self.spec = self.spec.model_copy(update={"dataset": spec.dataset})

    # Slots

    def slots(self) -> int:
        """Return the number of slots, whatever their state."""
        return self._storage.get_n_trials(self._study_id)

    def states(self) -> list[State]:
        """Return the state of every slot, in the order of its number."""
        with storage_errors(self.folder / DATABASE):
            trials = self.study.get_trials(deepcopy=False)
        return [_STATES[trial.state.name] for trial in trials]

    def add_slots(self, total: int) -> int:
        """Add waiting slots until there are `total`; return how many were added."""
        added = max(0, total - self.slots())
        self._storage.add_waiting(self._study_id, added)
        return added

    def add_run(
        self, config: RunConfig, *, seed: int, reference: str | None, confirms: int | None = None
    ) -> None:
        """Add a waiting slot that holds a whole run of a reference, or confirms a trial."""
        run = {"config": config.model_dump(mode="json"), "seed": seed}
        about = {"reference": reference, CONFIRMS: confirms}
        known = {key: value for key, value in about.items() if value is not None}
        attributes = {RUN: run, **readable_run(config), **known}
        self.study.enqueue_trial({}, user_attrs=attributes)

    def claim_run(self, wanted: Container[RunKey]) -> Record | None:
        """Claim the first waiting slot that holds a wanted run; None when none waits."""
        from optuna.trial import TrialState

        for trial in self.study.get_trials(deepcopy=False, states=(TrialState.WAITING,)):
            record = self._record(trial)
            if record.run_key in wanted and self._storage.set_trial_state_values(
                self._trial_id(trial.number), TrialState.RUNNING
            ):
                self._set(trial.number, {STARTED: utc_seconds()})
                return record
        return None

    # A run's life

    def begin(self, number: int, config: RunConfig, *, seed: int) -> None:
        """Write what a claimed slot is about to run."""
        self.check_possession()
        run = {"config": config.model_dump(mode="json"), "seed": seed}
        self._set(number, {STARTED: utc_seconds(), RUN: run, **readable_run(config)})

    def record(self, number: int, result: RunResult, *, worker: int | None) -> None:
        """Write a result; the slot's state is changed afterwards, by engine or `finish`."""
        self.check_possession()
        about = readable_result(result) | ({} if worker is None else {"worker": worker})
        written = {FINISHED: utc_seconds(), RESULT: result.model_dump(mode="json")}
        self._set(number, about | written)

    def finish(self, number: int, result: RunResult) -> None:
        """Close a slot as its result says."""
        from optuna.trial import TrialState

        objectives = objectives_of(self.spec)
        values = values_of(result, objectives)
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

    def release(self, number: int) -> None:
        """Give a running slot back: WAITING again, its parameters kept, its reports gone."""
        self._storage.give_back([self._trial_id(number)])

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
        self._storage.give_back(orphans)
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
        with (
            storage_errors(self.folder / DATABASE),
            hold(self.folder, study=self.spec.name) as self._possession,
        ):
            try:
                yield
            finally:
                self._possession = None

    def check_possession(self) -> None:
        """Check that what `exclusive` gave is still ours; raises `StorageError`."""
        # Whoever writes without it, as tests do, has nothing to lose.
        if self._possession is not None:
            self._possession.check()

    def _trial_id(self, number: int) -> int:
        return self._storage.get_trial_id_from_study_id_trial_number(self._study_id, number)

    def _set(self, number: int, attributes: Mapping[str, Any]) -> None:
        self._storage.set_trial_user_attrs(self._trial_id(number), attributes)

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
            started=_moment(attributes.get(STARTED), trial.datetime_start),
            finished=_moment(attributes.get(FINISHED), trial.datetime_complete),
            worker=attributes.get("worker"),
            confirms=attributes.get(CONFIRMS),
            rung=attributes.get(RUNG),
            objectives=objectives_of(self.spec),
        )


_STATES: dict[str, State] = {
    "WAITING": "waiting",
    "RUNNING": "running",
    "COMPLETE": "complete",
    "PRUNED": "pruned",
    "FAIL": "failed",
}


def _moment(written: float | None, local: datetime | None) -> float | None:
    """Return when something happened: as we wrote it, or as Optuna did where we did not."""
    if local is None:
        # An earlier attempt may have left its times behind.
        return None
    return local.timestamp() if written is None else written
