"""The ledger: exactly N slots, nothing lost, nothing twice."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from mnist_search.engines import create_engine
from mnist_search.errors import DataError, StorageError, UsageError
from mnist_search.spaces import find_space
from mnist_search.specs import (
    Adam,
    DatasetRef,
    Dense,
    Failure,
    Flatten,
    Network,
    RunConfig,
    RunResult,
    Score,
    Training,
)
from mnist_search.studies import (
    Ledger,
    SearchSpec,
    StudySpec,
    create_ledger,
    open_ledger,
    open_search,
)

DATASET = DatasetRef(name="made-up", digest="0" * 16, train_images=60, test_images=10)
CONFIG = RunConfig(
    model=Network(layers=(Flatten(), Dense(units=8))),
    training=Training(optimizer=Adam(), batch_size=8, epochs=1),
)


def result(status: str = "complete", correct: int = 9) -> RunResult:
    failed = status == "failed"
    return RunResult(
        status=status,
        config_id=CONFIG.config_id,
        seed=1,
        validation=Score(correct=correct, total=10) if status == "complete" else None,
        reports=() if failed else ((1, correct / 10),),
        failure=Failure(kind="error", message="boom") if failed else None,
    )


@pytest.fixture
def spec(space_file: Path) -> StudySpec:
    search = SearchSpec(
        space=find_space(str(space_file)), sampler="random", pruner="none", epochs=1, seed=0
    )
    return StudySpec(name="test", dataset=DATASET, search=search)


@pytest.fixture
def ledger(tmp_path: Path, spec: StudySpec) -> Ledger:
    return create_ledger(tmp_path / "test", spec, slots=3)


def engine_of(ledger: Ledger):  # type: ignore[no-untyped-def]
    search = ledger.spec.search
    assert search is not None
    return create_engine(
        ledger.study, search.space, sampler="random", pruner="halving", seed=0, epochs=1
    )


def states(ledger: Ledger) -> list[str]:
    return [record.state for record in ledger.records()]


def test_new_study_has_its_waiting_slots(ledger: Ledger) -> None:
    assert states(ledger) == ["waiting"] * 3


def test_slots_are_added_up_to_a_total_only(ledger: Ledger) -> None:
    assert ledger.add_slots(5) == 2
    assert ledger.add_slots(5) == 0
    assert ledger.add_slots(2) == 0
    assert len(states(ledger)) == 5


def test_opened_again_it_is_the_same(ledger: Ledger, spec: StudySpec) -> None:
    ledger.close()
    with closing(open_ledger(ledger.folder)) as again:
        assert again.spec == spec
        assert states(again) == ["waiting"] * 3


@pytest.mark.parametrize("status", ["complete", "pruned", "failed"])
def test_run_and_result_come_back_whole(ledger: Ledger, status: str) -> None:
    engine = engine_of(ledger)
    proposal = engine.ask()
    ledger.begin(proposal.number, CONFIG, seed=1)
    ledger.record(proposal.number, result(status), worker=0)
    ledger.finish(proposal.number, result(status))
    record = ledger.records()[0]
    assert record.state == status
    assert record.values == proposal.values
    assert record.config == CONFIG
    assert record.result == result(status)
    assert (record.seed, record.worker) == (1, 0)


def test_orphan_without_result_waits_again_with_its_parameters(ledger: Ledger) -> None:
    engine = engine_of(ledger)
    proposal = engine.ask()
    ledger.begin(proposal.number, CONFIG, seed=1)
    engine.report(proposal, 1, 0.5)
    assert ledger.recover() == (1, 0)
    assert states(ledger) == ["waiting"] * 3
    again = engine_of(ledger).ask()
    assert again == proposal
    trial = ledger.study.trials[0]
    assert trial.intermediate_values == {}
    assert not [key for key in trial.system_attrs if key.startswith("completed_rung")]


def test_orphan_with_result_is_closed_by_it(ledger: Ledger) -> None:
    proposal = engine_of(ledger).ask()
    ledger.begin(proposal.number, CONFIG, seed=1)
    ledger.record(proposal.number, result(), worker=0)
    assert ledger.recover() == (0, 1)
    assert states(ledger) == ["complete", "waiting", "waiting"]
    assert ledger.study.trials[0].value == 0.9


def test_orphan_of_a_search_with_two_objectives_is_closed_by_both(
    tmp_path: Path, spec: StudySpec
) -> None:
    assert spec.search is not None
    objectives = ("val_accuracy", "parameters")
    search = spec.search.model_copy(update={"objectives": objectives})
    two = spec.model_copy(update={"search": search})
    with closing(create_ledger(tmp_path / "two", two, slots=4)) as ledger:
        known = [
            result().model_copy(update={"parameters": 123}),
            result(),
            result("failed"),
            result("pruned"),
        ]
        for number, each in enumerate(known):
            ledger.study.ask()
            ledger.begin(number, CONFIG, seed=1)
            ledger.record(number, each, worker=0)
        assert ledger.recover() == (0, 4)
        assert states(ledger) == ["complete", "failed", "failed", "pruned"]
        assert [trial.values for trial in ledger.study.trials] == [[0.9, 123.0], None, None, None]
        assert {record.objectives for record in ledger.records()} == {objectives}


def test_recovery_leaves_finished_trials_alone(ledger: Ledger) -> None:
    engine = engine_of(ledger)
    proposal = engine.ask()
    ledger.record(proposal.number, result(), worker=0)
    engine.tell(proposal, 0.9)
    assert ledger.recover() == (0, 0)
    assert states(ledger)[0] == "complete"


def test_released_slot_waits_again(ledger: Ledger) -> None:
    proposal = engine_of(ledger).ask()
    ledger.release(proposal.number)
    assert states(ledger) == ["waiting"] * 3


def test_runs_of_references_are_claimed_once_and_in_order(tmp_path: Path) -> None:
    spec = StudySpec(name="bench", dataset=DATASET)
    ledger = create_ledger(tmp_path / "bench", spec)
    keys = [(CONFIG.config_id, seed) for seed in range(3)]
    for _, seed in keys:
        ledger.add_run(CONFIG, seed=seed, reference="some")
    claimed = [ledger.claim_run(keys[1:]) for _ in range(3)]
    assert [record and record.seed for record in claimed] == [1, 2, None]
    assert states(ledger) == ["waiting", "running", "running"]


def test_second_writer_is_refused_with_a_hint(ledger: Ledger) -> None:
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


def test_study_is_created_whole_or_not_at_all(
    tmp_path: Path, spec: StudySpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Ledger, "add_slots", fail)
    with pytest.raises(KeyboardInterrupt):
        create_ledger(tmp_path / "test", spec, slots=3)
    assert list((tmp_path / "test").glob("study.db*")) == []


def test_existing_study_is_never_overwritten(ledger: Ledger, spec: StudySpec) -> None:
    with pytest.raises(StorageError, match="exists already"):
        create_ledger(ledger.folder, spec, slots=1)
    assert len(states(ledger)) == 3


def test_damaged_and_foreign_files_are_refused_in_one_line(tmp_path: Path) -> None:
    folder = tmp_path / "bad"
    folder.mkdir()
    (folder / "study.db").write_bytes(b"no database at all" * 500)
    with pytest.raises(DataError) as caught:
        open_ledger(folder)
    assert "\n" not in caught.value.message


def test_missing_study_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        open_ledger(tmp_path / "nowhere")


def test_file_is_a_stock_optuna_study(ledger: Ledger) -> None:
    import optuna

    ledger.close()
    study = optuna.load_study(study_name="test", storage=f"sqlite:///{ledger.folder / 'study.db'}")
    assert len(study.trials) == 3
    with closing(sqlite3.connect(ledger.folder / "study.db")) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_folder_with_braces_and_spaces_works(tmp_path: Path, spec: StudySpec) -> None:
    with closing(create_ledger(tmp_path / "a {b} %20c", spec, slots=2)) as ledger:
        assert states(ledger) == ["waiting"] * 2


def test_data_may_move_between_sessions(tmp_path: Path, spec: StudySpec) -> None:
    folder = tmp_path / "moved"
    open_search(folder, spec, slots=1).close()
    moved = spec.model_copy(
        update={"dataset": DATASET.model_copy(update={"path": "/elsewhere/data.npz"})}
    )
    with closing(open_search(folder, moved, slots=1)) as ledger:
        assert ledger.spec.dataset.path == "/elsewhere/data.npz"
