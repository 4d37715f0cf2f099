"""`doctor`: what is found, what is wrong, and what to do about it."""

from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path

import pytest

from mnist_search.cli import _checkup, _import_probe, _machine_checks, execute
from mnist_search.cli._finding import Finding

EXPECTED = {
    "python", "tensorflow", "keras", "optuna", "keras-tuner", "rich", "typer", "numpy", "cores",
    "load", "memory", "processor", "home", "disk", "sqlite", "chromium", "data",
}  # fmt: skip


def test_every_line_has_a_status_and_each_worry_a_hint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("MNIST_SEARCH_DATA", raising=False)
    home = tmp_path / "runs"
    assert execute(["doctor", "--quick", "--home", str(home), "-f", "json"]) == 0
    shown = capfd.readouterr()
    assert shown.err == ""
    rows = {row["check"]: row for row in json.loads(shown.out)["rows"]}
    assert set(rows) >= EXPECTED
    assert {row["status"] for row in rows.values()} <= {"ok", "warn"}
    assert all((row["status"] == "ok") == (row["hint"] is None) for row in rows.values())
    assert rows["disk"]["free_bytes"] > 0
    assert rows["sqlite"]["journal_mode"] == "wal"
    assert not home.exists()
    assert execute(["doctor", "--quick", "--home", str(home)]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert len(lines) == len(rows)
    assert all(line.split()[0] in ("ok", "warn") for line in lines)


def test_a_failure_is_exit_code_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MNIST_SEARCH_DATA", str(tmp_path / "nowhere.npz"))
    assert execute(["doctor", "--quick", "--home", str(tmp_path), "-f", "json"]) == 2
    (row,) = [r for r in json.loads(capfd.readouterr().out)["rows"] if r["check"] == "data"]
    assert (row["status"], row["hint"]) == ("fail", "correct or unset MNIST_SEARCH_DATA")


@pytest.mark.parametrize("value", ["0", "false", "False"])
def test_a_switch_that_makes_training_slow_is_told(value: str) -> None:
    here = _machine_checks.check_processor({}).status
    found = _machine_checks.check_processor({"TF_ENABLE_ONEDNN_OPTS": value})
    assert found.status == "warn"
    assert here == "warn" or "TF_ENABLE_ONEDNN_OPTS" in str(found.hint)
    assert _machine_checks.check_processor({"TF_ENABLE_ONEDNN_OPTS": "1"}).status == here


def test_packages_are_judged_by_what_was_asked_for() -> None:
    needed = {"keras": "<3.16,>=3.15", "numpy": ">=2.0"}
    here = {"keras": "3.16.0", "numpy": "2.4.1"}
    keras, numpy, optuna = _checkup.check_packages(["keras", "numpy", "optuna"], here.get, needed)
    assert (keras.status, keras.hint) == ("warn", "mnist-search was made for keras <3.16,>=3.15")
    assert numpy.status == "ok"
    assert (optuna.status, optuna.found) == ("fail", "not installed")


@pytest.mark.parametrize(
    ("version", "wanted", "good"),
    [
        ("2.21.0", "<2.22,>=2.21", True),
        ("2.22", "<2.22,>=2.21", False),
        ("2.22.0rc1", "<2.22,>=2.21", False),
        ("5", ">=5.0", True),
        ("4.9.9", ">=5.0,<6", False),
        ("3.1+local7", "==3.1", True),
        ("7", "", True),
    ],
)
def test_versions_keep_to_their_bounds(version: str, wanted: str, good: bool) -> None:
    assert _checkup.fits(version, wanted) == good


def test_python_that_tensorflow_does_not_know_fails() -> None:
    assert _checkup.check_python((3, 12, 1)).status == "ok"
    assert _checkup.check_python((3, 14, 0)).status == "fail"
    assert _checkup.check_python((3, 10, 9)).status == "fail"


def test_thread_settings_of_the_caller_are_told() -> None:
    found = _machine_checks.check_cores({"OMP_NUM_THREADS": "4"})
    assert found.status == "warn"
    assert "OMP_NUM_THREADS" in str(found.hint)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_home_that_cannot_be_written_fails(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        assert _machine_checks.check_home(tmp_path / "runs").status == "fail"
    finally:
        tmp_path.chmod(0o700)


def test_a_file_in_the_place_of_the_home_fails(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("")
    found = _machine_checks.check_home(tmp_path / "runs")
    assert found.status == "fail"
    assert "not a folder" in found.found


@pytest.mark.parametrize("trouble", ["refused", "broken"])
def test_a_disk_without_a_write_ahead_log_is_told(
    trouble: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def attempt(path: Path) -> str:
        if trouble == "broken":
            raise sqlite3.OperationalError("disk I/O error")
        return "delete"

    monkeypatch.setattr(_machine_checks, "_try_write_ahead_log", attempt)
    found = _machine_checks.check_sqlite(tmp_path)
    assert found.status == ("fail" if trouble == "broken" else "warn")
    assert found.hint is not None


def probe(program: str, patience: float = 60) -> Finding:
    with _import_probe.import_probe(os.environ, program) as process:
        found = _import_probe.await_probe(process, patience)[0]
    assert process.returncode is not None
    return found


def test_what_the_import_says_last_is_its_result() -> None:
    found = probe(
        "print('noise');"
        'print(\'{"import_seconds": 2.5, "peak_memory_bytes": 2097152, "gpus": []}\')'
    )
    assert (found.status, found.found) == ("ok", "works; imported in 2.50 s, 2 MiB of memory")


@pytest.mark.parametrize(
    ("program", "told"),
    [
        ("import no_such_module_of_ours", "No module named 'no_such_module_of_ours'"),
        ("import os; os.abort()", "ended by signal 6"),
        ("raise SystemExit(3)", "exit code 3 and no word"),
    ],
)
def test_an_import_that_fails_is_one_line(program: str, told: str) -> None:
    found = probe(program)
    assert found.status == "fail"
    assert told in found.found
    assert "\n" not in found.found


def test_an_import_that_hangs_is_given_up() -> None:
    found = probe("import time; time.sleep(600)", patience=0.2)
    assert (found.status, found.found) == ("fail", "its import did not end within 200 ms")


@pytest.mark.slow
def test_tensorflow_is_imported_in_a_process_of_its_own() -> None:
    with _import_probe.import_probe(os.environ) as process:
        tensorflow, gpu = _import_probe.await_probe(process)
    assert (tensorflow.status, gpu.status) == ("ok", "ok")
    assert tensorflow.found.startswith("works; imported in ")
