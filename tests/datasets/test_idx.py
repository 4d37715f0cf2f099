from __future__ import annotations

import gzip
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mnist_search.datasets.idx import read_idx_part
from mnist_search.errors import DataError

Write = Callable[..., Path]


def header(*shape: int, kind: int = 8) -> bytes:
    return bytes((0, 0, kind, len(shape))) + struct.pack(f">{len(shape)}I", *shape)


@pytest.mark.parametrize("zipped", [False, True])
def test_reads_what_was_written(idx: Write, arrays: dict[str, np.ndarray], zipped: bool) -> None:
    folder = idx(zipped=zipped)
    for name in ("train", "test"):
        part = read_idx_part(folder, name)
        np.testing.assert_array_equal(part.images, arrays[f"x_{name}"])
        np.testing.assert_array_equal(part.labels, arrays[f"y_{name}"])


def test_names_with_a_dot(idx: Write) -> None:
    folder = idx()
    for path in list(folder.iterdir()):
        path.rename(folder / path.name.replace("-idx", ".idx"))
    assert len(read_idx_part(folder, "train").labels) == 120


def test_the_other_part_is_not_read(idx: Write) -> None:
    folder = idx(x_test=b"damaged", y_test=b"damaged")
    assert len(read_idx_part(folder, "train").labels) == 120
    with pytest.raises(DataError):
        read_idx_part(folder, "test")


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "got an empty file"),
        (b"\0\0", "got 0000"),
        (header(120), "starts with 00000803, got 00000801"),
        (header(120, 28, 28, kind=13), "got 00000d03"),
        (header(120, 28, 28)[:10], "header ends after 10 bytes"),
        (header(120, 28, 28) + b"1" * 94079, "exactly 94,096 bytes, got 94,095"),
        (header(120, 28, 28) + b"1" * 94081, "exactly 94,096 bytes, got more"),
        (header(2**32 - 1, 2**32 - 1, 28), "must not exceed"),
        (header(0, 28, 28), "n >= 1"),
        (header(120, 32, 32) + b"1" * 120 * 32 * 32, r"got \(120, 32, 32\)"),
        (header(119, 28, 28) + b"1" * 119 * 784, "each of the 119 images"),
    ],
)
@pytest.mark.parametrize("zipped", [False, True])
def test_wrong_images(idx: Write, raw: bytes, message: str, zipped: bool) -> None:
    folder = idx(zipped=zipped, x_train=gzip.compress(raw) if zipped else raw)
    with pytest.raises(DataError, match=message):
        read_idx_part(folder, "train")


def test_swapped_files(idx: Write) -> None:
    folder = idx()
    images, labels = folder / "train-images-idx3-ubyte", folder / "train-labels-idx1-ubyte"
    images.rename(folder / "kept")
    labels.rename(images)
    (folder / "kept").rename(labels)
    with pytest.raises(DataError, match="rank 3 starts with 00000803, got 00000801"):
        read_idx_part(folder, "train")


def test_labels_out_of_range(idx: Write) -> None:
    folder = idx(y_train=header(120) + b"\xff" * 120)
    with pytest.raises(DataError, match=r"0\.\.9, got 255"):
        read_idx_part(folder, "train")


def test_gzip_bomb_is_read_only_as_far_as_announced(idx: Write) -> None:
    bomb = gzip.compress(header(120, 28, 28) + bytes(50 * 2**20), compresslevel=1)
    folder = idx(zipped=True, x_train=bomb)
    tracemalloc.start()
    with pytest.raises(DataError, match="exactly 94,096 bytes, got more"):
        read_idx_part(folder, "train")
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 5 * 2**20


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_truncated_gzip(idx: Write, share: float) -> None:
    folder = idx(zipped=True)
    path = folder / "train-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(DataError, match="not a readable gzip file"):
        read_idx_part(folder, "train")


def test_wrong_gzip_checksum(idx: Write) -> None:
    folder = idx(zipped=True)
    path = folder / "train-images-idx3-ubyte.gz"
    raw = bytearray(path.read_bytes())
    raw[-8] ^= 1
    path.write_bytes(raw)
    with pytest.raises(DataError, match="CRC check failed"):
        read_idx_part(folder, "train")


def test_missing_file_is_named(idx: Write) -> None:
    folder = idx()
    (folder / "train-labels-idx1-ubyte").unlink()
    with pytest.raises(DataError, match=r"train-labels-idx1-ubyte or .*\.gz is missing"):
        read_idx_part(folder, "train")
