"""scikit-learn's linear classifiers as runs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mnist_search.specs import Augmentation, LinearClassifier
from mnist_search.specs.shapes import UnbuildableError
from mnist_search.training import linear
from mnist_search.training.data import load_data
from mnist_search.training.evaluate import DivergedError
from mnist_search.training.linear import train_linear
from mnist_search.training.recorder import Recorder

BY_EPOCH = LinearClassifier()
AT_ONCE = LinearClassifier(tolerance=1e-3)


def run(job, report=lambda step, accuracy: False):
    recorder = Recorder(job=job, report=report)
    model = train_linear(job, job.config.model, recorder)
    return model, recorder.result()


def test_it_learns_and_reports_every_epoch(make_job):
    reports = []
    _, result = run(make_job(BY_EPOCH, epochs=3), lambda *pair: reports.append(pair))
    assert [step for step, _ in reports] == [4, 8, 12]
    assert result.reports == tuple(reports)
    assert [epoch.val_accuracy for epoch in result.epochs] == [value for _, value in reports]
    assert result.selection.accuracy == reports[-1][1]
    assert result.validation.accuracy > 0.8
    assert result.train.total == 1250
    assert result.train.accuracy > result.validation.accuracy - 0.1
    assert (result.parameters, result.trainable_parameters, result.flops) == (7850, 7850, 15680)


def test_coefficients_at_zero_are_counted(make_job):
    zeros = {}
    for penalty in ("none", "l1"):
        spec = LinearClassifier(penalty=penalty, alpha=1e-3)
        model, result = run(make_job(spec, epochs=2))
        assert result.zero_coefficients == int((model.coef_ == 0).sum())
        zeros[penalty] = result.zero_coefficients
    # Pixels that are never set have none without a penalty, either.
    assert 0 < zeros["none"] < zeros["l1"] < 7840


def test_a_stop_ends_it_after_that_epoch(make_job):
    _, result = run(make_job(BY_EPOCH, epochs=5), lambda step, _: step == 8)
    assert result.status == "pruned"
    assert len(result.epochs) == 2
    assert result.timings.inference_us_batch_1 is None


def test_a_tolerance_lets_scikit_learn_decide_when_to_end(make_job):
    model, result = run(make_job(AT_ONCE, epochs=1000))
    assert 5 < model.n_iter_ < 1000
    assert [epoch.epoch for epoch in result.epochs] == [model.n_iter_]
    assert result.reports == ((4 * model.n_iter_, result.selection.accuracy),)
    assert result.timings.inference_us_batch_256 > 0


def test_ending_before_convergence_is_no_warning(make_job):
    model, _ = run(make_job(AT_ONCE, epochs=2))
    assert model.n_iter_ == 2


def test_the_loss_is_that_of_scikit_learns_probabilities(make_job):
    job = make_job(AT_ONCE, epochs=1000)
    model, result = run(job)
    data = load_data(job)
    for images, score in ((data.watched, result.selection), (data.final, result.validation)):
        probabilities = model.predict_proba(images.scaled())
        expected = -np.log(probabilities[np.arange(len(images)), images.labels]).mean()
        assert score.loss == pytest.approx(expected, rel=1e-4)
        assert score.accuracy == model.score(images.scaled(), images.labels)


def test_the_half_that_steers_is_all_that_reports_and_choices_depend_on(make_job, monkeypatch):
    job = make_job(BY_EPOCH, epochs=3)
    _, before = run(job)
    data = load_data(job)

    def wrong(name):
        images = getattr(data, name)
        mistaken = replace(images, labels=(images.labels + 1) % 10)
        monkeypatch.setattr(linear, "load_data", lambda _: replace(data, **{name: mistaken}))
        return run(job)[1]

    measured = wrong("final")
    assert (measured.reports, measured.selection) == (before.reports, before.selection)
    assert measured.last_accuracy == before.last_accuracy
    assert measured.validation != before.validation
    # Control: labels of the other half do change them, and leave the measured score.
    steered = wrong("watched")
    assert steered.reports != before.reports
    assert steered.validation == before.validation


@pytest.mark.parametrize(("stop", "looks"), [(99, 1), (8, 0)], ids=["complete", "stopped"])
def test_the_half_that_measures_is_evaluated_once_by_a_complete_run(
    make_job, monkeypatch, stop, looks
):
    job = make_job(BY_EPOCH, epochs=3)
    final, seen = load_data(job).final, []
    evaluate = linear.evaluate_logits

    def spy(logits, labels, *, what):
        seen.append(labels)
        return evaluate(logits, labels, what=what)

    monkeypatch.setattr(linear, "evaluate_logits", spy)
    _, result = run(job, lambda step, _: step == stop)
    assert sum(np.array_equal(labels, final.labels) for labels in seen) == looks
    assert (result.validation is not None) is bool(looks)


@pytest.mark.parametrize("spec", [BY_EPOCH, AT_ONCE], ids=["by-epoch", "at-once"])
def test_a_run_is_a_function_of_its_seed(make_job, spec):
    (first, _), (again, _), (other, _) = (
        run(make_job(spec, epochs=3, seed=seed)) for seed in (0, 0, 1)
    )
    assert np.array_equal(first.coef_, again.coef_)
    assert not np.array_equal(first.coef_, other.coef_)


def test_epochs_are_shuffled_anew(make_job):
    # scikit-learn draws the order of an epoch from this state; a number would never move on.
    states = [
        run(make_job(BY_EPOCH, epochs=epochs, train_images=20))[0].random_state.get_state()
        for epochs in (1, 1, 2)
    ]
    positions = [(tuple(state[1]), state[2]) for state in states]
    assert positions[0] == positions[1] != positions[2]


def test_the_specification_reaches_scikit_learn(make_job):
    spec = LinearClassifier(penalty="none", alpha=0.5, policy="invscaling", eta0=0.3, average=True)
    model, _ = run(make_job(spec, train_images=50))
    chosen = model.get_params()
    assert (chosen["loss"], chosen["penalty"], chosen["alpha"]) == ("log_loss", None, 0.5)
    assert (chosen["learning_rate"], chosen["eta0"]) == ("invscaling", 0.3)
    assert (chosen["average"], chosen["tol"]) == (True, None)


def test_protocols_with_test_images_end_with_a_test_score(make_job):
    _, watched = run(make_job(BY_EPOCH, protocol="corrected"))
    _, confirmed = run(make_job(BY_EPOCH, protocol="confirm"))
    for result in (watched, confirmed):
        assert result.validation is None
        assert result.test.total == 297
        assert result.predictions is not None
    assert watched.epochs[0].val_accuracy == watched.test.accuracy
    assert confirmed.epochs[0].val_accuracy is None
    assert confirmed.reports == ()


def test_bfloat16_does_not_reach_it(make_job):
    _, result = run(make_job(BY_EPOCH, precision="bfloat16", train_images=50))
    assert result.precision == "float32"


def test_weights_that_overflow_have_diverged(make_job):
    spec = LinearClassifier(policy="constant", eta0=1e300, penalty="none")
    with pytest.raises(DivergedError, match="overflowed"):
        run(make_job(spec, epochs=3))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"augmentation": Augmentation()}, "augmented images"),
        ({"label_smoothing": 0.1}, "label smoothing"),
        ({"clip_norm": 1.0}, "clipped gradients"),
    ],
)
def test_what_scikit_learn_cannot_do_is_refused(make_job, changes, words):
    with pytest.raises(UnbuildableError, match=words):
        run(make_job(BY_EPOCH, **changes))
