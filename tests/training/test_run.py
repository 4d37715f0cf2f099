"""Whole runs: protocols, reports, seeds, failures, memory."""

from __future__ import annotations

import base64
import gc
import importlib.util
import json
import subprocess
import sys
import zlib

import numpy as np
import pytest

from mnist_search.datasets import load_full
from mnist_search.errors import DataError
from mnist_search.specs import (
    SGD,
    AdamW,
    Augmentation,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    LinearClassifier,
    Network,
    Pool,
    RunResult,
)
from mnist_search.training import prepare, run_job, train
from mnist_search.training.run import hidden

slow = pytest.mark.slow

NETWORK = Network(
    layers=(
        Conv(filters=4, kernel=5, activation="swish"),
        BatchNorm(),
        Pool(size=3),
        Dropout(rate=0.2),
        Flatten(),
        Dense(units=32),
    )
)


def go_on(step, accuracy):
    return False


def test_the_room_loads_nothing_heavy_before_it_is_prepared():
    code = "import sys, mnist_search.training; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert "mnist_search.training.run" in loaded
    assert not {"tensorflow", "keras", "sklearn"} & set(loaded)


@slow
def test_preparing_twice_imports_once():
    assert prepare() == prepare() > 0
    assert {"tensorflow", "keras"} <= set(sys.modules)


@slow
def test_a_worker_imports_nothing_that_networks_do_not_need():
    code = (
        "import sys\n"
        "from mnist_search.training import prepare\n"
        "prepare()\n"
        "print(*sys.modules)\n"
        "import sklearn.linear_model, mnist_search.training.linear\n"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    loaded = {name.partition(".")[0] for name in found.stdout.split()}
    assert {"tensorflow", "keras"} <= loaded
    assert not {"sklearn", "matplotlib", "pandas", "IPython"} & loaded


def test_hidden_packages_cannot_be_imported_until_the_end(monkeypatch):
    monkeypatch.delitem(sys.modules, "this", raising=False)
    json = sys.modules["json"]
    with hidden(("this", "json")):
        with pytest.raises(ImportError):
            importlib.import_module("this")
        assert importlib.import_module("json") is json
    assert "this" not in sys.modules
    assert importlib.util.find_spec("this") is not None
    assert sys.modules["json"] is json


@slow
def test_a_held_out_run_reports_at_rungs_and_epochs(make_job):
    reports = []
    job = make_job(NETWORK, epochs=3, rungs=(1, 2, 4, 6), batch_size=32)
    result = run_job(job, lambda *pair: pair[1] is not None and reports.append(pair))
    assert result.status == "complete"
    assert [step for step, _ in reports] == [1, 2, 4, 6, 8, 12]
    assert result.reports == tuple(reports)
    assert (result.selection.total, result.validation.total) == (125, 125)
    assert result.selection.accuracy == reports[-1][1] > 0.7
    assert result.validation.accuracy > 0.7
    assert result.validation.loss == pytest.approx(result.validation.clipped_loss, rel=1e-4)
    assert (result.test, result.predictions, result.train) == (None, None, None)
    assert result.collapsed is False
    assert [epoch.epoch for epoch in result.epochs] == [1, 2, 3]
    assert result.epochs[0].loss > result.epochs[-1].loss
    assert result.epochs[0].val_accuracy == dict(reports)[4]
    assert RunResult.model_validate_json(result.model_dump_json()) == result


@slow
def test_phases_are_timed_apart(make_job):
    job = make_job(NETWORK, epochs=2)
    result = run_job(job, go_on)
    times = result.timings
    parts = sum(epoch.seconds + epoch.validation_seconds for epoch in result.epochs)
    assert parts <= times.fit_seconds
    assert times.fit_cpu_seconds > 0
    assert times.first_step_seconds <= result.epochs[0].seconds
    assert len(times.step_seconds) == 8
    for name in ("data_seconds", "build_seconds", "inference_us_batch_1", "inference_us_batch_256"):
        assert getattr(times, name) > 0
    assert times.peak_memory_bytes is None or times.peak_memory_bytes > 2**26
    assert result.threads == 1
    assert (result.parameters, result.trainable_parameters) == (
        result.trainable_parameters + 8,
        result.parameters - 8,
    )
    assert result.flops > 0


@slow
@pytest.mark.parametrize(("stop", "epochs", "validated"), [(2, 0, False), (4, 1, True)])
def test_a_stop_ends_the_run_there(make_job, stop, epochs, validated):
    job = make_job(epochs=9, rungs=(1, 2, 3))
    result = run_job(job, lambda step, _: step == stop)
    assert result.status == "pruned"
    assert result.failure is None
    assert result.reports[-1][0] == stop
    assert len(result.epochs) == epochs
    # A look at the rung's images is no score of the whole half that steers; the other is not met.
    assert (result.selection is not None) is validated
    assert result.validation is None
    assert result.timings.inference_us_batch_1 is None
    assert result.parameters is not None


@slow
def test_documented_runs_watch_the_test_images(make_job):
    raw = run_job(make_job(protocol="documented", raw_test_pixels=True, epochs=3), go_on)
    fixed = run_job(make_job(protocol="documented", epochs=3), go_on)
    assert [step for step, _ in raw.reports] == [4, 8, 12]
    assert (raw.validation, fixed.validation) == (None, None)
    assert raw.test.total == 297
    assert raw.epochs[-1].val_accuracy == raw.test.accuracy
    # The same training on all 1,500 images, evaluated on pixels 255 times as bright.
    assert raw.epochs[-1].loss == fixed.epochs[-1].loss
    assert raw.test.loss > 10 * fixed.test.loss
    assert raw.test.clipped_loss < 16.2


@pytest.fixture
def looks(monkeypatch):
    """Collect what a network is evaluated on."""
    from mnist_search.training.evaluate import Evaluator

    found = []
    evaluate = Evaluator.evaluate

    def spy(self, images, *, what):
        found.append((len(images), what))
        return evaluate(self, images, what=what)

    monkeypatch.setattr(Evaluator, "evaluate", spy)
    return found


@slow
@pytest.mark.parametrize("stop", [None, 4], ids=["complete", "stopped"])
def test_a_complete_run_alone_meets_the_half_that_measures_and_once(make_job, looks, stop):
    run_job(make_job(epochs=2), lambda step, _: step == stop)
    steering = [(125, f"the validation images in epoch {epoch}") for epoch in (1, 2)]
    assert looks == ([*steering, (125, "the validation images")] if stop is None else steering[:1])


@slow
def test_confirmation_looks_at_the_test_images_once(make_job, digits, looks):
    result = run_job(make_job(protocol="confirm", epochs=3, rungs=(1, 2)), go_on)
    assert looks == [(297, "the test images")]
    assert result.reports == ()
    assert [epoch.val_accuracy for epoch in result.epochs] == [None] * 3
    answers = np.frombuffer(zlib.decompress(base64.b64decode(result.predictions)), np.uint8)
    assert int((answers == load_full(digits).test.labels).sum()) == result.test.correct


@slow
def test_a_constant_answer_is_a_collapse(make_job):
    # One relu that such a rate kills: what is left are the biases.
    job = make_job(Network(layers=(Flatten(), Dense(units=1))), optimizer=SGD(learning_rate=50.0))
    result = run_job(job, go_on)
    assert result.status == "complete"
    assert result.collapsed
    assert result.validation.accuracy < 0.25


def outcome(result):
    assert result.status == "complete", result.failure
    losses = tuple((epoch.loss, epoch.val_loss) for epoch in result.epochs)
    return [list(map(list, result.reports)), list(map(list, losses))]


HARD = {
    "augmentation": Augmentation(),
    "schedule": "one-cycle",
    "optimizer": AdamW(),
    "epochs": 2,
    "rungs": (1, 6),
}


@slow
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_run_is_a_function_of_its_seed(make_job, precision):
    first, between, again, other = (
        outcome(run_job(make_job(NETWORK, seed=seed, precision=precision, **HARD), go_on))
        for seed in (0, 7, 0, 2**32 - 1)
    )
    assert first == again
    assert len({str(first), str(between), str(other)}) == 3


@slow
def test_a_fresh_process_gives_the_same_run(make_job):
    job = make_job(NETWORK, seed=11, **HARD)
    code = (
        "import sys\n"
        "from mnist_search.specs import Job\n"
        "from mnist_search.training import run_job\n"
        "job = Job.model_validate_json(sys.argv[1])\n"
        "print(run_job(job, lambda *_: False).model_dump_json())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, job.model_dump_json()],
        capture_output=True,
        text=True,
        check=True,
    )
    elsewhere = RunResult.model_validate(json.loads(done.stdout))
    assert outcome(elsewhere) == outcome(run_job(job, go_on))


@slow
def test_training_hands_the_model_out(make_job, digits):
    job = make_job(NETWORK, protocol="confirm")
    model, result = train(job, go_on)
    full = load_full(digits)
    logits = model.predict(full.test.images[..., np.newaxis] / np.float32(255), verbose=0)
    assert int((logits.argmax(axis=1) == full.test.labels).sum()) == result.test.correct


@slow
def test_linear_models_come_the_same_way(make_job):
    result = run_job(make_job(LinearClassifier(), epochs=2), go_on)
    assert (result.status, result.parameters, len(result.reports)) == ("complete", 7850, 2)


@slow
def test_a_divergence_is_a_failure_that_names_the_place(make_job):
    job = make_job(optimizer=SGD(learning_rate=1e30), epochs=3)
    model, result = train(job, go_on)
    assert model is None
    assert (result.status, result.failure.kind) == ("failed", "diverged")
    assert "the training loss of epoch 1, by step" in result.failure.message
    assert "DivergedError" in result.failure.traceback
    assert result.parameters == 784 * 16 + 16 + 170


@slow
def test_what_cannot_be_built_is_a_failure(make_job):
    network = Network(layers=(Conv(filters=2, kernel=28), Pool(), Flatten()))
    result = run_job(make_job(network), go_on)
    assert (result.status, result.failure.kind) == ("failed", "unbuildable")
    assert result.failure.message.startswith("layer 2 (MP)")


@slow
def test_what_cannot_fit_is_out_of_memory(make_job):
    network = Network(layers=(Flatten(), Dense(units=65536), *[Dense(units=65536)] * 200))
    result = run_job(make_job(network), go_on)
    assert (result.status, result.failure.kind) == ("failed", "out-of-memory")
    assert result.failure.message.startswith("a training step on 100 images needs")


def in_a_graph(sentence):
    """Return the text of an error of TensorFlow's in a compiled loop."""
    return (
        "Graph execution error:\n\nDetected at node x defined at (most recent call last):\n"
        f'  File "loop.py", line 1, in body\n\n{sentence}\n\t [[{{{{node x}}}}]]\n'
        "Hint: If you want to see a list of allocated tensors, add more.\n [Op:__inference_run_1]"
    )


def exhausted():
    import tensorflow as tf

    return tf.errors.ResourceExhaustedError(None, None, in_a_graph("OOM when allocating"))


def of_a_layer(sentence):
    """Return the text of an error that Keras met in a layer."""
    return (
        "Exception encountered when calling Conv2D.call().\n\n"
        f"\x1b[1m{sentence}\x1b[0m\n\nArguments received by Conv2D.call():\n  • inputs=tf.Tensor"
    )


@slow
@pytest.mark.parametrize(
    ("make_error", "kind", "message"),
    [
        (exhausted, "out-of-memory", "ResourceExhaustedError: OOM when allocating"),
        (MemoryError, "out-of-memory", "MemoryError"),
        (lambda: ValueError("one\n  two\n\nthree"), "error", "ValueError: one two"),
        (lambda: ValueError(in_a_graph("no such row")), "error", "ValueError: no such row"),
        (
            lambda: ValueError("Graph execution error:\n\nDetected at\n  File x\nno kernel"),
            "error",
            "ValueError: no kernel",
        ),
        (
            lambda: ValueError(of_a_layer("{{function_node x}} Only NHWC is supported.")),
            "error",
            "ValueError: Exception encountered when calling Conv2D.call(): Only NHWC is supported.",
        ),
        (lambda: ValueError("x" * 10_000), "error", "ValueError: " + "x" * 288),
        (lambda: DataError("the file is gone"), "error", "the file is gone"),
    ],
)
def test_other_failures_are_results_too(make_job, monkeypatch, make_error, kind, message):
    from mnist_search.training import fit

    def fail(job):
        raise make_error()

    monkeypatch.setattr(fit, "load_data", fail)
    result = run_job(make_job(), go_on)
    assert (result.status, result.failure.kind) == ("failed", kind)
    assert result.failure.message == message


@slow
def test_a_failure_within_keras_keeps_its_reason(make_job, monkeypatch):
    from mnist_search.training.backend import keras

    before = keras.layers.Conv2D.call

    def wrong_rank(self, inputs):
        return before(self, inputs[..., 0])

    monkeypatch.setattr(keras.layers.Conv2D, "call", wrong_rank)
    result = run_job(make_job(NETWORK), go_on)
    assert "Conv2D.call(): " in result.failure.message
    assert "\n" not in result.failure.message
    assert "\x1b" not in result.failure.message


@slow
@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_passes(make_job, error):
    def interrupt(step, accuracy):
        raise error

    with pytest.raises(error):
        run_job(make_job(), interrupt)


@slow
def test_a_run_leaves_no_graph_behind(make_job):
    def graphs():
        return sum(type(thing).__name__ == "FuncGraph" for thing in gc.get_objects())

    run_job(make_job(NETWORK), go_on)
    before = graphs()
    for seed in range(2):
        run_job(make_job(NETWORK, seed=seed), go_on)
    assert graphs() <= before
    kept, _ = train(make_job(NETWORK), go_on)
    # The control: before the clearing a model's graphs are there to be counted.
    assert kept is not None
    assert graphs() > before
