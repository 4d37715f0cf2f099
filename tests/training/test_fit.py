"""The epochs of one network, and the evaluations between them."""

from __future__ import annotations

import numpy as np
import pytest

from mnist_search.specs import SGD, BatchNorm, Dense, Flatten, Network, Training
from mnist_search.training import train
from mnist_search.training.data import load_data

pytestmark = pytest.mark.slow

NORMED = Network(layers=(Flatten(), BatchNorm(), Dense(units=8)))


@pytest.mark.parametrize("stop", [1, 3, 4, 6])
def test_the_averages_of_a_stopped_run_are_those_of_all_its_steps(make_job, stop):
    # 13 steps an epoch: after a quarter 4 % of the start would be forgotten.
    job = make_job(NORMED, epochs=3, rungs=(1, 2, 3, 5, 6))
    model, result = train(job, lambda step, _: step == stop)
    assert (result.status, result.reports[-1][0]) == ("pruned", stop)
    mean = load_data(job).train.scaled().mean(axis=0)
    found = model.layers[1].moving_mean.numpy()
    # Means of 100 images each scatter about that of all 1,250.
    assert np.abs(found - mean).max() < 0.1
    assert np.linalg.norm(found) == pytest.approx(np.linalg.norm(mean), rel=0.05)


def test_documents_keep_their_averages_as_they_are(make_job):
    job = make_job(NORMED, protocol="documented")
    model, _ = train(job, lambda *_: False)
    mean = load_data(job).train.scaled().mean(axis=0)
    found = model.layers[1].moving_mean.numpy()
    assert np.linalg.norm(found) == pytest.approx((1 - 0.99**15) * np.linalg.norm(mean), rel=0.05)


def test_penalties_are_part_of_the_loss(make_job):
    # At a rate of nothing the weights stay as they start.
    still = {"optimizer": SGD(learning_rate=1e-12)}
    plain = Network(layers=(Flatten(), Dense(units=8)))
    penalized = Network(layers=(Flatten(), Dense(units=8, l1=0.01, l2=0.1)))
    model, one = train(make_job(plain, **still), lambda *_: False)
    _, other = train(make_job(penalized, **still), lambda *_: False)
    kernel = model.layers[1].kernel.numpy()
    penalty = 0.01 * np.abs(kernel).sum() + 0.1 * np.square(kernel).sum()
    assert other.epochs[0].loss - one.epochs[0].loss == pytest.approx(penalty, rel=1e-4)
    assert other.epochs[0].val_loss == pytest.approx(one.epochs[0].val_loss, rel=1e-6)


def test_a_penalty_makes_weights_small(make_job):
    sizes = []
    for l2 in (0.0, 0.1):
        network = Network(layers=(Flatten(), Dense(units=8, l2=l2)))
        model, _ = train(make_job(network, epochs=3), lambda *_: False)
        sizes.append(float(np.square(model.layers[1].kernel.numpy()).sum()))
    assert sizes[1] < 0.5 * sizes[0]


# Keras' own callback makes an array of a variable in the old way.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_the_rate_falls_on_a_plateau_as_with_keras():
    import keras

    from mnist_search.training.loop import Plateau

    training = Training(
        optimizer=SGD(),
        batch_size=1,
        epochs=1,
        schedule="reduce-on-plateau",
        plateau_factor=0.3,
        plateau_patience=2,
    )
    ours, theirs = keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1)
    plateau = Plateau(training, ours)
    callback = keras.callbacks.ReduceLROnPlateau(monitor="loss", factor=0.3, patience=2)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(optimizer=theirs, loss="mse")
    callback.set_model(model)
    callback.on_train_begin()
    rates = []
    losses = [1.0, 0.9, 0.89995, 0.91, 0.9, 0.95, 0.5, 0.6, 0.7, 0.8, 0.9, 0.4]
    for epoch, loss in enumerate(losses):
        plateau.end_epoch(loss)
        callback.on_epoch_end(epoch, {"loss": loss})
        rates.append(float(ours.learning_rate))
        assert rates[-1] == pytest.approx(float(theirs.learning_rate), rel=1e-5)
    assert len(set(rates)) == 5


def test_a_run_with_the_schedule_lowers_its_rate(make_job):
    """So slow that no epoch lowers the loss: the third of them goes a tenth of the way."""

    def kernel(rate, schedule):
        job = make_job(
            epochs=3,
            schedule=schedule,
            plateau_patience=1,
            plateau_factor=0.1,
            optimizer=SGD(learning_rate=rate),
        )
        model, _ = train(job, lambda *_: False)
        return model.layers[-1].kernel.numpy()

    start = kernel(1e-12, "constant")
    way = np.linalg.norm(kernel(2e-6, "constant") - start)
    shorter = np.linalg.norm(kernel(2e-6, "reduce-on-plateau") - start)
    assert shorter / way == pytest.approx(2.1 / 3, rel=0.05)


def test_the_answers_to_validation_images_are_kept_where_they_are_wanted(make_job):
    job = make_job(NORMED)
    _, without = train(job, lambda *_: False)
    assert without.validation_predictions is None
    _, result = train(job.model_copy(update={"keep_answers": True}), lambda *_: False)
    from mnist_search.analysis.contenders import unpack_predictions
    from mnist_search.studies.reading import read_validation_images

    _, labels = read_validation_images(job.dataset)
    found = np.frombuffer(
        unpack_predictions(result.validation_predictions, result.validation.total), np.uint8
    )
    right = found == np.frombuffer(labels, np.uint8)
    assert right.sum() == result.validation.correct
    assert result.predictions is None
