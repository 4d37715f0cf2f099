"""What a worker trains on, as TensorFlow tells; of GPUs its answers are made up."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from mnist_search.errors import ResourceError
from mnist_search.specs import Device, Environment, LinearClassifier
from mnist_search.specs.environment import GPU_WORKERS
from mnist_search.training import run, train

pytestmark = pytest.mark.slow

Put = Callable[..., None]


@pytest.fixture
def tensorflow(monkeypatch: pytest.MonkeyPatch) -> Put:
    """Let TensorFlow have GPUs with those details."""

    def put(*details: dict[str, object]) -> None:
        asked = SimpleNamespace(
            get_visible_devices=lambda kind: list(details) if kind == "GPU" else [],
            experimental=SimpleNamespace(get_device_details=lambda device: device),
        )
        monkeypatch.setattr(
            "mnist_search.training.devices.tf", SimpleNamespace(config=asked), raising=True
        )

    return put


def used(environ: dict[str, str]) -> Device | None:
    from mnist_search.training.devices import used_device

    return used_device(environ)


def test_the_first_gpu_is_used_by_as_many_workers_as_the_executor_said(tensorflow: Put) -> None:
    tensorflow({"device_name": "NVIDIA A100", "compute_capability": (8, 0)}, {})
    expected = Device(kind="gpu", name="NVIDIA A100", compute_capability=(8, 0), workers=3)
    assert used({GPU_WORKERS: "3"}) == expected
    assert used({}) == expected.model_copy(update={"workers": 1})


def test_a_gpu_may_tell_nothing_of_itself(tensorflow: Put) -> None:
    tensorflow({})
    assert used({}) == Device(kind="gpu", name=None)


def test_the_processor_is_no_stand_in_for_a_gpu_that_was_given(
    tensorflow: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    tensorflow()
    assert used({}) is None
    with pytest.raises(ResourceError, match="was given a GPU, and TensorFlow cannot use it"):
        used({GPU_WORKERS: "1"})
    monkeypatch.setenv(GPU_WORKERS, "1")
    with pytest.raises(ResourceError, match="was given a GPU"):
        run.prepare.__wrapped__()


def test_networks_are_of_the_gpu_and_linear_classifiers_of_the_processor(
    make_job, tensorflow: Put
) -> None:
    tensorflow({"device_name": "NVIDIA A100"})
    found = []
    for job in (make_job(), make_job(LinearClassifier())):
        environment = train(job, lambda *_: False)[1].environment
        assert isinstance(environment, Environment)
        found.append(environment.device)
    assert found[0] == Device(kind="gpu", name="NVIDIA A100")
    assert found[1].kind == "cpu"
    assert found[1].name is not None


def test_other_gpus_are_hidden_where_those_of_cuda_are() -> None:
    program = """
import tensorflow as tf
tf.config.set_visible_devices = lambda *asked: print(asked)
import mnist_search.training.backend
"""
    told = [
        subprocess.run(
            [sys.executable, "-c", program],
            env={"CUDA_VISIBLE_DEVICES": hidden, "TF_CPP_MIN_LOG_LEVEL": "3"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hidden in ("", "0")
    ]
    assert told == ["([], 'GPU')\n", ""]


def test_as_a_program_it_tells_what_there_is() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mnist_search.training.devices"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert isinstance(json.loads(done.stdout.splitlines()[-1]), list)
