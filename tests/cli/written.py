"""Studies of digits written by hand, whose weights are those of the nearest mean."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import numpy as np

from mnist_search.analysis import pack_predictions
from mnist_search.datasets import load_full, load_search
from mnist_search.engines.samplers import distribution_of
from mnist_search.references import get_reference
from mnist_search.spaces import find_space
from mnist_search.specs import (
    Adam,
    DatasetRef,
    Epoch,
    Failure,
    LinearClassifier,
    RunConfig,
    RunResult,
    Score,
    Training,
)
from mnist_search.studies import Ledger, SearchSpec, StudySpec, create_ledger, weights_path
from mnist_search.training.weights import Weights, save_weights

TRAINING = Training(optimizer=Adam(), batch_size=100, epochs=2)
EPOCHS = tuple(
    Epoch(
        epoch=number, loss=1 / number, accuracy=0.5 + number / 10, val_loss=0.9 / number,
        val_accuracy=0.6 + number / 10, seconds=1.0, validation_seconds=0.1,
    )
    for number in (1, 2)
)  # fmt: skip


def nearest_mean(images: np.ndarray, labels: np.ndarray) -> Weights:
    """Return the classifier that answers the class with the closest mean image."""
    pixels = images.reshape(len(images), -1) / np.float32(255)
    means = np.stack([pixels[labels == label].mean(axis=0) for label in range(10)])
    return {
        "1.coefficients": means.astype(np.float32),
        "1.intercepts": (-(means**2).sum(axis=1) / 2).astype(np.float32),
    }


def answers(weights: Weights, images: np.ndarray) -> np.ndarray:
    pixels = images.reshape(len(images), -1) / np.float32(255)
    decisions = pixels @ weights["1.coefficients"].T + weights["1.intercepts"]
    return decisions.argmax(axis=1).astype(np.uint8)


def write_run(
    ledger: Ledger, config: RunConfig, *, seed: int, reference: str | None = None, **fields: object
) -> None:
    """Write a run that is over; it is complete unless `fields` say otherwise."""
    number = ledger.open_trial(config=config, seed=seed, reference=reference)
    result = {"status": "complete", "config_id": config.config_id, "seed": seed}
    ledger.close_trial(number, RunResult.model_validate({**result, **fields}), worker=0)


def write_bench(folder: Path, digits: DatasetRef) -> None:
    """Write a benchmark.

    0 has weights, 1 and 2 and 3 have predictions alone, 4 has failed and recorded nothing,
    5 waits.
    """
    data = load_full(digits)
    weights = nearest_mean(data.train.images, data.train.labels)
    classes = answers(weights, data.test.images)
    score = Score(correct=int((classes == data.test.labels).sum()), total=len(classes))
    known = {
        "test": score,
        "predictions": pack_predictions(classes.tobytes()),
        "epochs": EPOCHS,
    }
    digest = save_weights(weights, weights_path(folder, 0))
    failure = Failure(kind="error", message="boom")
    runs: list[tuple[str, int, dict[str, object]]] = [
        ("logistic-l2", 0, {"weights_sha256": digest, **known}),
        ("logistic-l2", 1, known),
        ("cnn-simple", 0, known),
        ("cnn-plain", 0, known),
        ("mlp-784", 0, {"status": "failed", "failure": failure}),
    ]
    made = create_ledger(folder, StudySpec(name="bench", dataset=digits))
    with closing(made) as ledger, ledger.exclusive():
        for name, seed, fields in runs:
            config = get_reference(name).config
            write_run(ledger, config, seed=seed, reference=name, **fields)
        config = get_reference("dnn").config
        ledger.give_back(ledger.open_trial(config=config, seed=0, reference="dnn"))


def write_search(folder: Path, digits: DatasetRef, space_file: Path) -> None:
    """Write a search. Trial 0 has weights, 1 was stopped after its epochs."""
    data = load_search(digits)
    weights = nearest_mean(data.train.images, data.train.labels)
    classes = answers(weights, data.validation.images)
    score = Score(correct=int((classes == data.validation.labels).sum()), total=len(classes))
    spec = SearchSpec(
        space=find_space(str(space_file)), sampler="random", pruner="none", epochs=2, seed=0
    )
    config = RunConfig(model=LinearClassifier(), training=TRAINING)
    study = StudySpec(name="search", dataset=digits, search=spec)
    point = spec.space.defaults()
    ranges = {each.name: distribution_of(each) for each in spec.space.parameters}
    with closing(create_ledger(folder, study)) as ledger, ledger.exclusive():
        digest = save_weights(weights, weights_path(folder, 0))
        for number, fields in enumerate(
            ({"status": "complete", "weights_sha256": digest}, {"status": "pruned"})
        ):
            ledger.open_trial(config=config, seed=number, values=point, distributions=ranges)
            result = RunResult.model_validate(
                {
                    "config_id": config.config_id,
                    "seed": number,
                    "epochs": EPOCHS,
                    "reports": ((4, 0.5),),
                    "validation": score,
                    **fields,
                }
            )
            ledger.close_trial(number, result, worker=0)
