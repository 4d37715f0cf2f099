"""Kind A: the user's own settings of Keras change nothing."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import mnist_search.training
from mnist_search.datasets import resolve
from mnist_search.specs import (
    Adam,
    Conv,
    Dense,
    Dropout,
    Flatten,
    Job,
    Network,
    RunConfig,
    RunResult,
    Training,
)
from tests.cli.conftest import Cli, cli

__all__ = ["cli"]

NETWORK = Network(
    layers=(Conv(filters=4, kernel=5), Flatten(), Dropout(rate=0.2), Dense(units=16)),
)
HOSTILE = {
    "floatx": "float16",
    "epsilon": 0.1,
    "backend": "jax",
    "image_data_format": "channels_first",
}
OTHERS = {"floatx": "float64", "epsilon": 1e-3, "backend": "torch", "nnx_enabled": True}
LIMITS = {"KERAS_MAX_EPOCHS": "1", "KERAS_MAX_STEPS_PER_EPOCH": "1"}
# What Keras refuses on being imported.
BROKEN = {"a whole number": '{"epsilon": 1}', "no object": "[]", "a type": '{"floatx": "float8"}'}

PROGRAM = """
import sys
from pathlib import Path
from mnist_search.specs import Job
from mnist_search.training import train
from mnist_search.training.weights import TrainedModel, save_keras, scored_images, weights_of

job = Job.model_validate_json(sys.argv[1])
model, result = train(job, lambda *_: False)
print(result.model_dump_json())
if model is not None:
    weights = weights_of(model, job.config.model)
    again = TrainedModel(job.config, weights, precision=job.precision)
    images = scored_images(job.config, job.dataset)
    classes, _ = again.predict(images)
    print(int((classes == images.labels).sum()), again.feature_maps(images)[0].maps.shape)
    save_keras(job.config.model, weights, Path(sys.argv[2]), precision=job.precision)
    from mnist_search.training.backend import keras
    saved = keras.models.load_model(sys.argv[2])
    print(saved.layers[1].data_format, *{layer.dtype_policy.name for layer in saved.layers})
"""
UNPINNED = """
import os
os.environ['KERAS_BACKEND'] = 'tensorflow'
import keras
for name in ('image_data_format', 'floatx', 'epsilon', 'dtype_policy'):
    setattr(keras.config, f'set_{name}', lambda value: None)
"""
Train = Callable[..., tuple[RunResult, str]]


@pytest.fixture(scope="module")
def train(tmp_path_factory: pytest.TempPathFactory) -> Train:
    """Train in a process whose user has settings of their own; also what is printed after it."""
    job = Job(
        number=0,
        config=RunConfig(
            model=NETWORK, training=Training(optimizer=Adam(), batch_size=100, epochs=2)
        ),
        seed=1,
        dataset=resolve("digits", environ={}),
    )

    def train(
        settings: dict[str, object], program: str = PROGRAM, **variables: str
    ) -> tuple[RunResult, str]:
        folder = tmp_path_factory.mktemp("keras")
        (folder / "keras.json").write_text(json.dumps(settings))
        environ = {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"}
        # One thread adds up in one order.
        threads = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS")
        done = subprocess.run(
            [sys.executable, "-c", program, job.model_dump_json(), str(folder / "model.keras")],
            env=environ | {"KERAS_HOME": str(folder)} | dict.fromkeys(threads, "1") | variables,
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        first, rest = done.stdout.split("\n", 1)
        return RunResult.model_validate_json(first), rest

    return train


@pytest.fixture(scope="module")
def plain(train: Train) -> RunResult:
    """Train where nobody has set anything."""
    return train({})[0]


@pytest.mark.slow
@pytest.mark.parametrize(("settings", "variables"), [(HOSTILE, {}), (OTHERS, LIMITS)])
def test_a_run_is_the_same_whatever_the_settings_of_the_user(
    train: Train, plain: RunResult, settings: dict[str, object], variables: dict[str, str]
) -> None:
    there, printed = train(settings, **variables)
    assert there.status == "complete", there.failure
    assert len(there.epochs) == 2
    assert plain.reports == there.reports
    assert plain.validation == there.validation
    assert [epoch.loss for epoch in plain.epochs] == [epoch.loss for epoch in there.epochs]
    assert plain.validation is not None
    assert printed.splitlines() == [
        f"{plain.validation.correct} (24, 24, 4)",
        "channels_last float32",
    ]


@pytest.mark.slow
def test_the_settings_would_matter(train: Train, plain: RunResult) -> None:
    there, _ = train(HOSTILE, UNPINNED + PROGRAM)
    assert there.failure is not None or there.reports != plain.reports


@pytest.mark.slow
@pytest.mark.parametrize("broken", BROKEN)
def test_workers_do_not_read_a_keras_json_that_keras_refuses(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    (tmp_path / "keras.json").write_text(BROKEN[broken])
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.delenv("MNIST_SEARCH_TRAINER")
    words = ["--seeds", "1", "--epochs", "1", "--workers", "1", "-q"]
    code, _, err = cli("vary", "mlp-784", "--set", "activation=relu", *words)
    assert code == 0, err
    # This very process would: it says so in a line.
    program = (
        "from mnist_search.errors import UsageError\n"
        "try:\n"
        "    import mnist_search.training.backend\n"
        "except UsageError as error:\n"
        "    print(error.message, error.hint, sep='; ')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.startswith("Keras cannot be imported: "), done.stderr
    assert "keras.json" in done.stdout.splitlines()[-1]


@pytest.mark.slow
def test_another_backend_is_refused_in_one_sentence() -> None:
    program = (
        "import keras\n"
        "keras.config.backend = lambda: 'jax'\n"
        "from mnist_search.errors import UsageError\n"
        "try:\n"
        "    import mnist_search.training.backend\n"
        "except UsageError as error:\n"
        "    print(error.message)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.startswith("this process imported Keras with the backend jax")


def test_the_room_takes_keras_from_one_place() -> None:
    assert mnist_search.training.__file__ is not None
    for path in Path(mnist_search.training.__file__).parent.glob("*.py"):
        found = {
            name.split(".")[0]
            for node in ast.walk(ast.parse(path.read_text()))
            for name in (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
        }
        assert path.name == "backend.py" or not found & {"keras", "tensorflow"}, path
