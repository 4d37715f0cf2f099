"""The ledger: exactly N trials, nothing lost, nothing twice."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.distributions import IntDistribution
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from mnist_search.analysis.attribution import WalkStep
from mnist_search.engines.samplers import distribution_of
from mnist_search.errors import DataError, StorageError, UsageError
from mnist_search.specs import DatasetRef, Failure, RunConfig, RunResult, Score
from mnist_search.studies import (
    Ledger,
    StudySpec,
    create_ledger,
    ledger_in_memory,
    open_ledger,
    open_search,
)
from mnist_search.studies.artifacts import KEEP, KEPT_TRIALS
from mnist_search.studies.confirming import read_test_use
from mnist_search.studies.explaining import WALK
from mnist_search.studies.folder import DRAFT, JOURNAL
from mnist_search.studies.sessions import sessions_of

DATASET = DatasetRef(name="made-up", digest="0" * 16, train_images=60, test_images=10)


def config_of(ledger: Ledger) -> RunConfig:
    assert ledger.spec.search is not None
    space = ledger.spec.search.space
    return space.config(space.defaults(), epochs=1)


def open_trial(ledger: Ledger, number: int | None = None, **more: Any) -> int:
    """Open a trial at the point of the defaults."""
    assert ledger.spec.search is not None
    space = ledger.spec.search.space
    return ledger.open_trial(
        number,
        config=config_of(ledger),
        seed=1,
        values=space.defaults(),
        distributions={each.name: distribution_of(each) for each in space.parameters},
        **more,
    )


def result(ledger: Ledger, status: str = "complete", correct: int = 9, **more: Any) -> RunResult:
    failed = status == "failed"
    fields = {
        "status": status,
        "config_id": config_of(ledger).config_id,
        "seed": 1,
        "validation": Score(correct=correct, total=10) if status == "complete" else None,
        "reports": () if failed else ((1, correct / 10),),
        "failure": Failure(kind="error", message="boom") if failed else None,
    }
    return RunResult.model_validate(fields | more)


def read_all(folder: Path) -> list[Any]:
    """Read everything that a command may read of a study."""
    with closing(open_ledger(folder)) as ledger:
        return [
            ledger.records(),
            ledger.memos(),
            ledger.first_points(),
            ledger.seconds_used(),
            ledger.revisions(),
            sessions_of(ledger),
            read_test_use(ledger, []),
            ledger.attribute(KEEP, int, KEPT_TRIALS),
            ledger.attribute(WALK, list[WalkStep], []),
        ]


def states(ledger: Ledger) -> list[str]:
    return [record.state for record in ledger.records()]


def stock(ledger: Ledger) -> JournalStorage:
    """Open the file as Optuna's own tools do."""
    return JournalStorage(JournalFileBackend(str(ledger.folder / JOURNAL)))


def write_result(ledger: Ledger, number: int, written: RunResult) -> None:
    """Leave a result without the state, as a process does that dies in between."""
    stock(ledger).set_trial_user_attr(number, "result", written.model_dump(mode="json"))


def test_new_study_has_no_trials_and_its_first_points(tmp_path: Path, spec: StudySpec) -> None:
    first = [("mlp-784", {"units": 16}), (None, {})]
    with closing(create_ledger(tmp_path / "test", spec, first=first)) as ledger:
        assert (ledger.count(), ledger.records()) == (0, [])
        assert ledger.first_points() == first


def test_opened_again_it_is_the_same(ledger: Ledger, spec: StudySpec) -> None:
    open_trial(ledger)
    with closing(open_ledger(ledger.folder)) as again:
        assert again.spec == spec
        assert again.records() == ledger.records()


def test_study_in_memory_is_one_too(spec: StudySpec) -> None:
    ledger = ledger_in_memory(spec)
    ledger.close_trial(open_trial(ledger), result(ledger), worker=0)
    ledger.check_room()
    assert states(ledger) == ["complete"]
    assert ledger.spec == spec


@pytest.mark.parametrize("status", ["complete", "pruned", "failed"])
def test_run_and_result_come_back_whole(ledger: Ledger, status: str) -> None:
    number = open_trial(ledger, reference="mlp-784", memo={"bracket": 2})
    ledger.report(number, 1, 0.5)
    ledger.close_trial(number, result(ledger, status), worker=0)
    (record,) = ledger.records()
    assert ledger.spec.search is not None
    assert record.state == status
    assert record.values == ledger.spec.search.space.defaults()
    assert record.config == config_of(ledger)
    assert record.result == result(ledger, status)
    assert (record.seed, record.worker, record.reference) == (1, 0, "mlp-784")
    assert ledger.memos() == {0: {"bracket": 2}}
    assert record.started is not None
    assert record.finished is not None


def test_numbers_follow_one_another(ledger: Ledger) -> None:
    assert [open_trial(ledger), open_trial(ledger, 1), open_trial(ledger)] == [0, 1, 2]
    with pytest.raises(StorageError, match="trial 1 of study test does not wait"):
        open_trial(ledger, 1)


def test_orphan_without_result_waits_again_with_its_parameters(ledger: Ledger) -> None:
    open_trial(ledger, reference="mlp-784")
    before = ledger.records()[0]
    ledger.report(0, 1, 0.5)
    assert ledger.recover() == (1, 0)
    assert ledger.recover() == (0, 0)
    (record,) = ledger.records()
    assert record.state == "waiting"
    assert (record.values, record.seed, record.reference) == (before.values, 1, "mlp-784")
    assert open_trial(ledger, 0) == 0
    assert states(ledger) == ["running"]


def test_orphan_with_result_is_closed_by_it(ledger: Ledger) -> None:
    open_trial(ledger)
    write_result(ledger, 0, result(ledger))
    assert states(ledger) == ["running"]
    assert ledger.recover() == (0, 1)
    assert states(ledger) == ["complete"]
    assert ledger.study.trials[0].value == 0.9


def test_orphan_of_a_search_with_two_objectives_is_closed_by_both(
    tmp_path: Path, spec: StudySpec
) -> None:
    assert spec.search is not None
    objectives = ("val_accuracy", "parameters")
    search = spec.search.model_copy(update={"objectives": objectives})
    two = spec.model_copy(update={"search": search})
    with closing(create_ledger(tmp_path / "two", two)) as ledger, ledger.exclusive():
        known = [
            result(ledger, parameters=123),
            result(ledger),
            result(ledger, "failed"),
            result(ledger, "pruned"),
        ]
        for each in known:
            write_result(ledger, open_trial(ledger), each)
        assert ledger.recover() == (0, 4)
        assert states(ledger) == ["complete", "failed", "failed", "pruned"]
        assert [trial.values for trial in ledger.study.trials] == [[0.9, 123.0], None, None, None]
        assert {record.objectives for record in ledger.records()} == {objectives}


def test_trial_that_is_given_back_waits(ledger: Ledger) -> None:
    open_trial(ledger)
    ledger.give_back(0)
    assert states(ledger) == ["waiting"]


def test_what_is_over_stays_so(ledger: Ledger) -> None:
    ledger.close_trial(open_trial(ledger), result(ledger), worker=0)
    assert ledger.recover() == (0, 0)
    assert states(ledger) == ["complete"]


def test_second_writer_is_refused_with_a_hint(tmp_path: Path, spec: StudySpec) -> None:
    ledger = create_ledger(tmp_path / "test", spec)
    code = (
        "import sys; from pathlib import Path; from mnist_search.studies import open_ledger\n"
        "from mnist_search.errors import StorageError\n"
        f"ledger = open_ledger(Path({str(ledger.folder)!r}))\n"
        "try:\n"
        "    with ledger.exclusive(): print('held')\n"
        "except StorageError as error: print('refused', error.hint)\n"
    )
    with ledger.exclusive():
        told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert told.stdout.startswith("refused"), told.stderr
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert told.stdout.startswith("held"), told.stderr
    ledger.close()


def test_nobody_writes_without_holding_the_study(tmp_path: Path, spec: StudySpec) -> None:
    with (
        closing(create_ledger(tmp_path / "test", spec)) as ledger,
        pytest.raises(RuntimeError, match="outside of"),
    ):
        ledger.set_seconds_used(1.0)


def test_study_is_created_whole_or_not_at_all(
    tmp_path: Path, spec: StudySpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(KeyboardInterrupt):
        create_ledger(tmp_path / "test", spec)
    assert [path.name for path in (tmp_path / "test").iterdir()] == ["lock"]


def test_draft_that_a_killed_process_left_is_replaced(tmp_path: Path, spec: StudySpec) -> None:
    (tmp_path / "test").mkdir()
    (tmp_path / "test" / DRAFT).write_text("half of it")
    create_ledger(tmp_path / "test", spec).close()
    assert {path.name for path in (tmp_path / "test").iterdir()} == {"lock", JOURNAL}


def test_existing_study_is_never_overwritten(tmp_path: Path, spec: StudySpec) -> None:
    create_ledger(tmp_path / "test", spec).close()
    before = (tmp_path / "test" / JOURNAL).read_bytes()
    with pytest.raises(StorageError, match="exists already"):
        create_ledger(tmp_path / "test", spec)
    assert (tmp_path / "test" / JOURNAL).read_bytes() == before


def test_missing_study_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        open_ledger(tmp_path / "nowhere")


def test_file_is_a_stock_optuna_study(ledger: Ledger) -> None:
    ledger.close_trial(open_trial(ledger), result(ledger), worker=0)
    study = optuna.load_study(study_name="test", storage=stock(ledger))
    (trial,) = study.trials
    assert (trial.value, trial.state.name) == (0.9, "COMPLETE")
    assert trial.params == ledger.records()[0].values


def test_folder_with_braces_and_spaces_works(tmp_path: Path, spec: StudySpec) -> None:
    with closing(create_ledger(tmp_path / "a {b} %20c", spec)) as ledger, ledger.exclusive():
        open_trial(ledger)
        assert states(ledger) == ["running"]


def test_name_is_that_of_the_folder(ledger: Ledger) -> None:
    open_trial(ledger)
    renamed = ledger.folder.rename(ledger.folder.with_name("other"))
    with closing(open_ledger(renamed)) as again:
        assert again.spec.name == "other"
        assert again.records()[0].study == "other"
    renamed.rename(ledger.folder)


def test_data_may_move_between_sessions(tmp_path: Path, spec: StudySpec) -> None:
    folder = tmp_path / "test"
    open_search(folder, spec).close()
    moved = spec.model_copy(
        update={"dataset": DATASET.model_copy(update={"path": "/elsewhere/data.npz"})}
    )
    with closing(open_search(folder, moved)) as ledger:
        assert ledger.spec.dataset.path == "/elsewhere/data.npz"


# What a stranger may have put into a study, whose lines are sound for all that.
CONTENTS: dict[str, dict[str, Any]] = {
    "run null": {"run": None},
    "run of another type": {"run": [1, 2]},
    "run with a key too few": {"run": {"seed": 1}},
    "run with a key too many": {"run": {"config": {}, "seed": 1, "more": 2}},
    "result null": {"result": None},
    "result with a key too many": {"result": {"status": "complete", "more": 1}},
    "unknown status": {"result": {"status": "lost", "config_id": "0", "seed": 1}},
    "time of another type": {"started": "yesterday"},
    "worker of another type": {"worker": {"a": []}},
    "reference of another type": {"reference": 3},
    "confirms nothing": {"confirms": "all"},
    "memo of another type": {"memo": 7},
}


@pytest.mark.parametrize("kind", CONTENTS)
def test_trial_that_no_version_wrote_is_one_line(ledger: Ledger, kind: str) -> None:
    number = open_trial(ledger)
    for key, value in CONTENTS[kind].items():
        stock(ledger).set_trial_user_attr(number, key, value)
    with pytest.raises(DataError) as caught:
        read_all(ledger.folder)
    assert "\n" not in caught.value.message
    assert "trial 0" in caught.value.message


ATTRIBUTES: dict[str, Any] = {
    "spec": {"name": "x"},
    "seconds": "many",
    "first": [{"a": 1}],
    "revisions": {"seeds": "old"},
    "sessions": [{"words": 1}],
    "test_uses": [[1, 2]],
    "keep_models": "few",
    "walk": {"a": "b"},
}


@pytest.mark.parametrize("key", ATTRIBUTES)
def test_attribute_of_the_study_that_no_version_wrote_is_one_line(ledger: Ledger, key: str) -> None:
    ledger.set_attribute(key, ATTRIBUTES[key])
    with pytest.raises(DataError) as caught:
        read_all(ledger.folder)
    assert "\n" not in caught.value.message
    assert key in caught.value.message


def test_values_out_of_their_ranges_are_one_line(ledger: Ledger) -> None:
    assert ledger.spec.search is not None
    space = ledger.spec.search.space
    values = {**space.defaults(), "dense_layers": 99}
    ranges = {each.name: distribution_of(each) for each in space.parameters}
    ranges["dense_layers"] = IntDistribution(1, 100)
    ledger.open_trial(config=config_of(ledger), seed=1, values=values, distributions=ranges)
    with pytest.raises(DataError, match="dense_layers"):
        ledger.records()
