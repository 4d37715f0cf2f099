from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from mnist_search.datasets.files import is_there, read_part
from mnist_search.errors import DataError


def test_file_and_folder(npz: Callable[..., Path], idx: Callable[..., Path]) -> None:
    assert len(read_part(npz(), "test").labels) == 30
    assert len(read_part(idx(), "test").labels) == 30


def test_missing_path(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.npz: No such file or directory"):
        read_part(tmp_path / "none.npz", "train")


def test_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.npz")
    with pytest.raises(DataError, match="got a special file"):
        read_part(tmp_path / "pipe.npz", "train")


def test_path_that_cannot_be() -> None:
    with pytest.raises(DataError, match="cannot be read"):
        read_part(Path("a\0b"), "train")


def test_link_without_target(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    assert not is_there(tmp_path / "link")
    with pytest.raises(DataError, match="No such file"):
        read_part(tmp_path / "link", "train")
