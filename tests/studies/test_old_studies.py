"""Studies of version 0.1, made by its own code: a search, references, and a search that was killed.

Beside each dump lie the rows that `report -f json` of version 0.1 gave for it.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from mnist_search.cli import execute
from mnist_search.errors import DataError, MnistSearchError, UsageError
from mnist_search.studies import StudySpec, open_ledger, open_search, read_records
from mnist_search.studies.folder import DATABASE, DRAFT, JOURNAL
from mnist_search.studies.spec import REVISIONS

DUMPS = Path(__file__).with_name("version_0_1")
NAMES = ("search", "bench", "killed")
GO_ON = {
    "search": "run --space mlp --with-references",
    # The space `cnn` has changed since; the study has its own.
    "killed": "run --resume --pruner none --with-references",
    "bench": "bench logistic mlp-784 cnn-simple",
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a home with the three studies, whose trainer is the one that they were made with."""
    monkeypatch.setenv("MNIST_SEARCH_TRAINER", "tests.support.fake:inline")
    for name in NAMES:
        (tmp_path / name).mkdir()
        with closing(sqlite3.connect(tmp_path / name / DATABASE)) as connection:
            connection.executescript((DUMPS / f"{name}.sql").read_text())
    return tmp_path


@pytest.fixture
def rows(home: Path, capsys: pytest.CaptureFixture[str]) -> Callable[[str], list[dict[str, Any]]]:
    def report(name: str) -> list[dict[str, Any]]:
        capsys.readouterr()
        assert execute(["report", name, "--home", str(home), "-f", "json"]) == 0
        found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["rows"]
        return [row for row in found if row["status"] != "published"]

    return report


def go_on(home: Path, name: str, *more: str) -> int:
    words = f"{GO_ON[name]} --study {name} --dataset digits --workers 2 -q --home {home}"
    return execute([*words.split(), *more])


@pytest.mark.parametrize("name", NAMES)
def test_reports_as_it_did_and_is_not_touched(
    home: Path, rows: Callable[[str], list[dict[str, Any]]], name: str
) -> None:
    before = (home / name / DATABASE).read_bytes()
    expected = json.loads((DUMPS / f"{name}.json").read_text())
    found = [{key: row[key] for key in expected[0]} for row in rows(name)]
    assert found == expected
    assert (home / name / DATABASE).read_bytes() == before
    assert [path.name for path in (home / name).iterdir()] == [DATABASE]


@pytest.mark.parametrize(("name", "trials"), [("search", 10), ("killed", 9)])
def test_search_goes_on_to_exactly_n(
    home: Path, rows: Callable[[str], list[dict[str, Any]]], name: str, trials: int
) -> None:
    before = {record.number: record for record in read_records(home, [name])}
    database = (home / name / DATABASE).read_bytes()
    assert go_on(home, name, "-n", str(trials)) == 0
    after = read_records(home, [name])
    assert [record.number for record in after] == list(range(trials))
    assert {record.state for record in after} <= {"complete", "pruned"}
    for record in after:
        was = before.get(record.number)
        if was is not None and was.result is not None:
            assert record.result == was.result
        elif was is not None and was.config is not None:
            # It was interrupted, and ran again with what it had.
            assert (record.values, record.seed) == (was.values, was.seed)
    assert len(rows(name)) >= trials
    assert (home / name / JOURNAL).exists()
    assert (home / name / DATABASE).read_bytes() == database


def test_references_that_are_there_are_not_trained_again(home: Path) -> None:
    before = read_records(home, ["bench"])
    assert go_on(home, "bench", "--repeats", "2") == 0
    after = read_records(home, ["bench"])
    assert after[: len(before)] == before
    names = Counter(record.reference for record in after)
    assert names == {"logistic": 2, "mlp-784": 2, "cnn-simple": 2}


def test_going_on_says_once_that_the_rules_were_others(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = f"{GO_ON['killed']} --study killed --dataset digits --home {home}".split()
    said = []
    for trials in ("7", "8"):
        assert execute([*words, "-n", trials]) == 0
        said.append("under other rules" in capsys.readouterr().err)
    assert said == [True, False]
    with closing(open_ledger(home / "killed")) as ledger:
        assert ledger.revisions() == REVISIONS


def test_first_points_that_have_not_run_come_next(home: Path) -> None:
    path = home / "killed" / DATABASE
    with closing(sqlite3.connect(path)) as connection:
        # As after a kill before the fifth trial, whose values were given.
        for table in ("trial_params", "trial_user_attributes", "trial_intermediate_values"):
            connection.execute(
                f"DELETE FROM {table} WHERE trial_id IN (SELECT trial_id FROM trials"
                " WHERE number > 3) AND 1" + (" AND key != 'reference'" if "user" in table else "")
            )
        connection.execute("UPDATE trials SET state = 'WAITING' WHERE number > 3")
        connection.commit()
        (fixed,) = connection.execute(
            "SELECT value_json FROM trial_system_attributes JOIN trials USING (trial_id)"
            " WHERE number = 4 AND key = 'fixed_params'"
        ).fetchone()
    assert go_on(home, "killed", "-n", "6") == 0
    records = read_records(home, ["killed"])
    assert len(records) == 6
    assert records[4].values == json.loads(fixed)
    assert records[4].reference == "cnn-bn-dropout"


def test_crash_while_it_is_copied_leaves_it_as_it_was(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = read_records(home, ["killed"])

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, closing(open_ledger(home / "killed")) as ledger:
        patch.setattr(Path, "rename", fail)
        with pytest.raises(KeyboardInterrupt), ledger.exclusive():
            pass
    (home / "killed" / DRAFT).write_text("half of a copy that a killed process left")
    assert read_records(home, ["killed"]) == before
    assert go_on(home, "killed", "-n", "9") == 0
    assert len(read_records(home, ["killed"])) == 9
    assert not (home / "killed" / DRAFT).exists()


def test_who_opened_it_before_another_copied_it_goes_on_with_the_copy(home: Path) -> None:
    with closing(open_ledger(home / "killed")) as late:
        assert go_on(home, "killed", "-n", "9") == 0
        with late.exclusive():
            assert late.count() == 9
            assert late.recover() == (0, 0)


def change_spec(path: Path, **changes: object) -> None:
    with closing(sqlite3.connect(path)) as connection:
        (text,) = connection.execute(
            "SELECT value_json FROM study_user_attributes WHERE key = 'spec'"
        ).fetchone()
        spec = json.loads(text)
        spec["search"].update(changes)
        connection.execute(
            "UPDATE study_user_attributes SET value_json = ? WHERE key = 'spec'",
            (json.dumps(spec),),
        )
        connection.commit()


@pytest.mark.parametrize(("engine", "sampler"), [("optuna", "cmaes"), ("keras-tuner", "hyperband")])
def test_search_with_what_is_gone_is_reported_but_does_not_go_on(
    home: Path, rows: Callable[[str], list[dict[str, Any]]], engine: str, sampler: str
) -> None:
    change_spec(home / "search" / DATABASE, engine=engine, sampler=sampler)
    assert len(rows("search")) == 8
    with closing(open_ledger(home / "search")) as ledger:
        spec: StudySpec = ledger.spec
    with pytest.raises(UsageError, match=f"sampler {sampler}") as caught:
        open_search(home / "search", spec)
    assert "can be reported" in str(caught.value.hint)
    assert not (home / "search" / JOURNAL).exists()


def test_results_lose_what_only_the_older_version_knew(home: Path) -> None:
    with closing(sqlite3.connect(home / "search" / DATABASE)) as connection:
        connection.execute(
            "UPDATE trial_user_attributes SET value_json = json_set(value_json,"
            " '$.checkpoint_sha256', 'ab', '$.restarted', 'why', '$.initial_epoch', 3)"
            " WHERE key = 'result'"
        )
        connection.execute(
            "INSERT INTO trial_user_attributes (trial_id, key, value_json) VALUES (1, 'rung', '{}')"
        )
        connection.commit()
    assert len(read_records(home, ["search"])) == 8


def sql(statement: str) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(statement)

    return change


SET_RUN = "UPDATE trial_user_attributes SET value_json = {} WHERE key = 'run'"
SET_RESULT = "UPDATE trial_user_attributes SET value_json = {} WHERE key = 'result'"
DAMAGES: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "a text": lambda path: path.write_text("no database\n" * 9),
    "half of it": lambda path: os.truncate(path, path.stat().st_size // 2),
    "its last byte gone": lambda path: os.truncate(path, path.stat().st_size - 1),
    "a view in place of a table": sql(
        "ALTER TABLE trial_params RENAME TO hidden; CREATE VIEW trial_params AS "
        "SELECT * FROM hidden"
    ),
    "a trigger": sql("CREATE TRIGGER t AFTER UPDATE ON trials BEGIN DELETE FROM trial_values; END"),
    "a table gone": sql("DROP TABLE trial_intermediate_values"),
    "another program's": lambda path: (path.unlink(), sql("CREATE TABLE a (b TEXT)")(path)),
    "unknown state": sql("UPDATE trials SET state = 'LOST' WHERE number = 1"),
    "bad date": sql("UPDATE trials SET datetime_start = 'yesterday'"),
    "index out of range": sql(
        "UPDATE trial_params SET param_value = 99 WHERE param_name = 'optimizer'"
    ),
    "range of another type": sql("UPDATE trial_params SET distribution_json = '[]'"),
    "range null": sql("UPDATE trial_params SET distribution_json = 'null'"),
    "no JSON": sql("UPDATE trial_user_attributes SET value_json = '{'"),
    "deeply nested": sql(SET_RUN.format("'" + "[" * 100_000 + "'")),
    "run null": sql(SET_RUN.format("'null'")),
    "run of another type": sql(SET_RUN.format("'7'")),
    "run with a key too many": sql(SET_RUN.format("json_set(value_json, '$.more', 1)")),
    "result with a key too many": sql(SET_RESULT.format("json_set(value_json, '$.more', 1)")),
    "result with a key too few": sql(SET_RESULT.format("json_remove(value_json, '$.status')")),
    "infinity": sql(SET_RESULT.format("replace(value_json, '0.', '1e999')")),
    "result gone": sql("DELETE FROM trial_user_attributes WHERE key = 'result'"),
    "spec gone": sql("DELETE FROM study_user_attributes WHERE key = 'spec'"),
    "spec of another type": sql(
        "UPDATE study_user_attributes SET value_json = '[]' WHERE key = 'spec'"
    ),
    "two studies": sql("INSERT INTO studies (study_id, study_name) VALUES (2, 'other')"),
    "no study": sql("DELETE FROM studies"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_one_line_and_nothing_is_changed(home: Path, damage: str) -> None:
    path = home / "search" / DATABASE
    DAMAGES[damage](path)
    before = path.read_bytes()
    with pytest.raises(DataError) as caught:
        read_records(home, ["search"])
    assert "\n" not in caught.value.message
    assert "study.db" in caught.value.message
    with (
        pytest.raises(DataError),
        closing(open_ledger(home / "search")) as ledger,
        ledger.exclusive(),
    ):
        pytest.fail("it was opened")
    assert path.read_bytes() == before
    assert not (home / "search" / JOURNAL).exists()


@pytest.mark.parametrize("version", ["v99.0.0.a", "v3.0.0.a"])
def test_file_of_another_version_of_optuna_is_told_so(home: Path, version: str) -> None:
    sql(f"UPDATE alembic_version SET version_num = '{version}'")(home / "search" / DATABASE)
    with pytest.raises(MnistSearchError, match="version of Optuna") as caught:
        read_records(home, ["search"])
    assert caught.value.exit_code == 4


def test_write_ahead_log_of_a_dead_writer_is_read(home: Path, tmp_path: Path) -> None:
    path = home / "search" / DATABASE
    with closing(sqlite3.connect(path)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("UPDATE trials SET state = 'RUNNING' WHERE number = 3")
        writer.commit()
        kept = {name: (home / "search" / name).read_bytes() for name in (DATABASE, "study.db-wal")}
    for name, content in kept.items():
        (home / "search" / name).write_bytes(content)
    assert [record.state for record in read_records(home, ["search"])][3] == "running"
