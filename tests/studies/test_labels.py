"""The labels of test images, read only where answers are compared in pairs."""

from __future__ import annotations

from pathlib import Path

import pytest

from mnist_search.analysis import pack_predictions
from mnist_search.datasets import resolve
from mnist_search.references import get_reference
from mnist_search.specs import DatasetRef, Record, RunResult, Score
from mnist_search.studies.labels import read_labels


@pytest.fixture
def digits() -> DatasetRef:
    return resolve("digits", environ={})


def run(name: str, dataset: DatasetRef, *, kept: bool = True) -> Record:
    config = get_reference(name).config
    images = dataset.test_images
    return Record(
        study="s",
        number=0,
        kind="reference",
        state="complete",
        reference=name,
        config=config,
        dataset=dataset,
        result=RunResult(
            status="complete",
            config_id=config.config_id,
            seed=0,
            test=Score(correct=0, total=images),
            predictions=pack_predictions(bytes(images)) if kept else None,
        ),
    )


def test_the_labels_of_two_recipes_that_kept_their_answers_are_read(digits: DatasetRef) -> None:
    found = read_labels([run("mlp-784", digits), run("cnn-simple", digits)])
    assert list(found) == [digits.digest]
    assert len(found[digits.digest]) == digits.test_images
    assert set(found[digits.digest]) == set(range(10))


def test_nothing_is_read_where_there_is_no_pair(digits: DatasetRef) -> None:
    assert read_labels([]) == {}
    assert read_labels([run("mlp-784", digits), run("mlp-784", digits)]) == {}
    assert read_labels([run("mlp-784", digits), run("cnn-simple", digits, kept=False)]) == {}


def test_data_that_is_gone_has_no_labels(digits: DatasetRef, tmp_path: Path) -> None:
    gone = digits.model_copy(
        update={"name": "gone", "path": str(tmp_path / "gone.npz"), "digest": "0" * 64}
    )
    assert read_labels([run("mlp-784", gone), run("cnn-simple", gone)]) == {}
