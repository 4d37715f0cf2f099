"""What every test may use."""

from __future__ import annotations

import functools
import importlib.util
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import psutil
import pytest
import typer.main

# A busy machine is no fault of an example's.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

AS_FROM_A_TERMINAL = {
    signal.SIGINT: signal.default_int_handler,
    signal.SIGHUP: signal.SIG_DFL,
    signal.SIGQUIT: signal.SIG_DFL,
    signal.SIGTERM: signal.SIG_DFL,
}


# Processes that multiprocessing keeps until Python ends.
PYTHONS_OWN = ("multiprocessing.resource_tracker", "multiprocessing.forkserver")

# Whole commands, browsers and benchmarks, run again and again: not in the fast tier.
SLOW_PLACES = (
    "tests/benchmarks",
    "tests/faults",
    "tests/cli/test_figures_command.py",
    "tests/cli/test_report_html.py",
    "tests/cli/test_report_inside.py",
    "tests/execution/test_local.py",
    "tests/execution/test_local_parent.py",
    "tests/execution/test_local_recycling.py",
    "tests/execution/test_local_silent.py",
    "tests/reporting/charts/test_files.py",
    "tests/reporting/test_html.py",
    "tests/reporting/test_html_browser.py",
    "tests/test_readme.py",
    "tests/test_starting.py",
    "tests/test_style.py",
    "tests/training/test_linear.py",
)

# Where files are shared out among processes, the last ones should be short.
LONG_FILES = ("test_cluster.py", "test_html_browser.py", "test_style.py")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what takes its time without training, and skip aloud what needs Ray without it."""
    slow = tuple(config.rootpath / place for place in SLOW_PLACES)
    no_ray = pytest.mark.skip(reason="no Ray here: pip install 'mnist-search[cluster]'")
    has_ray = importlib.util.find_spec("ray") is not None
    for item in items:
        on_cluster = item.get_closest_marker("cluster") is not None
        if on_cluster and not has_ray:
            item.add_marker(no_ray)
        in_processes = on_cluster or "shell" in getattr(item, "fixturenames", ())
        if in_processes or any(item.path.is_relative_to(place) for place in slow):
            item.add_marker(pytest.mark.slow)
    items.sort(key=lambda item: item.path.name not in LONG_FILES)


def pytest_configure() -> None:
    """Heed signals that whoever started the tests in the background has set to be ignored.

    What is ignored stays so in child processes, and the tool leaves such signals alone.
    """
    for number, handler in AS_FROM_A_TERMINAL.items():
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, handler)


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the caller's settings, but the data set, out of the tests."""
    for name in list(os.environ):
        if name.startswith("MNIST_SEARCH_") and name != "MNIST_SEARCH_DATA":
            monkeypatch.delenv(name)
    for name in ("FORCE_COLOR", "GITHUB_ACTIONS", "PY_COLORS"):
        monkeypatch.delenv(name, raising=False)
    # A GPU of the machine that tests would change what they find, and be asked for each time.
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")


@pytest.fixture(scope="session", autouse=True)
def _commands_are_made_once() -> Iterator[None]:
    """Keep what Typer makes of our functions anew for every command line, 50 ms each time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(typer.main, "get_command", functools.cache(typer.main.get_command))
        yield


@pytest.fixture(scope="module", autouse=True)
def _no_process_is_left() -> Iterator[None]:
    """Fail where a module leaves processes behind that were not there before it."""
    before = set(psutil.Process().children(recursive=True))
    yield
    started = set(psutil.Process().children(recursive=True)) - before
    said = {process: _words_of(process) for process in started}
    ours = [one for one, words in said.items() if not any(name in words for name in PYTHONS_OWN)]
    # Those that were killed at the end of the last test may need a moment.
    _, left = psutil.wait_procs(ours, timeout=5.0)
    assert not left, f"processes are left: {[said[process] for process in left]}"


def _words_of(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return f"process {process.pid}, which has ended"


@pytest.fixture
def space_file(tmp_path: Path) -> Path:
    """Write a small space with a choice, a condition and a float."""
    path = tmp_path / "small.toml"
    path.write_text(
        """
family = "mlp"
description = "One or two dense layers."

[parameters.dense_layers]
type = "int"
low = 1
high = 2

[parameters.units]
type = "choice"
choices = [16, 32, 64]
per = "dense"

[parameters.dense_dropout]
type = "float"
low = 0.0
high = 0.5
step = 0.25

[parameters.optimizer]
type = "choice"
choices = ["adam", "sgd"]

[parameters.learning_rate_adam]
type = "float"
low = 1e-4
high = 1e-2
log = true
when = { optimizer = "adam" }

[parameters.learning_rate_sgd]
type = "float"
low = 1e-3
high = 1e-1
log = true
when = { optimizer = "sgd" }

[fixed]
batch_size = 64
"""
    )
    return path
