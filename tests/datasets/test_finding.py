from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mnist_search.datasets.finding import read_part
from mnist_search.datasets.places import is_there
from mnist_search.errors import DataError


def test_file_and_folder(npz: Callable[..., Path], idx: Callable[..., Path]) -> None:
    assert len(read_part(npz(), "test").labels) == 30
    assert len(read_part(idx(), "test").labels) == 30


def test_missing_path(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.npz: No such file or directory"):
        read_part(tmp_path / "none.npz", "train")


def test_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.npz")
    with pytest.raises(DataError, match="must be a file or a folder, got a pipe"):
        read_part(tmp_path / "pipe.npz", "train")


def test_device_is_refused() -> None:
    with pytest.raises(DataError, match="must be a file or a folder, got a device"):
        read_part(Path("/dev/zero"), "train")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("a" * 600, "the name is too long: 600 bytes"),
        ("/".join(["a" * 200] * 30), "the path is too long: 6,0"),
    ],
)
def test_overlong_path(path: str, words: str) -> None:
    with pytest.raises(DataError, match=words) as caught:
        read_part(Path(path), "train")
    assert len(caught.value.message) < 300


def test_path_that_cannot_be() -> None:
    with pytest.raises(DataError, match="cannot be read"):
        read_part(Path("a\0b"), "train")


def test_link_without_target(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    assert not is_there(tmp_path / "link")
    with pytest.raises(DataError, match="No such file"):
        read_part(tmp_path / "link", "train")


def test_folder_that_holds_an_archive(npz: Callable[..., Path]) -> None:
    path = npz()
    assert len(read_part(path.parent, "test").labels) == 30
    path.rename(path.with_name("MNIST.npz"))
    npz("other.npz", x_test=None)
    assert len(read_part(path.parent, "test").labels) == 30


def test_folder_with_several_archives_is_not_guessed_at(npz: Callable[..., Path]) -> None:
    npz("a.npz")
    with pytest.raises(DataError, match=r"several \.npz files: a\.npz, b\.npz") as caught:
        read_part(npz("b.npz").parent, "train")
    assert caught.value.hint == "name one of them"


def test_folder_with_the_data_in_a_folder(npz: Callable[..., Path], tmp_path: Path) -> None:
    (tmp_path / "datasets").mkdir()
    npz().rename(tmp_path / "datasets" / "mnist.npz")
    assert len(read_part(tmp_path, "test").labels) == 30


def test_folder_with_arrays_in_files(tmp_path: Path, arrays: dict[str, np.ndarray]) -> None:
    for name, array in arrays.items():
        np.save(tmp_path / f"{name}.npy", array)
    np.testing.assert_array_equal(read_part(tmp_path, "test").images, arrays["x_test"])
    (tmp_path / "y_test.npy").unlink()
    with pytest.raises(DataError, match=r"y_test\.npy is missing"):
        read_part(tmp_path, "test")


def test_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no data that can be read") as caught:
        read_part(tmp_path, "train")
    assert "IDX files" in str(caught.value.hint)
