"""Learning curves beside the published ones."""

from __future__ import annotations

import pytest

from mnist_search.analysis.baselines import collect_baselines
from mnist_search.analysis.suite import CurvePoint, published_curves
from mnist_search.references import REFERENCES, get_reference
from mnist_search.specs import DatasetRef, Record, Score
from tests.analysis.made_up import MNIST, curve, reference_run


def run(
    name: str, accuracies: list[float], *, seed: int = 0, dataset: DatasetRef = MNIST
) -> Record:
    score = Score(correct=9_800, total=10_000, loss=0.5, clipped_loss=0.4)
    return reference_run(name, seed=seed, dataset=dataset, test=score, epochs=curve(accuracies))


def curves(*records: Record) -> tuple[CurvePoint, ...]:
    return published_curves(collect_baselines(records, REFERENCES), REFERENCES)


def test_each_published_epoch_has_the_mean_over_the_seeds_beside_it() -> None:
    points = curves(
        run("cnn-simple", [0.96, 0.97, 0.98, 0.99]),
        run("cnn-simple", [0.94, 0.97, 0.98, 0.99], seed=1),
    )
    printed = get_reference("cnn-simple").published.curves
    assert [point.epoch for point in points] == [1, 2, 3, 4]
    assert points[0].val_accuracy == pytest.approx(0.95)
    assert [point.n for point in points] == [2, 2, 2, 2]
    assert [point.published_val_accuracy for point in points] == [e.val_accuracy for e in printed]
    assert [point.published_val_loss for point in points] == [e.val_loss for e in printed]
    # Only the last weights were scored with the clipped loss, too.
    assert [point.val_clipped_loss for point in points] == [None, None, None, 0.4]


def test_a_torn_line_of_the_document_is_put_together() -> None:
    tenth = curves(run("cnn-mnist-2", [0.9] * 12))[9]
    assert (tenth.published_val_accuracy, tenth.val_accuracy) == (0.9744, 0.9)


def test_without_a_published_curve_or_on_other_data_there_is_none() -> None:
    assert curves(run("mlp-relu-2", [0.9] * 30)) == ()
    fashion = MNIST.model_copy(update={"name": "fashion-mnist"})
    assert curves(run("cnn-simple", [0.9] * 4, dataset=fashion)) == ()
