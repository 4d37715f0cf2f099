"""The user's own settings of Keras change nothing."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import mnist_search.training
from mnist_search.specs import Conv, Dense, Dropout, Flatten, Job, Network, RunResult
from mnist_search.training import run_job

NETWORK = Network(
    layers=(Conv(filters=4, kernel=5), Flatten(), Dropout(rate=0.2), Dense(units=16)),
)
HOSTILE = {
    "floatx": "float16",
    "epsilon": 0.1,
    "backend": "jax",
    "image_data_format": "channels_first",
}

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
"""


def train_there(job: Job, folder: Path, program: str = PROGRAM) -> tuple[RunResult, str]:
    """Train in a process whose user has settings of their own; also what is printed after it."""
    (folder / "keras.json").write_text(json.dumps(HOSTILE))
    environ = {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"}
    done = subprocess.run(
        [sys.executable, "-c", program, job.model_dump_json(), str(folder / "model.keras")],
        env=environ | {"KERAS_HOME": str(folder)},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    first, rest = done.stdout.split("\n", 1)
    return RunResult.model_validate_json(first), rest


@pytest.mark.slow
def test_a_run_is_the_same_whatever_the_settings_of_the_user(make_job, tmp_path) -> None:
    job = make_job(NETWORK)
    there, printed = train_there(job, tmp_path)
    assert there.status == "complete", there.failure
    here = run_job(job, lambda *_: False)
    assert here.reports == there.reports
    assert here.validation == there.validation
    assert [epoch.loss for epoch in here.epochs] == [epoch.loss for epoch in there.epochs]
    assert printed.split(maxsplit=1) == [f"{here.validation.correct}", "(24, 24, 4)\n"]

    from mnist_search.training.backend import keras

    saved = keras.models.load_model(tmp_path / "model.keras")
    assert saved.layers[1].data_format == "channels_last"
    assert {layer.dtype_policy.name for layer in saved.layers} == {"float32"}


@pytest.mark.slow
def test_the_settings_would_matter(make_job, tmp_path) -> None:
    unpinned = (
        "import os\n"
        "os.environ['KERAS_BACKEND'] = 'tensorflow'\n"
        "import keras\n"
        "for name in ('image_data_format', 'floatx', 'epsilon', 'dtype_policy'):\n"
        "    setattr(keras.config, f'set_{name}', lambda value: None)\n"
    )
    there, _ = train_there(make_job(NETWORK), tmp_path, unpinned + PROGRAM)
    assert there.failure is not None or there.reports != run_job(make_job(NETWORK), bool).reports


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
