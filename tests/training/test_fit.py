"""The epochs of one network, and the evaluations between them."""

from __future__ import annotations

import numpy as np
import pytest

from mnist_search.specs import BatchNorm, Dense, Flatten, Network
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
