"""What each protocol lets a run see."""

from __future__ import annotations

import numpy as np
import pytest

from mnist_search import datasets
from mnist_search.training.data import load_data


def same_images(part, images):
    return part.images.shape == images.shape and bool(np.all(part.images == images))


def test_held_out_jobs_see_no_test_images(make_job, digits, monkeypatch):
    monkeypatch.delattr(datasets, "load_full")
    data = load_data(make_job())
    search = datasets.load_search(digits)
    assert same_images(data.train, search.train.images)
    assert (data.watched_as, data.final_as) == ("selection", "validation")
    held_out = [image.tobytes() for image in search.validation.images]
    halves = [[image.tobytes() for image in half.images] for half in (data.watched, data.final)]
    assert [len(half) for half in halves] == [125, 125]
    assert sorted(halves[0] + halves[1]) == sorted(held_out)
    assert data.scored is data.final


def test_studies_of_earlier_versions_are_steered_by_all_that_is_held_out(make_job, digits):
    whole = digits.model_copy(update={"held_out": "whole"})
    data = load_data(make_job().model_copy(update={"dataset": whole}))
    assert same_images(data.watched, datasets.load_search(digits).validation.images)
    assert (data.watched_as, data.final) == ("validation", None)
    assert data.scored is data.watched


def test_the_rung_is_a_part_of_the_steering_images(make_job, monkeypatch):
    monkeypatch.setattr(datasets, "rung_subset", lambda labels: np.array([3, 5]))
    data = load_data(make_job())
    assert same_images(data.rung, data.watched.images[[3, 5]])
    assert list(data.rung.labels) == list(data.watched.labels[[3, 5]])


@pytest.mark.parametrize("protocol", ["documented", "corrected"])
def test_documents_watched_their_test_images(make_job, digits, protocol):
    data = load_data(make_job(protocol=protocol))
    full = datasets.load_full(digits)
    assert same_images(data.train, full.train.images)
    assert same_images(data.watched, full.test.images)
    assert (data.watched_as, data.rung, data.final) == ("test", None, None)


def test_confirmation_meets_the_test_images_at_the_end(make_job, digits):
    data = load_data(make_job(protocol="confirm"))
    full = datasets.load_full(digits)
    assert same_images(data.train, full.train.images)
    assert same_images(data.final, full.test.images)
    assert (data.final_as, data.rung, data.watched) == ("test", None, None)


def test_raw_test_pixels_stay_unscaled_and_training_pixels_do_not(make_job):
    raw = load_data(make_job(protocol="documented", raw_test_pixels=True))
    scaled = load_data(make_job(protocol="documented"))
    assert (raw.train.divisor, raw.watched.divisor) == (255.0, 1.0)
    assert raw.watched.scaled().max() == 255.0
    assert scaled.watched.scaled().max() == 1.0
    assert scaled.watched.scaled().dtype == np.float32


def test_fewer_training_images_are_a_fixed_stratified_part(make_job):
    everything = load_data(make_job()).train
    part = load_data(make_job(train_images=100)).train
    again = load_data(make_job(train_images=100, seed=2)).train
    assert len(part) == 100
    assert same_images(part, again.images)
    assert list(part.labels) == list(again.labels)
    shares = np.bincount(everything.labels, minlength=10) / len(everything) * 100
    assert np.all(np.abs(np.bincount(part.labels, minlength=10) - shares) <= 1)


def test_more_training_images_than_there_are_means_all(make_job):
    assert len(load_data(make_job(train_images=100_000)).train) == 1250


def test_arrays_are_read_once_per_process(make_job):
    assert load_data(make_job()).train.images is load_data(make_job(seed=2)).train.images
