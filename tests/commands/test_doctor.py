"""The checks of `doctor`: machine, versions, TensorFlow."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from mnist_search.commands import doctor, machine_checks
from mnist_search.commands.machine_checks import CheckResult


@pytest.mark.parametrize("value", ["0", "false", "False"])
def test_a_switch_that_makes_training_slow_is_told(value: str) -> None:
    here = machine_checks.check_processor({}).status
    found = machine_checks.check_processor({"TF_ENABLE_ONEDNN_OPTS": value})
    assert found.status == "warn"
    assert here == "warn" or "TF_ENABLE_ONEDNN_OPTS" in str(found.hint)
    assert machine_checks.check_processor({"TF_ENABLE_ONEDNN_OPTS": "1"}).status == here


def test_packages_are_judged_by_what_was_asked_for() -> None:
    needed = {"keras": "<3.16,>=3.15", "numpy": ">=2.0"}
    here = {"keras": "3.16.0", "numpy": "2.4.1"}
    keras, numpy, optuna = doctor.check_packages(["keras", "numpy", "optuna"], here.get, needed)
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
    assert doctor.fits(version, wanted) == good


def test_python_that_tensorflow_does_not_know_fails() -> None:
    assert doctor.check_python((3, 12, 1)).status == "ok"
    assert doctor.check_python((3, 14, 0)).status == "fail"
    assert doctor.check_python((3, 10, 9)).status == "fail"


def test_thread_settings_of_the_caller_are_told() -> None:
    found = machine_checks.check_cores({"OMP_NUM_THREADS": "4"})
    assert found.status == "warn"
    assert "OMP_NUM_THREADS" in str(found.hint)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_home_that_cannot_be_written_fails(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        assert machine_checks.check_home(tmp_path / "runs").status == "fail"
    finally:
        tmp_path.chmod(0o700)


def test_a_file_in_the_place_of_the_home_fails(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("")
    found = machine_checks.check_home(tmp_path / "runs")
    assert found.status == "fail"
    assert "not a folder" in found.found


@pytest.mark.parametrize(
    ("call", "lacking"),
    [("fcntl.flock", "locks"), ("os.replace", "renames")],
)
def test_what_a_folder_cannot_do_is_told(
    call: str, lacking: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    assert machine_checks.check_file_system(tmp_path).details["lacking"] == []
    monkeypatch.setattr(f"mnist_search.commands.machine_checks.{call}", refuse)
    found = machine_checks.check_file_system(tmp_path)
    assert (found.details["lacking"], found.status) == ([lacking], "fail")
    assert found.hint == "name a folder of another disk with --home"
    assert list(tmp_path.iterdir()) == []


def test_a_lock_that_keeps_nobody_out_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine_checks.fcntl, "flock", lambda *_: None)
    assert machine_checks.check_file_system(tmp_path).details["lacking"] == ["locks"]


def container(root: Path, **files: str) -> Path:
    """Write the files of a kernel whose control group has these limits."""
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text("0::/\n")
    (root / "sys/fs/cgroup").mkdir(parents=True)
    for name, text in files.items():
        (root / "sys/fs/cgroup" / name.replace("_", ".")).write_text(text)
    return root


@pytest.mark.parametrize(("quota", "status"), [("50000", "warn"), ("100000", "ok")])
def test_a_quota_of_cores_is_told(tmp_path: Path, quota: str, status: str) -> None:
    root = container(tmp_path, cpu_max=f"{quota} 100000\n")
    found = machine_checks.check_cores({}, root)
    assert found.details["cores"] == found.details["workers"] == 1
    assert found.details["core_quota"] == int(quota) / 100000
    assert (os.cpu_count() == 1) or f"allows {int(quota) / 100000:g} of them" in found.found
    assert found.status == status
    assert machine_checks.check_cores({}, tmp_path / "bare").details["core_quota"] is None


def test_a_limit_of_memory_is_told(tmp_path: Path) -> None:
    root = container(
        tmp_path, memory_max=str(2**29), memory_current=str(2**28), memory_stat="inactive_file 0\n"
    )
    found = machine_checks.check_memory(root)
    assert (found.details["free_bytes"], found.details["limited"]) == (2**28, True)
    assert "a limit of the container" in found.found
    assert not machine_checks.check_memory(tmp_path / "bare").details["limited"]


def test_graphics_that_tensorflow_cannot_use_are_told(tmp_path: Path) -> None:
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev/nvidia0").touch()
    found = machine_checks.check_graphics([], {"PATH": ""}, tmp_path)
    assert found.status == "warn"
    assert found.found == "a GPU is there, but TensorFlow finds no CUDA libraries for it"
    assert "pip install 'mnist-search[gpu]'" in str(found.hint)
    used = machine_checks.check_graphics(["NVIDIA T4"], {"PATH": ""}, tmp_path)
    assert (used.status, used.found[:10]) == ("ok", "NVIDIA T4;")
    bare = machine_checks.check_graphics([], {"PATH": ""}, tmp_path / "bare")
    assert (bare.status, bare.details["gpu_is_there"]) == ("ok", False)


@pytest.mark.parametrize("devices", [[], ["unknown gpu"]])
def test_metal_is_told_to_be_untested(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, devices: list[str]
) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    found = machine_checks.check_graphics(devices, {"PATH": ""}, tmp_path)
    assert (found.status, "Metal" in found.found, "untested" in found.found) == ("ok", True, True)


def probe(program: str, patience: float = 60) -> CheckResult:
    with doctor.import_probe(os.environ, program) as process:
        found = doctor.await_probe(process, os.environ, patience)[0]
    assert process.returncode is not None
    return found


def test_what_the_import_says_last_is_its_result() -> None:
    found = probe(
        "print('noise');"
        'print(\'{"import_seconds": 2.5, "peak_memory_bytes": 2097152, "gpus": []}\')'
    )
    assert (found.status, found.found) == ("ok", "works; imported in 2.5 s, 0.00195 GiB of memory")


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
    assert (found.status, found.found) == ("fail", "its import did not end within 0.2 seconds")


@pytest.mark.slow
def test_tensorflow_is_imported_in_a_process_of_its_own() -> None:
    with doctor.import_probe(os.environ) as process:
        tensorflow, gpu = doctor.await_probe(process, os.environ)
    assert (tensorflow.status, gpu.status) == ("ok", "ok")
    assert tensorflow.found.startswith("works; imported in ")
