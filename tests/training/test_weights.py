"""Trained weights: into a file, out of it, and back into the same model."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from mnist_search.errors import DataError
from mnist_search.specs import (
    Activate,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    LinearClassifier,
    Network,
    Pool,
)
from mnist_search.training import run_job, train
from mnist_search.training.linear import train_linear
from mnist_search.training.recorder import Recorder
from mnist_search.training.weights import (
    TrainedModel,
    kernels,
    load_weights,
    restore_model,
    save_weights,
    scored_images,
    weights_of,
)

slow = pytest.mark.slow

WEIGHTS = {
    "1.kernel": np.arange(6, dtype=np.float32).reshape(2, 3),
    "1.bias": np.array([0.5, np.nan, -np.inf], np.float32),
}
NETWORK = Network(
    layers=(
        Conv(filters=4, kernel=5),
        Pool(size=2),
        Conv(filters=3, kernel=3, activation="linear", bias=False),
        BatchNorm(),
        Activate(activation="relu"),
        Dropout(rate=0.2),
        Flatten(),
        Dense(units=16),
    )
)


def go_on(step, accuracy):
    return False


def test_weights_come_back_as_they_were(tmp_path):
    path = tmp_path / "new" / "run-0.weights.npz"
    digest = save_weights(WEIGHTS, path)
    assert digest == hashlib.sha256(path.read_bytes()).hexdigest()
    loaded = load_weights(path, sha256=digest)
    assert loaded.keys() == WEIGHTS.keys()
    for name, array in WEIGHTS.items():
        np.testing.assert_array_equal(loaded[name], array)
        assert loaded[name].dtype == np.float32
    assert save_weights(WEIGHTS, tmp_path / "again.npz") == digest
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_full_disk_leaves_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "run-0.weights.npz"
    path.write_bytes(b"old")

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        save_weights(WEIGHTS, path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_another_file_than_the_one_written_is_refused(tmp_path):
    path = tmp_path / "run-0.weights.npz"
    digest = save_weights(WEIGHTS, path)
    save_weights({**WEIGHTS, "1.kernel": WEIGHTS["1.kernel"] + 1}, path)
    with pytest.raises(DataError, match=f"not those that the study wrote .sha256 {digest[:16]}"):
        load_weights(path, sha256=digest)
    path.unlink()
    with pytest.raises(DataError, match="cannot be read: No such file"):
        load_weights(path, sha256=digest)


def write(path, **arrays):
    with path.open("wb") as file:
        np.savez(file, **arrays)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_pickled_objects_are_never_loaded(tmp_path):
    path = tmp_path / "run-0.weights.npz"
    digest = write(path, a=np.array([print], dtype=object))
    with pytest.raises(DataError, match="no weights in it"):
        load_weights(path, sha256=digest)


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04 cut short"])
def test_what_is_no_archive_is_one_sentence(tmp_path, content):
    path = tmp_path / "run-0.weights.npz"
    path.write_bytes(content)
    with pytest.raises(DataError, match="no weights in it") as caught:
        load_weights(path, sha256=hashlib.sha256(content).hexdigest())
    assert "\n" not in caught.value.message


def test_a_classifier_answers_as_before(make_job, tmp_path):
    job = make_job(LinearClassifier(), epochs=2)
    recorder = Recorder(job=job, report=go_on)
    model = train_linear(job, job.config.model, recorder)
    path = tmp_path / "run-0.weights.npz"
    digest = save_weights(weights_of(model, job.config.model), path)
    weights = load_weights(path, sha256=digest)
    assert {name: array.shape for name, array in weights.items()} == {
        "1.coefficients": (10, 784),
        "1.intercepts": (10,),
    }
    again = TrainedModel(job.config, weights, precision="float32")
    images = scored_images(job.config, job.dataset)
    classes, confidence = again.predict(images)
    expected = model.predict_proba(images.scaled()).max(axis=1)
    # Where all ten underflow, scikit-learn falls back to equal shares.
    told = expected > 0.11
    assert told.mean() > 0.9
    np.testing.assert_allclose(confidence[told], expected[told], atol=1e-4)
    right = int((classes == images.labels).sum())
    assert right == recorder.result().validation.correct
    assert again.feature_maps(images) == []
    (name,) = kernels(weights, job.config.model)
    assert name == "1 one-against-rest(l2 penalty)"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"1.coefficients": np.zeros((10, 783), np.float32)}, r"shape \(10, 784\), got float32 of"),
        ({"1.intercepts": np.zeros(10)}, "must be float32 of shape .10,., got float64"),
        ({"2.kernel": np.zeros(3, np.float32)}, "got those of 1.coefficients, 1.intercepts, 2.ker"),
    ],
)
def test_weights_of_another_model_are_refused(change, message):
    weights = {
        "1.coefficients": np.zeros((10, 784), np.float32),
        "1.intercepts": np.zeros(10, np.float32),
    }
    restore_model(LinearClassifier(), weights, precision="float32")
    with pytest.raises(DataError, match=message):
        restore_model(LinearClassifier(), {**weights, **change}, precision="float32")


@slow
@pytest.mark.parametrize(
    ("precision", "protocol"), [("float32", "documented"), ("bfloat16", "held-out")]
)
def test_a_network_answers_as_before(make_job, tmp_path, precision, protocol):
    path = tmp_path / "artifacts" / "run-0.weights.npz"
    job = make_job(NETWORK, epochs=2, precision=precision, protocol=protocol)
    job = job.model_copy(update={"weights_path": str(path)})
    result = run_job(job, go_on)
    assert result.status == "complete", result.failure
    weights = load_weights(path, sha256=result.weights_sha256)
    assert {array.dtype for array in weights.values()} == {np.dtype(np.float32)}
    assert sum(array.size for array in weights.values()) == result.parameters
    again = TrainedModel(job.config, weights, precision=precision)
    images = scored_images(job.config, job.dataset)
    classes, confidence = again.predict(images)
    assert int((classes == images.labels).sum()) == result.score.correct
    assert 0.1 < confidence.min() < confidence.max() <= 1
    assert list(kernels(weights, NETWORK)) == [
        "1 C4(5x5 valid)",
        "3 C3(3x3 valid linear no bias)",
        "8 D16",
        "9 D10(softmax)",
    ]
    # The control: with other weights the answers are others.
    zeros = {name: np.zeros_like(array) for name, array in weights.items()}
    classes, confidence = TrainedModel(job.config, zeros, precision=precision).predict(images)
    assert set(classes) == {0}
    np.testing.assert_allclose(confidence, 0.1)


@slow
def test_feature_maps_are_those_of_the_convolutions(make_job, tmp_path):
    job = make_job(NETWORK)
    model, _ = train(job, go_on)
    images = scored_images(job.config, job.dataset)
    trained = TrainedModel(job.config, weights_of(model, NETWORK), precision="float32")
    first, second = trained.feature_maps(images)
    assert (first.layer, first.label) == (1, "C4(5x5 valid)")
    assert (second.layer, second.label) == (3, "C3(3x3 valid linear no bias)")
    assert (first.maps.shape, second.maps.shape) == ((24, 24, 4), (10, 10, 3))
    pixels = images.images[:1, ..., np.newaxis].astype(np.float32) / 255
    np.testing.assert_allclose(first.maps, model.layers[0](pixels)[0], atol=1e-5)
    assert second.maps.min() < 0 <= first.maps.min()
    alone = make_job(Network(layers=(Conv(filters=2, kernel=3), Flatten())))
    model, _ = train(alone, go_on)
    weights = weights_of(model, alone.config.model)
    (only,) = TrainedModel(alone.config, weights, precision="float32").feature_maps(images)
    assert only.maps.shape == (26, 26, 2)


@slow
def test_only_complete_runs_store_weights(make_job, tmp_path):
    path = tmp_path / "run-0.weights.npz"
    job = make_job(epochs=2).model_copy(update={"weights_path": str(path)})
    stopped = run_job(job, lambda step, _: step == 4)
    assert (stopped.status, stopped.weights_sha256, path.exists()) == ("pruned", None, False)
    assert run_job(make_job(), go_on).weights_sha256 is None
    assert run_job(job, go_on).weights_sha256 is not None
    assert path.exists()


@slow
def test_weights_that_cannot_be_stored_do_not_cost_the_result(make_job, tmp_path, caplog):
    (tmp_path / "file").write_text("")
    path = tmp_path / "file" / "run-0.weights.npz"
    job = make_job().model_copy(update={"weights_path": str(path)})
    result = run_job(job, go_on)
    assert (result.status, result.weights_sha256) == ("complete", None)
    assert "the weights of run 0 are not stored" in caplog.text
