"""`--device`: what it comes to, what is said of it, and that results have it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mnist_search.execution import devices
from tests.support import gpus

Cli = Callable[..., tuple[int, str, str]]
# None of them trains anything with these arguments.
COMMANDS = [
    ("run", "--space", "mlp", "-n", "1"),
    ("bench", "cnn-simple"),
    ("plan", "--space", "mlp"),
    ("vary", "cnn-simple"),
]


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Let this machine have GPUs of those compute capabilities, and real workers."""

    def put(told: str) -> None:
        monkeypatch.setenv(gpus.VARIABLE, told)
        devices._ask.cache_clear()

    monkeypatch.setenv("MNIST_SEARCH_TRAINER", "tests.support.surrogate")
    monkeypatch.setenv(devices.PROBE_VARIABLE, "tests.support.gpus")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    yield put
    devices._ask.cache_clear()


def trained(out: str) -> set[tuple[str, str]]:
    rows = json.loads(out)["rows"]
    return {(row["device"], row["device_name"]) for row in rows if row["status"] == "complete"}


def test_a_search_has_a_worker_on_each_gpu_and_its_rows_say_which(
    cli: Cli, made_up: Callable[[str], None], space_file: Path
) -> None:
    made_up("8.0,7.5")
    search = ("run", "--space", str(space_file), "--pruner", "none", "-f", "json")
    code, out, err = cli(*search, "-n", "8", "--precision", "auto")
    assert code == 0, err
    assert "2 workers x " in err
    assert " on made-up GPU 0, made-up GPU 1 (2 GPUs)" in err
    # The slowest of them decides.
    assert "precision auto: float32, because the GPU has no fast bfloat16" in err
    assert trained(out) == {("gpu", "made-up GPU 0"), ("gpu", "made-up GPU 1")}
    code, out, err = cli(*search, "-n", "10", "--device", "cpu", "--workers", "1")
    assert code == 0, err
    assert len(trained(out)) == 3
    assert {device for device, _ in trained(out)} == {"cpu", "gpu"}
    code, out, err = cli("show", "small-digits-seed0", "0")
    assert code == 0, err
    assert re.search(r"GPU +made-up GPU [01]", out)
    code, out, err = cli("report", "small-digits-seed0", "--sort", "time")
    assert code == 0, err
    assert "Times come from 3 machines and devices and are never compared" in out
    assert "measured on made-up GPU 1 beside surrogate" in out


def test_workers_share_a_gpu_where_that_is_asked_for(
    cli: Cli, made_up: Callable[[str], None]
) -> None:
    made_up("9.0")
    arguments = ("bench", "cnn-simple", "--quick", "--device", "gpu", "-f", "json")
    code, out, err = cli(*arguments, "--workers", "2")
    assert (code, out) == (2, "")
    assert "workers must be at most 1 on 1 GPU, got 2" in err
    code, out, err = cli(
        *arguments, "--workers", "auto", "--workers-per-gpu", "2", "--precision", "auto"
    )
    assert code == 0, err
    assert " on made-up GPU 0 (1 GPU, 2 workers on each)" in err
    assert "precision auto: bfloat16, because the GPU has compute capability 9.0" in err
    [row] = [row for row in json.loads(out)["rows"] if row["status"] == "complete"]
    assert row["machine"]["device"] == "made-up GPU 0 shared by 2 workers"


@pytest.mark.parametrize("command", COMMANDS)
def test_a_gpu_that_is_not_there_is_refused_in_one_line(cli: Cli, command: tuple[str, ...]) -> None:
    code, out, err = cli(*command, "--device", "gpu")
    assert (code, out) == (2, "")
    assert err.count("error: ") == 1
    assert "no GPU can be used: CUDA_VISIBLE_DEVICES hides all" in err
    assert not Path("mnist-search-runs").exists()


def test_auto_says_why_it_leaves_a_gpu_out(
    cli: Cli, made_up: Callable[[str], None], space_file: Path
) -> None:
    made_up("")
    search = ("run", "--space", str(space_file), "-n", "1", "--workers", "1", "-f", "json")
    code, out, err = cli(*search)
    assert code == 0, err
    assert "device auto: cpu, because a GPU is there, but TensorFlow finds no CUDA" in err
    assert "pip install 'mnist-search[gpu]'" in err
    assert {device for device, _ in trained(out)} == {"cpu"}
    made_up("8.0")
    code, _, err = cli(*search, "--new", "--device", "cpu")
    assert code == 0, err
    assert "GPU" not in err


def test_linear_classifiers_leave_gpus_alone(cli: Cli, made_up: Callable[[str], None]) -> None:
    made_up("8.0")
    search = ("run", "--space", "linear", "-n", "1", "-f", "json")
    code, out, err = cli(*search)
    assert code == 0, err
    assert "GPU" not in err
    assert {device for device, _ in trained(out)} == {"cpu"}
    code, _, err = cli(*search, "--new", "--device", "gpu")
    assert code == 2
    assert "linear classifiers use no GPU" in err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--workers-per-gpu", "2"), "--workers-per-gpu needs a GPU to train on"),
        (("--cluster", "h:1", "--workers-per-gpu", "2"), "--workers-per-gpu is of this machine"),
        (
            ("--cluster", "h:1", "--device", "gpu", "--worker-gpus", "0"),
            "--device gpu contradicts --worker-gpus 0",
        ),
        (
            ("--cluster", "h:1", "--device", "cpu", "--worker-gpus", "1"),
            "--device cpu contradicts --worker-gpus 1",
        ),
    ],
)
def test_contradictions_are_refused(cli: Cli, arguments: tuple[str, ...], told: str) -> None:
    code, out, err = cli("bench", "cnn-simple", "--quick", *arguments)
    assert (code, out) == (2, "")
    assert told in err


def test_explain_takes_a_device_only_where_it_trains(cli: Cli) -> None:
    code, _, err = cli("explain", "s", "winner", "--device", "cpu")
    assert code == 2
    assert "--device needs --ablate" in err
