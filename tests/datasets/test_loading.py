from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mnist_search.datasets import class_counts, load_full, load_search, resolve
from mnist_search.datasets.finding import inspect
from mnist_search.errors import DataError

Write = Callable[..., Path]


def test_search_data_are_the_training_images(npz: Write, arrays: dict[str, np.ndarray]) -> None:
    data = load_search(inspect(npz()).ref)
    assert (data.train.images.shape, data.validation.images.shape) == ((100, 28, 28), (20, 28, 28))
    assert class_counts(data.validation.labels) == (2,) * 10
    seen = {x.tobytes(): int(y) for x, y in zip(data.train.images, data.train.labels, strict=True)}
    seen |= {
        x.tobytes(): int(y)
        for x, y in zip(data.validation.images, data.validation.labels, strict=True)
    }
    given = zip(arrays["x_train"], arrays["y_train"], strict=True)
    assert seen == {x.tobytes(): int(y) for x, y in given}


def test_search_does_not_need_the_test_images(
    npz: Write, idx: Write, arrays: dict[str, np.ndarray]
) -> None:
    ref = inspect(npz()).ref
    npz(x_test=None, y_test=None)
    assert len(load_search(ref).train.labels) == 100
    with pytest.raises(DataError, match="x_test is missing"):
        load_full(ref)
    folder = idx()
    ref = inspect(folder).ref
    for path in folder.glob("t10k-*"):
        path.unlink()
    assert len(load_search(ref).train.labels) == 100


def test_full_data(npz: Write, arrays: dict[str, np.ndarray]) -> None:
    data = load_full(inspect(npz()).ref)
    found = {
        "x_train": data.train.images,
        "y_train": data.train.labels,
        "x_test": data.test.images,
        "y_test": data.test.labels,
    }
    assert found.keys() == arrays.keys()
    for key, array in arrays.items():
        np.testing.assert_array_equal(found[key], array)


@pytest.mark.parametrize("key", ["x_train", "y_train"])
def test_changed_training_images(npz: Write, arrays: dict[str, np.ndarray], key: str) -> None:
    ref = inspect(npz()).ref
    npz(**{key: np.roll(arrays[key], 1, axis=0)})
    for load in (load_search, load_full):
        with pytest.raises(DataError, match=r"the train images of .* are not those of this study"):
            load(ref)


def test_changed_test_images(npz: Write, arrays: dict[str, np.ndarray]) -> None:
    ref = inspect(npz()).ref
    npz(x_test=arrays["x_test"] ^ 1)
    assert len(load_search(ref).train.labels) == 100
    with pytest.raises(DataError, match="the test images of npz:own are not those"):
        load_full(ref)


def test_data_that_is_gone(npz: Write) -> None:
    path = npz()
    ref = inspect(path).ref
    path.unlink()
    with pytest.raises(DataError, match="No such file"):
        load_search(ref)


def test_digits() -> None:
    ref = resolve("digits", environ={})
    data = load_search(ref)
    assert (len(data.train.labels), len(data.validation.labels)) == (1250, 250)
    assert len(load_full(ref).test.labels) == 297
    with pytest.raises(DataError, match="the embedded digits: the train images"):
        load_search(ref.model_copy(update={"digest": "0-0"}))
