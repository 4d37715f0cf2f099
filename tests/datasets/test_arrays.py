from __future__ import annotations

import hashlib

import numpy as np
import pytest

from mnist_search.datasets import class_counts
from mnist_search.datasets.arrays import (
    Part,
    check_image_shape,
    check_label_shape,
    digest_of_part,
    idx_md5,
    join_digests,
    make_part,
    part_digest,
)
from mnist_search.errors import DataError


def part_of(arrays: dict[str, np.ndarray]) -> Part:
    return make_part(arrays["x_train"], arrays["y_train"], name="train", where="here")


def test_digest_depends_on_every_array(arrays: dict[str, np.ndarray]) -> None:
    digest = part_digest(part_of(arrays))
    assert part_digest(part_of(arrays)) == digest
    for key in ("x_train", "y_train"):
        changed = {k: v.copy() for k, v in arrays.items()}
        changed[key].flat[-1] ^= 1
        assert part_digest(part_of(changed)) != digest


def test_digest_ignores_layout_and_label_type(arrays: dict[str, np.ndarray]) -> None:
    other = {
        "x_train": np.asfortranarray(arrays["x_train"].reshape(-1, 784)),
        "y_train": arrays["y_train"].astype(">i8").reshape(-1, 1),
    }
    assert part_digest(part_of(other)) == part_digest(part_of(arrays))


def test_digest_of_a_data_set_gives_back_its_parts() -> None:
    digest = join_digests("ab", "cd")
    assert digest_of_part(digest, "train") == "ab"
    assert digest_of_part(digest, "test") == "cd"


def test_idx_md5_is_that_of_the_file() -> None:
    labels = np.array([5, 0, 4], dtype=np.uint8)
    raw = bytes((0, 0, 8, 1, 0, 0, 0, 3, 5, 0, 4))
    assert idx_md5(labels) == hashlib.md5(raw).hexdigest()


@pytest.mark.parametrize("shape", [(5, 28, 28), (5, 28, 28, 1), (5, 784)])
def test_image_shapes_accepted(shape: tuple[int, ...]) -> None:
    assert check_image_shape(shape, where="x") == 5


@pytest.mark.parametrize(
    "shape", [(), (0, 28, 28), (28, 28), (5, 32, 32), (5, 28, 28, 3), (2**40, 28, 28)]
)
def test_image_shapes_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(DataError, match=r"^x must"):
        check_image_shape(shape, where="x")


@pytest.mark.parametrize("shape", [(4,), (5, 10), (5, 1, 1), ()])
def test_label_shapes_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(DataError, match="one label for each of the 5 images"):
        check_label_shape(shape, images=5, where="y")


@pytest.mark.parametrize("label", [10, 255, -1])
def test_labels_out_of_range(arrays: dict[str, np.ndarray], label: int) -> None:
    labels = arrays["y_train"].astype(np.int16)
    labels[7] = label
    with pytest.raises(DataError, match=rf"must be in 0\.\.9, got {label}$"):
        make_part(arrays["x_train"], labels, name="train", where="here")


def test_constant_images_are_refused(arrays: dict[str, np.ndarray]) -> None:
    arrays["x_train"][:] = 7
    with pytest.raises(DataError, match="every pixel of the train images is 7"):
        part_of(arrays)


def test_rare_class_is_refused_in_training_only(arrays: dict[str, np.ndarray]) -> None:
    arrays["y_train"][arrays["y_train"] == 3] = 4
    arrays["y_train"][:5] = 3
    with pytest.raises(DataError, match="class 3 has 5"):
        part_of(arrays)
    make_part(arrays["x_train"], arrays["y_train"], name="test", where="here")


def test_one_class_is_refused_and_two_are_not(arrays: dict[str, np.ndarray]) -> None:
    arrays["y_train"][:] = 8
    with pytest.raises(DataError, match="only class 8"):
        part_of(arrays)
    arrays["y_train"][:50] = 2
    assert class_counts(part_of(arrays).labels) == (0, 0, 50, 0, 0, 0, 0, 0, 70, 0)
