"""The storage of the one process that writes: quick, and yet the file counts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import optuna
import pytest
from mnist_search.engines.storage import SoleWriterStorage
from mnist_search.studies.opening import use_write_ahead_log
from mnist_search.studies.storage import open_storage
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import TrialState

from mnist_search.engines import _tables


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "study.db"
    with closing(SoleWriterStorage(open_storage(path, create=True))) as storage:
        optuna.create_study(storage=storage, study_name="s", direction="maximize")
    use_write_ahead_log(path)
    return path


@pytest.fixture
def storage(path: Path) -> Iterator[SoleWriterStorage]:
    with closing(SoleWriterStorage(open_storage(path))) as storage:
        yield storage


def load(storage: SoleWriterStorage) -> optuna.Study:
    return optuna.load_study(study_name="s", storage=storage)


def in_the_file(path: Path) -> list[optuna.trial.FrozenTrial]:
    """Return what a stranger with a stock Optuna sees."""
    backend = open_storage(path)
    try:
        return backend.get_all_trials(1)
    finally:
        backend.remove_session()
        backend.engine.dispose()


def test_trials_are_read_once_however_many_there_are(
    storage: SoleWriterStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = load(storage)
    storage.add_waiting(1, 12)
    assert len(study.get_trials(deepcopy=False)) == 12
    reads = []
    inner = _tables.read_trials
    monkeypatch.setattr(_tables, "read_trials", lambda *a: (reads.append(1), inner(*a))[1])
    for number in range(12):
        trial = study.ask()
        trial.suggest_float("x", 0, 1)
        trial.set_user_attr("note", number)
        study.set_user_attr("seconds", number)
        trial.report(0.5, 1)
        study.tell(trial, number)
    assert [trial.value for trial in study.trials] == list(range(12))
    assert reads == []
    storage._forget()
    assert len(study.trials) == 12
    assert reads == [1]


def test_what_others_write_is_seen(path: Path, storage: SoleWriterStorage) -> None:
    study = load(storage)
    storage.add_waiting(1, 2)
    assert len(study.trials) == 2
    other = optuna.load_study(study_name="s", storage=f"sqlite:///{path}")
    other.enqueue_trial({"x": 0.25})
    other.tell(other.ask(), 0.5)
    assert [trial.state.name for trial in study.trials] == ["COMPLETE", "WAITING", "WAITING"]
    assert study.trials[2].system_attrs == {"fixed_params": {"x": 0.25}}


def test_values_are_in_the_file_as_soon_as_a_run_begins(
    path: Path, storage: SoleWriterStorage
) -> None:
    study = load(storage)
    storage.add_waiting(1, 1)
    trial = study.ask()
    trial.suggest_float("x", 0, 1)
    trial.suggest_categorical("y", ["a", "b"])
    trial.set_constraint("size", -0.5)
    assert in_the_file(path)[0].state == TrialState.RUNNING
    assert in_the_file(path)[0].params == {}
    trial.set_user_attr("run", {"seed": 1})
    (seen,) = in_the_file(path)
    assert (seen.params, seen.constraints) == (trial.params, {"size": -0.5})
    assert list(seen.params) == ["x", "y"]


def test_memory_is_what_is_in_the_file(path: Path, storage: SoleWriterStorage) -> None:
    study = load(storage)
    storage.add_waiting(1, 4)
    for value in (0.5, None, float("inf")):
        trial = study.ask()
        trial.suggest_int("n", 1, 9)
        trial.report(float("nan") if value is None else 0.25, 3)
        storage.set_trial_user_attrs(trial._trial_id, {"a": (1, 2), "b": None})
        study.tell(trial, value, state=TrialState.FAIL if value is None else None)
    study.enqueue_trial({"n": 4}, user_attrs={"note": "é"})
    assert str(storage.get_all_trials(1)) == str(in_the_file(path))
    # ... and so it is when read anew
    storage._forget()
    assert str(storage.get_all_trials(1)) == str(in_the_file(path))


def test_values_of_two_objectives_are_read_in_their_order(tmp_path: Path) -> None:
    path = tmp_path / "study.db"
    with closing(SoleWriterStorage(open_storage(path, create=True))) as storage:
        directions = ["maximize", "minimize"]
        study = optuna.create_study(storage=storage, study_name="s", directions=directions)
        for number in range(3):
            trial = study.ask()
            trial.suggest_categorical("c", ["a", None, 2])
            study.tell(trial, (number, -number))
        storage._forget()
        assert [trial.values for trial in study.trials] == [[n, -n] for n in range(3)]
        assert study.trials == in_the_file(path)
        with pytest.raises(KeyError):
            storage.get_all_trials(7)


def test_finished_trials_stay_as_they_are(path: Path, storage: SoleWriterStorage) -> None:
    study = load(storage)
    storage.add_waiting(1, 1)
    trial = study.ask()
    other = optuna.load_study(study_name="s", storage=f"sqlite:///{path}")
    other.tell(0, 0.75)
    with pytest.raises(UpdateFinishedTrialError):
        storage.set_trial_state_values(trial._trial_id, TrialState.COMPLETE, [0.1])
    assert study.trials[0].value == 0.75


def test_after_a_failed_write_the_file_counts(
    path: Path, storage: SoleWriterStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = load(storage)
    storage.add_waiting(1, 1)
    trial = study.ask()
    trial.suggest_float("x", 0, 1)
    monkeypatch.setattr(storage._backend.engine, "begin", None)
    with pytest.raises(TypeError):
        trial.set_user_attr("run", 1)
    monkeypatch.undo()
    (seen,) = study.trials
    assert (seen.params, seen.user_attrs) == ({}, {})
    assert str([seen]) == str(in_the_file(path))


def test_given_back_trials_wait_with_their_values_only(storage: SoleWriterStorage) -> None:
    study = load(storage)
    storage.add_waiting(1, 2)
    study.pruner = optuna.pruners.SuccessiveHalvingPruner(min_resource=1)
    trial = study.ask()
    trial.suggest_float("x", 0, 1)
    trial.report(0.5, 1)
    trial.should_prune()
    assert any(key.startswith("completed_rung") for key in study.trials[0].system_attrs)
    storage.give_back([trial._trial_id])
    (seen, _) = study.trials
    assert (seen.state, seen.params) == (TrialState.WAITING, trial.params)
    assert (seen.intermediate_values, seen.system_attrs, seen.datetime_start) == ({}, {}, None)
