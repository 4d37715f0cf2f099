"""What images and labels are read as, and what is refused, whatever file holds them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_search.datasets import load_full
from mnist_search.datasets.arrays import Part, class_counts
from mnist_search.datasets.finding import inspect, read_part
from mnist_search.errors import DataError

Write = Callable[..., Path]
Arrays = dict[str, np.ndarray]


def changed(arrays: Arrays, letter: str, change: Callable[[np.ndarray], Any]) -> Arrays:
    return {key: change(array) if key[0] == letter else array for key, array in arrays.items()}


def test_arrays_in_order_of_images_and_labels(npz: Write, arrays: Arrays, tmp_path: Path) -> None:
    plain = inspect(npz()).ref
    order = (arrays["x_train"], arrays["x_test"], arrays["y_train"], arrays["y_test"])
    np.savez(tmp_path / "other.npz", *order)
    assert inspect(tmp_path / "other.npz").ref.digest == plain.digest


def test_two_arrays_for_one_part_are_not_guessed_at(npz: Write, arrays: Arrays) -> None:
    path = npz(train_x=arrays["x_train"], train_data=arrays["x_train"])
    assert len(read_part(path, "train").labels) == 120
    path = npz(x_train=None, train_x=arrays["x_train"], train_data=arrays["x_train"])
    with pytest.raises(DataError, match="could both be the train images") as caught:
        read_part(path, "train")
    assert caught.value.hint == "name the right one x_train"


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int32, np.float32])
def test_black_and_white(npz: Write, arrays: Arrays, dtype: Any) -> None:
    bits = changed(arrays, "x", lambda x: (x > 99).astype(dtype))
    found = inspect(npz(**bits))
    whole = load_full(found.ref)
    assert np.unique(whole.train.images).tolist() == [0, 255]
    np.testing.assert_array_equal(whole.train.images == 255, arrays["x_train"] > 99)
    assert "(0..1 times 255)" in found.sentence


def test_grey_levels_are_rounded_and_that_is_said(npz: Write, arrays: Arrays) -> None:
    whole = inspect(npz(**changed(arrays, "x", lambda x: np.clip(x + 0.3, 0, 255))))
    np.testing.assert_array_equal(load_full(whole.ref).test.images, arrays["x_test"])
    assert "(rounded to whole grey levels)" in whole.sentence
    whole = inspect(npz(**changed(arrays, "x", lambda x: np.clip(x + 0.3, 0, 255) / 255)))
    assert "(0..1 times 255, rounded)" in whole.sentence


def test_what_was_read_as_what(npz: Write, arrays: Arrays) -> None:
    path = npz(**changed(arrays, "x", lambda x: x / 255))
    assert inspect(path).sentence == (
        f"read {path}: x_train (120, 28, 28) float64 as images (0..1 times 255), y_train (120,) "
        "uint8 as labels; x_test and y_test alike"
    )
    path = npz(x_test=arrays["x_test"].reshape(-1, 784), y_test=arrays["y_test"].astype(str))
    assert inspect(path).sentence.endswith(
        "; x_test (30, 784) uint8 as images, y_test (30,) <U3 as labels (digits as texts)"
    )


def test_arrays_that_are_not_read_are_named(npz: Write, arrays: Arrays) -> None:
    path = npz(x_val=arrays["x_test"], y_val=arrays["y_test"])
    assert inspect(path).sentence.endswith("alike; not read: x_val, y_val")


def test_a_hair_beyond_one_is_one(npz: Write, arrays: Arrays) -> None:
    path = npz(**changed(arrays, "x", lambda x: x / 255 * 1.00001))
    np.testing.assert_array_equal(read_part(path, "train").images, arrays["x_train"])


def test_fractions_of_no_known_range_are_not_rounded_away(npz: Write, arrays: Arrays) -> None:
    path = npz(x_train=arrays["x_train"] / 255 * 2.8)
    with pytest.raises(DataError, match=r"must lie in 0\.\.255 or 0\.\.1, got 0\.\.2\.8$"):
        read_part(path, "train")


def test_black_and_white_beside_grey(npz: Write, arrays: Arrays) -> None:
    whole = load_full(inspect(npz(x_test=arrays["x_test"] > 99)).ref)
    assert np.unique(whole.test.images).tolist() == [0, 255]


def test_parts_in_different_ranges(npz: Write, arrays: Arrays) -> None:
    path = npz(x_test=arrays["x_test"] / 255)
    with pytest.raises(
        DataError, match=r"training images are in 0\.\.255, the test images in 0\.\.1"
    ):
        inspect(path)


@pytest.mark.parametrize(
    "shape",
    [(0, 28, 28), (28, 28), (5, 32, 32), (5, 28, 28, 3), (5, 27, 28), (5,), (2, 2, 2, 2, 2)],
)
def test_image_shapes_refused(npz: Write, shape: tuple[int, ...]) -> None:
    with pytest.raises(DataError, match="x_train must have the shape") as caught:
        read_part(npz(x_train=np.ones(shape, np.uint8)), "train")
    assert caught.value.hint is not None


@pytest.mark.parametrize("shape", [(4,), (5, 10), (120, 1, 1), (), (120, 1001)])
def test_label_shapes_refused(npz: Write, shape: tuple[int, ...]) -> None:
    with pytest.raises(DataError, match="one label for each of the 120 images"):
        read_part(npz(y_train=np.zeros(shape, np.uint8)), "train")


@pytest.mark.parametrize("label", [10, 255, -1])
def test_labels_out_of_range(npz: Write, arrays: Arrays, label: int) -> None:
    labels = arrays["y_train"].astype(np.int16)
    labels[7] = label
    with pytest.raises(DataError, match=rf"train labels must be in 0\.\.9, got {label}$"):
        read_part(npz(y_train=labels), "train")


def test_texts_that_are_no_digits(npz: Write, arrays: Arrays) -> None:
    labels = np.where(arrays["y_test"] == 3, "three", arrays["y_test"].astype(str))
    with pytest.raises(DataError, match="y_test must be digits, got the text 'three'"):
        read_part(npz(y_test=labels), "test")
    with pytest.raises(DataError, match="must be digits, got texts of <U70"):
        read_part(npz(y_test=labels.astype("U70")), "test")


def test_constant_images_are_refused(npz: Write, arrays: Arrays) -> None:
    with pytest.raises(DataError, match="every pixel of the train images is 7"):
        read_part(npz(x_train=np.full_like(arrays["x_train"], 7)), "train")


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_infinite_pixels(npz: Write, arrays: Arrays, bad: float) -> None:
    images = arrays["x_train"].astype(float)
    images[119, 27, 27] = bad
    with pytest.raises(DataError, match="must be finite numbers"):
        read_part(npz(x_train=images), "train")


def test_rare_class_is_refused_in_training_only(npz: Write, arrays: Arrays) -> None:
    labels = arrays["y_train"].copy()
    labels[labels == 3] = 4
    labels[:5] = 3
    with pytest.raises(DataError, match="class 3 has 5"):
        read_part(npz(y_train=labels), "train")
    path = npz(x_test=arrays["x_train"], y_test=labels)
    assert isinstance(read_part(path, "test"), Part)


def test_one_class_is_refused_and_two_are_not(npz: Write, arrays: Arrays) -> None:
    labels = np.full_like(arrays["y_train"], 8)
    with pytest.raises(DataError, match="only class 8"):
        read_part(npz(y_train=labels), "train")
    labels[:50] = 2
    part = read_part(npz(y_train=labels), "train")
    assert class_counts(part.labels) == (0, 0, 50, 0, 0, 0, 0, 0, 70, 0)


def dark(images: np.ndarray) -> np.ndarray:
    """Return noise in 0..255 with a mean of a third of that."""
    return (images.astype(float) ** 2 / 255).astype(np.uint8)


def test_a_plain_set_has_no_warnings(npz: Write, arrays: Arrays) -> None:
    assert inspect(npz(**changed(arrays, "x", dark))).warnings == ()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda x: x // 16, "only go from 0 to 15 of 0..255"),
        (lambda x: x / 255 / 255, "only go from 0 to 1 of 0..255"),
        (lambda x: 255 - dark(x), "255 - x inverts"),
    ],
)
def test_odd_pixels_are_told(
    npz: Write, arrays: Arrays, change: Callable[[np.ndarray], Any], words: str
) -> None:
    (warning,) = inspect(npz(**changed(arrays, "x", change))).warnings
    assert words in warning


def test_test_classes_that_training_lacks_are_told(npz: Write, arrays: Arrays) -> None:
    images = changed(arrays, "x", dark)
    (warning,) = inspect(npz(**images | {"y_train": arrays["y_train"] % 8})).warnings
    assert warning.endswith("training lacks (8, 9): 20% of them cannot be recognised")
