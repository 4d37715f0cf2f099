"""Saved `.keras` files answer as the models they were made of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mnist_search.errors import DataError
from mnist_search.specs import (
    Adam,
    BatchNorm,
    Conv,
    Dense,
    Flatten,
    LinearClassifier,
    Network,
    RunConfig,
    Training,
)
from mnist_search.training.data import Labelled

TRAINING = Training(optimizer=Adam(), batch_size=10, epochs=1)
NETWORK = Network(layers=(Conv(filters=2, kernel=5), BatchNorm(), Flatten(), Dense(units=6)))


def images() -> Labelled:
    random = np.random.default_rng(0)
    return Labelled(
        images=random.integers(0, 256, (40, 28, 28), dtype=np.uint8),
        labels=np.zeros(40, np.int32),
    )


@pytest.mark.slow
@pytest.mark.parametrize("spec", [NETWORK, LinearClassifier()], ids=["network", "linear"])
def test_a_saved_file_answers_as_the_model(
    spec: Network | LinearClassifier, tmp_path: Path
) -> None:
    import keras

    from mnist_search.training.build import build_model
    from mnist_search.training.weights import TrainedModel, save_keras, weights_of

    if isinstance(spec, Network):
        weights = weights_of(build_model(spec, "float32"), spec)
    else:
        random = np.random.default_rng(1)
        weights = {
            "1.coefficients": random.normal(size=(10, 784)).astype(np.float32),
            "1.intercepts": random.normal(size=10).astype(np.float32),
        }
    path = tmp_path / "model.keras"
    save_keras(spec, weights, path, precision="float32")
    assert [item.name for item in tmp_path.iterdir()] == ["model.keras"]
    asked = images()
    model = TrainedModel(RunConfig(model=spec, training=TRAINING), weights, precision="float32")
    classes, shares = model.predict(asked)
    found = keras.models.load_model(path).predict(asked.images[..., np.newaxis], verbose=0)
    assert np.array_equal(found.argmax(axis=1), classes)
    if isinstance(spec, Network):
        assert np.allclose(found.max(axis=1), shares, atol=1e-4)


@pytest.mark.slow
def test_weights_of_another_model_leave_no_file(tmp_path: Path) -> None:
    from mnist_search.training.weights import save_keras

    with pytest.raises(DataError, match="the weights must be those of"):
        save_keras(NETWORK, {}, tmp_path / "model.keras", precision="float32")
    assert list(tmp_path.iterdir()) == []
