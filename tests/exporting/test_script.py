"""Exported scripts do what training does: same parts, and one that runs on its own."""

from __future__ import annotations

import json
import math
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest

from mnist_search.datasets import resolve
from mnist_search.datasets.splits import split_validation, stratified_subset
from mnist_search.exporting import Expected, Export, parts, render_script
from mnist_search.references import REFERENCES
from mnist_search.specs import (
    SGD,
    Adadelta,
    Adam,
    AdamW,
    Augmentation,
    BatchNorm,
    Conv,
    DatasetRef,
    Dense,
    Dropout,
    Flatten,
    Initializer,
    Job,
    LinearClassifier,
    Nadam,
    Network,
    Pool,
    Precision,
    RMSprop,
    RunConfig,
    Training,
)
from mnist_search.training.data import load_data

NETWORK = Network(
    layers=(
        Conv(filters=4, kernel=5, activation="linear", bias=False,
             initializer=Initializer(name="he-normal")),
        BatchNorm(),
        Pool(size=2),
        Dropout(rate=0.25),
        Conv(filters=4, kernel=3, padding="same", activation="swish", stride=2),
        Pool(size=2, function="average"),
        Flatten(),
        Dense(units=8, initializer=Initializer(name="random-normal", stddev=0.03)),
    ),
    output_initializer=Initializer(name="lecun-normal"),
)  # fmt: skip
TRAINING = Training(
    optimizer=AdamW(learning_rate=0.01),
    batch_size=32,
    epochs=2,
    schedule="one-cycle",
    augmentation=Augmentation(),
)
MNIST = DatasetRef(name="mnist", digest="a-b", train_images=60_000, test_images=10_000)


def export(
    config: RunConfig,
    *,
    dataset: DatasetRef = MNIST,
    precision: Precision = "float32",
    low: float = 0.0,
) -> Export:
    on = "validation" if config.protocol == "held-out" else "test"
    return Export(
        name="trial 1",
        study="s",
        config=config,
        precision=precision,
        seeds=(3,),
        dataset=dataset,
        expected=Expected(on=on, accuracy=max(low, 0.5), low=low, high=1.0, n=1, images=50),
    )


def code(text: str) -> str:
    return "\n".join(line for line in text.split("\n") if not line.startswith("#"))


def names(text: str) -> dict[str, Any]:
    """Run a script as a module that is not the main one."""
    found: dict[str, Any] = {"__name__": "exported"}
    exec(compile(text, "export.py", "exec"), found)
    return found


def test_the_parts_of_the_data_are_those_of_the_search() -> None:
    found: dict[str, Any] = {"np": np}
    exec(parts.STRATIFIED, found)
    labels = np.random.default_rng(1).integers(0, 10, 3_001)
    _, held_out = split_validation(labels)
    assert np.array_equal(found["stratified"](labels, 3_001 // 6, seed=19980112), held_out)
    subset = stratified_subset(labels, 500)
    assert np.array_equal(found["stratified"](labels, 500, seed=60_000), subset)


@pytest.mark.parametrize("held_out", ["whole", "halves"])
def test_a_script_scores_on_the_images_that_measured(
    tmp_path: Path, held_out: Literal["whole", "halves"]
) -> None:
    labels = np.random.default_rng(1).integers(0, 10, 3_001).astype(np.uint8)
    images = np.random.default_rng(2).integers(0, 256, (3_001, 28, 28), dtype=np.uint8)
    data = tmp_path / "some.npz"
    np.savez(data, x_train=images, y_train=labels, x_test=images[:9], y_test=labels[:9])
    dataset = resolve(str(data), environ={}).model_copy(update={"held_out": held_out})
    config = RunConfig(model=NETWORK, training=TRAINING, protocol="held-out")
    script = render_script(export(config, dataset=dataset))
    selection = re.search(r"^def select\(.*?^    return [^\n]*$", script, re.M | re.S)
    assert selection is not None
    found: dict[str, Any] = {"np": np}
    exec(parts.STRATIFIED + "\n" + selection[0], found)
    x_train, y_train, x_scored, y_scored = found["select"](images, labels, images, labels)
    ours = load_data(Job(number=0, config=config, seed=0, dataset=dataset))
    assert np.array_equal(x_scored, ours.scored.images)
    assert np.array_equal(y_scored, ours.scored.labels)
    assert np.array_equal(x_train, ours.train.images)
    assert len(y_train) == 3_001 - 500


def test_only_what_a_recipe_needs_is_in_its_script() -> None:
    plain = RunConfig(
        model=Network(layers=(Flatten(), Dense(units=8))),
        training=Training(optimizer=Adam(), batch_size=32, epochs=1),
        protocol="confirm",
    )
    text = code(render_script(export(plain)))
    for part in ("augment", "OneCycle", "stratified", "correct_averages", "mixed_bfloat16"):
        assert part not in text
    full = RunConfig(model=NETWORK, training=TRAINING)
    text = code(render_script(export(full, precision="bfloat16")))
    for part in ("augment", "OneCycle", "stratified", "correct_averages", "mixed_bfloat16"):
        assert part in text


@pytest.mark.slow
def test_networks_and_optimizers_are_those_of_training() -> None:
    from mnist_search.training.build import build_model, make_optimizer

    def layers(model: Any) -> list[Any]:
        return [
            {k: v for k, v in layer.get_config().items() if k != "name"} for layer in model.layers
        ]

    recipes: list[dict[str, Any]] = [
        {"optimizer": AdamW(weight_decay=0.01), "schedule": "constant"},
        {"optimizer": Nadam(beta_1=0.7), "schedule": "cosine"},
        {"optimizer": RMSprop(), "schedule": "cosine", "clip_norm": 0.7},
        {"optimizer": Adadelta(rho=0.9), "schedule": "constant"},
        {"optimizer": SGD(momentum=0.9, nesterov=True), "schedule": "one-cycle"},
        {"optimizer": Adam(beta_1=0.8, beta_2=0.95, epsilon=1e-5), "schedule": "one-cycle"},
        {"optimizer": Adam(), "schedule": "warm-up-linear", "warm_up_share": 0.3},
        {"optimizer": Adam(), "schedule": "reduce-on-plateau", "plateau_patience": 3},
    ]
    configs = [
        RunConfig(model=NETWORK, training=TRAINING.model_copy(update=recipe)) for recipe in recipes
    ]
    penalized = Network(layers=(Flatten(), Dense(units=4, l1=0.01), Dense(units=3, l2=0.02)))
    configs.append(RunConfig(model=penalized, training=TRAINING))
    configs += [r.config for r in REFERENCES if not isinstance(r.config.model, LinearClassifier)]
    for config in configs:
        assert isinstance(config.model, Network)
        for precision in ("float32", "bfloat16"):
            found = names(render_script(export(config, precision=precision)))
            expected = build_model(config.model, precision)
            assert layers(found["build_model"]()) == layers(expected)
        ours = make_optimizer(config.training, 1_000)
        theirs = found["make_optimizer"](1_000)
        one, other = ours.get_config(), theirs.get_config()
        del one["name"], other["name"]  # Keras counts them.
        rate = one.pop("learning_rate"), other.pop("learning_rate")
        assert one == other
        if config.training.schedule in ("one-cycle", "warm-up-linear"):
            for step in (0, 10, 299, 300, 301, 700, 1_000):
                for each in (ours, theirs):
                    each.iterations.assign(step)
                assert math.isclose(float(ours.learning_rate), float(theirs.learning_rate))
        else:
            assert rate[0] == rate[1]


def test_a_script_lowers_its_rate_where_training_does() -> None:
    training = TRAINING.model_copy(
        update={"schedule": "reduce-on-plateau", "plateau_factor": 0.3, "plateau_patience": 4}
    )
    text = render_script(export(RunConfig(model=NETWORK, training=training)))
    compile(text, "script.py", "exec")
    assert 'keras.callbacks.ReduceLROnPlateau(monitor="loss", factor=0.3, patience=4)' in text
    plain = render_script(export(RunConfig(model=NETWORK, training=TRAINING)))
    assert "callbacks" not in plain


@pytest.mark.slow
def test_smoothed_labels_are_those_of_training() -> None:
    import tensorflow as tf

    from mnist_search.training.loop import cross_entropies

    smoothed = TRAINING.model_copy(update={"label_smoothing": 0.2, "augmentation": None})
    text = render_script(export(RunConfig(model=NETWORK, training=smoothed)))
    loss = re.search(r"loss=(keras\.losses\..+),$", text, re.MULTILINE)
    assert loss is not None
    found = names(text)
    random = np.random.default_rng(2)
    logits = tf.constant(random.normal(size=(7, 10)), tf.float32)
    classes = tf.constant(random.integers(0, 10, 7), tf.int32)
    _, targets = found["prepare"](np.zeros((7, 28, 28), np.uint8), classes)
    theirs = float(eval(loss[1], found)(targets, logits))
    ours = float(tf.reduce_mean(cross_entropies(classes, logits, 0.2)))
    assert math.isclose(ours, theirs, rel_tol=1e-5)
    plain = float(tf.reduce_mean(cross_entropies(classes, logits, 0.0)))
    assert not math.isclose(ours, plain, rel_tol=1e-3)


@pytest.mark.slow
def test_augmentation_is_that_of_training(monkeypatch: pytest.MonkeyPatch) -> None:
    import tensorflow as tf

    from mnist_search.training.augmentation import augment

    pixels = tf.constant(np.random.default_rng(0).random((6, 28, 28, 1)), tf.float32)
    amounts = tf.constant(np.random.default_rng(1).uniform(-1, 1, (6, 5)), tf.float32)
    monkeypatch.setattr(tf.random, "uniform", lambda *_, **__: amounts)
    monkeypatch.setattr(tf.random, "stateless_uniform", lambda *_, **__: amounts)
    found = names(render_script(export(RunConfig(model=NETWORK, training=TRAINING))))
    expected = augment(pixels, Augmentation(), tf.constant([0, 0], tf.int64))
    assert np.allclose(found["augment"](pixels), expected, atol=1e-5)
    assert not np.allclose(expected, pixels, atol=1e-2)


@pytest.mark.slow
def test_a_script_runs_on_its_own_and_its_file_answers(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    labels = np.tile(np.arange(10, dtype=np.uint8), 36)
    images = random.integers(0, 60, (360, 28, 28), dtype=np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[2 * label : 2 * label + 6, 4:24] += 190
    data = tmp_path / "few.npz"
    np.savez(data, x_train=images[:300], y_train=labels[:300], x_test=images[300:],
             y_test=labels[300:])  # fmt: skip
    dataset = resolve(str(data), environ={})
    changes = {"epochs": 8, "label_smoothing": 0.1, "clip_norm": 1.0, "schedule": "warm-up-linear"}
    training = TRAINING.model_copy(update=changes)
    # What the user has set for other programs must not reach the script.
    hostile = {"image_data_format": "channels_first", "floatx": "float16", "epsilon": 0.1}
    (tmp_path / "keras.json").write_text(json.dumps(hostile | {"backend": "jax"}))
    config = RunConfig(model=NETWORK, training=training, protocol="held-out")
    script = tmp_path / "model.py"
    script.write_text(render_script(export(config, dataset=dataset, low=0.5)))
    check = (
        "import sys, runpy\n"
        f"sys.argv = ['model.py', '--save', {str(tmp_path / 'model.keras')!r}]\n"
        "try:\n"
        f"    runpy.run_path({str(script)!r}, run_name='__main__')\n"
        "except SystemExit as end:\n"
        "    code = end.code\n"
        "import keras, numpy as np\n"
        f"x = np.load({str(data)!r})\n"
        f"model = keras.models.load_model({str(tmp_path / 'model.keras')!r})\n"
        "shares = model.predict(x['x_test'][..., None], verbose=0)\n"
        "print('file', (shares.argmax(axis=1) == x['y_test']).mean(), np.ptp(shares.sum(axis=1)))\n"
        "assert not any(name.startswith('mnist_search') for name in sys.modules)\n"
        "sys.exit(code)\n"
    )
    environ = {
        **os.environ,
        "MNIST_SEARCH_DATA": str(data),
        "CUDA_VISIBLE_DEVICES": "",
        "KERAS_HOME": str(tmp_path),
        "KERAS_MAX_EPOCHS": "1",
    }
    environ.pop("PYTHONPATH", None)
    done = subprocess.run(
        [sys.executable, "-I", "-c", check],
        env=environ, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "% of 25 validation images, expected 50.00 %" in done.stdout
    assert "within the interval" in done.stdout
    _, accuracy, spread = done.stdout.splitlines()[-1].split()
    assert float(accuracy) > 0.5
    assert float(spread) < 1e-5


def test_other_data_than_the_scores_is_refused(tmp_path: Path) -> None:
    found: dict[str, Any] = {"np": np, "DIGEST": "a-b", "os": os, "sys": sys}
    import hashlib

    found["hashlib"] = hashlib
    exec(parts.LOAD_DATA.format(download="raise AssertionError"), found)
    path = tmp_path / "other.npz"
    images, labels = np.zeros((2, 28, 28), np.uint8), np.zeros(2, np.uint8)
    np.savez(path, x_train=images, y_train=labels, x_test=images, y_test=labels)
    before = os.environ.get("MNIST_SEARCH_DATA")
    os.environ["MNIST_SEARCH_DATA"] = str(path)
    try:
        with pytest.raises(SystemExit) as ended:
            found["load_data"]()
    finally:
        if before is None:
            del os.environ["MNIST_SEARCH_DATA"]
        else:
            os.environ["MNIST_SEARCH_DATA"] = before
    assert ended.value.code == 5
