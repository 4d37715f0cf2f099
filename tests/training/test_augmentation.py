"""Augmented images against SciPy's, which Keras 2's generator used."""

from __future__ import annotations

import numpy as np
import pytest

from mnist_search.datasets import load_search
from mnist_search.specs import Augmentation

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def images(digits):
    """Return (64, 28, 28, 1) float32 in 0..1."""
    return load_search(digits).train.images[:64, ..., np.newaxis].astype(np.float32) / 255


def augment(images, augmentation, seed=(1, 2)):
    import tensorflow as tf

    from mnist_search.training.augmentation import augment

    return augment(images, augmentation, tf.constant(seed, tf.int64)).numpy()


def transform_with_scipy(image, *, angle, zoom, shift):
    """Follow `ImageDataGenerator`: rotation, shift, zoom about the centre, order 1, nearest."""
    from scipy.ndimage import affine_transform

    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    centre = np.array([13.5, 13.5])
    matrix = rotation @ np.diag(zoom)
    offset = rotation @ np.array(shift) + centre - matrix @ centre
    return affine_transform(image, matrix, offset, order=1, mode="nearest")


@pytest.mark.parametrize(
    ("angle", "zoom", "shift"),
    [
        (0.0, (1.0, 1.0), (0.0, 0.0)),
        (0.3, (1.0, 1.0), (0.0, 0.0)),
        (0.0, (1.2, 0.8), (0.0, 0.0)),
        (0.0, (1.0, 1.0), (3.0, -1.5)),
        (-0.5, (0.9, 1.1), (2.0, 2.5)),
    ],
)
def test_transforms_are_those_of_keras_2(images, angle, zoom, shift):
    import tensorflow as tf

    from mnist_search.training.augmentation import projections

    def column(value):
        return tf.constant([value], tf.float32)

    transforms = projections(
        angle=column(angle),
        zoom_rows=column(zoom[0]),
        zoom_columns=column(zoom[1]),
        shift_rows=column(shift[0]),
        shift_columns=column(shift[1]),
        rows=28,
        columns=28,
    )
    moved = tf.raw_ops.ImageProjectiveTransformV3(
        images=images[:1],
        transforms=transforms,
        output_shape=[28, 28],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="NEAREST",
    )
    expected = transform_with_scipy(images[0, ..., 0], angle=angle, zoom=zoom, shift=shift)
    assert moved.numpy()[0, ..., 0] == pytest.approx(expected, abs=1e-4)


def test_no_amounts_change_nothing(images):
    nothing = Augmentation(rotation_degrees=0, zoom=0, shift=0)
    assert augment(images, nothing) == pytest.approx(images, abs=1e-5)


def test_each_image_gets_its_own_change(images):
    same = np.repeat(images[:1], 8, axis=0)
    moved = augment(same, Augmentation())
    assert moved.shape == same.shape
    assert all(not np.array_equal(moved[0], other) for other in moved[1:])


def test_the_seed_decides(images):
    first, again = augment(images, Augmentation()), augment(images, Augmentation())
    assert np.array_equal(first, again)
    assert not np.array_equal(first, augment(images, Augmentation(), (1, 3)))
    assert not np.array_equal(first, augment(images, Augmentation(), (2, 2)))


def test_shifts_stay_within_their_share(images):
    # One bright pixel in the middle moves by 0.25 x 28 = 7 pixels at the most, and about that far.
    dot = np.zeros((400, 28, 28, 1), np.float32)
    dot[:, 14, 14] = 1.0
    moved = augment(dot, Augmentation(rotation_degrees=0, zoom=0, shift=0.25))[..., 0]
    _, rows, columns = np.nonzero(moved > 0.25)
    for places in (rows, columns):
        assert 7 <= places.min() <= 8
        assert 20 <= places.max() <= 21


def test_borders_are_filled_with_the_nearest_pixel():
    white = np.ones((16, 28, 28, 1), np.float32)
    assert augment(white, Augmentation(shift=0.5)) == pytest.approx(white)
