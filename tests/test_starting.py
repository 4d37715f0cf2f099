"""Where the program starts: the systems it refuses, and whose modules it imports."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from mnist_search.interpreter import python_environment, safe_path

ROOT = Path(__file__).parents[1]
SHADOW = 'raise SystemExit("this is the user\'s own file")\n'

ON_WINDOWS = """
import signal, sys
sys.platform = {platform!r}
del signal.SIGHUP
from mnist_search.__main__ import main
try:
    main()
finally:
    print(sorted(name for name in sys.modules if name.startswith("mnist_search.")))
"""


def start_on(platform: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", ON_WINDOWS.format(platform=platform), "--version"],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_windows_is_refused_before_anything_that_it_has_not() -> None:
    done = start_on("win32")
    assert done.returncode == 2
    assert done.stderr == "error: mnist-search needs Linux or macOS (on Windows: WSL)\n"
    assert "mnist_search.cli" not in done.stdout


def test_control_of_windows_with_another_name() -> None:
    done = start_on("cygwin")
    assert done.returncode != 2
    assert "WSL" not in done.stderr


@pytest.fixture
def shadow(tmp_path: Path) -> Path:
    """Return a folder with files that are named as modules which this program imports."""
    for name in ("socket", "optuna", "pydantic", "psutil", "tempfile"):
        (tmp_path / f"{name}.py").write_text(SHADOW)
    return tmp_path


def imported_by_a_child(shadow: Path, environment: dict[str, str]) -> str:
    """Return where a Python that works there finds `socket`, or what it says instead."""
    done = subprocess.run(
        [sys.executable, "-c", "import socket, mnist_search; print(socket.__file__)"],
        cwd=shadow,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize("entry", ["", "absolute"])
def test_another_python_imports_nothing_from_the_working_folder(
    shadow: Path, entry: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shadow)
    # As `-c`, `-m` and an empty part of PYTHONPATH put it there.
    monkeypatch.syspath_prepend(entry if entry == "" else str(shadow))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["", str(shadow), str(ROOT)]))
    assert "the user's own file" in imported_by_a_child(shadow, dict(os.environ))
    assert imported_by_a_child(shadow, python_environment(os.environ)).strip() == socket.__file__


def test_the_path_keeps_what_was_added_and_where_the_package_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    added = tmp_path / "added"
    added.mkdir()
    monkeypatch.setattr(sys, "path", ["", str(added), str(ROOT), "relative"])
    monkeypatch.chdir(ROOT)
    assert safe_path() == [str(added), str(ROOT), "relative"]
    assert python_environment(os.environ)["PYTHONPATH"] == os.pathsep.join([str(added), str(ROOT)])
    monkeypatch.chdir(added)
    assert safe_path() == [str(ROOT), "relative"]
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "bin" / "script.py")])
    monkeypatch.setattr(sys, "path", [str(tmp_path / "bin"), str(ROOT)])
    assert safe_path() == [str(ROOT)]


def test_a_working_folder_that_is_gone_is_no_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert str(ROOT) in python_environment(os.environ)["PYTHONPATH"].split(os.pathsep)


@pytest.mark.parametrize("way", ["-m", "script"])
def test_the_program_imports_nothing_from_the_working_folder(shadow: Path, way: str) -> None:
    script = shadow / "bin" / "mnist-search"
    script.parent.mkdir()
    script.write_text("from mnist_search.__main__ import main\nmain()\n")
    words = ["-m", "mnist_search"] if way == "-m" else [str(script)]
    done = subprocess.run(
        [sys.executable, *words, "references", "list", "-f", "csv"],
        cwd=shadow,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "cnn-simple" in done.stdout


# Ctrl-C comes when a module is first imported, or where Python can raise nothing.
STRUCK = """
import builtins, signal, sys
real, struck = builtins.__import__, {module!r}
def strike(name, *more, **named):
    if name.partition(".")[0] == struck and {where!r} == "import":
        builtins.__import__ = real
        signal.raise_signal(signal.SIGINT)
    if name.partition(".")[0] == struck and {where!r} == "del":
        builtins.__import__ = real
        class Lock:
            def __del__(self):
                signal.raise_signal(signal.SIGINT)
        Lock()
    return real(name, *more, **named)
builtins.__import__ = strike
sys.argv = ["mnist-search", *{words!r}]
from mnist_search.__main__ import main
main()
"""


@pytest.mark.parametrize("where", ["import", "del"])
@pytest.mark.parametrize("module", ["typer", "optuna"])
def test_ctrl_c_while_modules_are_imported_is_quiet(
    tmp_path: Path, module: str, where: str
) -> None:
    words = f"run --space mlp -n 1 --dataset digits --home {tmp_path}".split()
    done = subprocess.run(
        [sys.executable, "-c", STRUCK.format(module=module, where=where, words=words)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 130, done.stderr
    assert done.stderr == ""
