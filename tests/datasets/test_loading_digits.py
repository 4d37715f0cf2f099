from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import sklearn.datasets

from mnist_search.datasets import class_counts
from mnist_search.datasets.arrays import part_digest
from mnist_search.datasets.loading import _enlarge, _read_digits, read_digits_part


def test_form_and_balance() -> None:
    train, test = read_digits_part("train"), read_digits_part("test")
    assert train.images.shape == (1500, 28, 28)
    assert test.images.shape == (297, 28, 28)
    assert train.images.dtype == train.labels.dtype == np.uint8
    assert set(class_counts(test.labels)) == {29, 30}
    assert (train.images.min(), train.images.max()) == (0, 255)


def test_same_bytes_everywhere() -> None:
    assert part_digest(read_digits_part("train")) == "b3022bde089df506ddfe1dbdc6d52bab"
    assert part_digest(read_digits_part("test")) == "961abdce2667cf115965e9ec35c50bd7"


def test_a_scikit_learn_that_keeps_them_elsewhere_gives_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known, real, asked = _read_digits(), sklearn.datasets.load_digits, []

    def load_digits(**how: bool) -> object:
        asked.append(how)
        return real(**how)

    monkeypatch.setattr(sklearn.datasets, "load_digits", load_digits)
    monkeypatch.setattr(Path, "is_file", lambda path: path.name != "digits.csv.gz")
    assert np.array_equal(known, _read_digits())
    assert asked


def test_no_image_is_in_both_parts() -> None:
    train = {image.tobytes() for image in read_digits_part("train").images}
    test = {image.tobytes() for image in read_digits_part("test").images}
    assert not train & test


def test_enlarging_keeps_the_picture() -> None:
    scan = np.zeros((1, 8, 8), dtype=np.int64)
    scan[0, 2, 5] = 16
    image = _enlarge(scan)[0].astype(float)
    rows, columns = np.mgrid[:28, :28]
    # The centre of scan pixel p lies at 4 + 2.5 p + 0.75 of the image.
    assert abs((image * rows).sum() / image.sum() - 9.75) < 0.1
    assert abs((image * columns).sum() / image.sum() - 17.25) < 0.1
    assert image[:4].max() == image[-4:].max() == image[:, :4].max() == 0


def test_flat_grey_stays_flat() -> None:
    image = _enlarge(np.full((1, 8, 8), 8, dtype=np.int64))[0]
    assert (image[4:24, 4:24] == 128).all()
