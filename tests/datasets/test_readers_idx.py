from __future__ import annotations

import gzip
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mnist_search.datasets.finding import read_part
from mnist_search.errors import DataError

Write = Callable[..., Path]


def header(*shape: int, kind: int = 8) -> bytes:
    return bytes((0, 0, kind, len(shape))) + struct.pack(f">{len(shape)}I", *shape)


@pytest.mark.parametrize("zipped", [False, True])
def test_reads_what_was_written(idx: Write, arrays: dict[str, np.ndarray], zipped: bool) -> None:
    folder = idx(zipped=zipped)
    for name in ("train", "test"):
        part = read_part(folder, name)
        np.testing.assert_array_equal(part.images, arrays[f"x_{name}"])
        np.testing.assert_array_equal(part.labels, arrays[f"y_{name}"])


def test_numbers_of_more_bytes(idx: Write, arrays: dict[str, np.ndarray]) -> None:
    raw = header(120, 28, 28, kind=13) + arrays["x_train"].astype(">f4").tobytes()
    part = read_part(idx(x_train=raw), "train")
    np.testing.assert_array_equal(part.images, arrays["x_train"])


@pytest.mark.parametrize("change", [str.upper, lambda name: f"emnist-{name}"])
def test_names_in_capitals_and_with_a_prefix(idx: Write, change: Callable[[str], str]) -> None:
    folder = idx()
    for path in list(folder.iterdir()):
        path.rename(folder / change(path.name))
    assert len(read_part(folder, "test").labels) == 30


@pytest.mark.parametrize("packed", [False, True])
def test_content_and_not_the_suffix_says_what_is_packed(idx: Write, packed: bool) -> None:
    folder = idx(zipped=packed)
    for path in list(folder.iterdir()):
        path.rename(path.with_suffix("") if packed else path.with_name(f"{path.name}.gz"))
    assert len(read_part(folder, "train").labels) == 120


@pytest.mark.parametrize("below", ["MNIST/raw", "raw", "KMNIST/raw"])
def test_folder_of_torchvision(idx: Write, tmp_path: Path, below: str) -> None:
    folder = idx()
    for path in list(folder.iterdir()):
        packed = gzip.compress(path.read_bytes())
        path.with_name(f"{path.name}.gz").write_bytes(packed)
    place = tmp_path / "data" / below
    place.parent.mkdir(parents=True)
    folder.rename(place)
    assert len(read_part(tmp_path / "data", "train").labels) == 120


def test_two_data_sets_in_one_folder(idx: Write, tmp_path: Path) -> None:
    folder = idx()
    other = folder / "other-train-images-idx3-ubyte"
    other.write_bytes((folder / "train-images-idx3-ubyte").read_bytes())
    with pytest.raises(DataError, match="could both be the train images"):
        read_part(folder, "train")
    other.unlink()
    for name in ("MNIST", "KMNIST"):
        place = tmp_path / "data" / name / "raw"
        place.parent.mkdir(parents=True)
        idx(f"copy-of-{name}").rename(place)
    with pytest.raises(DataError, match="several data sets: KMNIST/raw, MNIST/raw"):
        read_part(tmp_path / "data", "train")


def test_names_with_a_dot(idx: Write) -> None:
    folder = idx()
    for path in list(folder.iterdir()):
        path.rename(folder / path.name.replace("-idx", ".idx"))
    assert len(read_part(folder, "train").labels) == 120


def test_the_other_part_is_not_read(idx: Write) -> None:
    folder = idx(x_test=b"damaged", y_test=b"damaged")
    assert len(read_part(folder, "train").labels) == 120
    with pytest.raises(DataError):
        read_part(folder, "test")


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "got an empty file"),
        (b"\0\0", "got 0000"),
        (header(120), "starts with 00000803, got 00000801"),
        (header(120, 28, 28, kind=10), "got 00000a03"),
        (header(120, 28, 28, kind=13), "claims 376,320 bytes"),
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
        read_part(folder, "train")


def test_swapped_files(idx: Write) -> None:
    folder = idx()
    images, labels = folder / "train-images-idx3-ubyte", folder / "train-labels-idx1-ubyte"
    images.rename(folder / "kept")
    labels.rename(images)
    (folder / "kept").rename(labels)
    with pytest.raises(DataError, match="rank 3 starts with 00000803, got 00000801"):
        read_part(folder, "train")


def test_labels_out_of_range(idx: Write) -> None:
    folder = idx(y_train=header(120) + b"\xff" * 120)
    with pytest.raises(DataError, match=r"0\.\.9, got 255"):
        read_part(folder, "train")


def test_gzip_bomb_is_read_only_as_far_as_announced(idx: Write) -> None:
    bomb = gzip.compress(header(120, 28, 28) + bytes(50 * 2**20), compresslevel=1)
    folder = idx(zipped=True, x_train=bomb)
    tracemalloc.start()
    with pytest.raises(DataError, match="exactly 94,096 bytes, got more"):
        read_part(folder, "train")
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 5 * 2**20


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_truncated_gzip(idx: Write, share: float) -> None:
    folder = idx(zipped=True)
    path = folder / "train-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(DataError, match="not a readable gzip file"):
        read_part(folder, "train")


def test_wrong_gzip_checksum(idx: Write) -> None:
    folder = idx(zipped=True)
    path = folder / "train-images-idx3-ubyte.gz"
    raw = bytearray(path.read_bytes())
    raw[-8] ^= 1
    path.write_bytes(raw)
    with pytest.raises(DataError, match="CRC check failed"):
        read_part(folder, "train")


def test_missing_file_is_named(idx: Write) -> None:
    folder = idx()
    (folder / "train-labels-idx1-ubyte").unlink()
    with pytest.raises(DataError, match=r"train-labels-idx1-ubyte or .*\.gz is missing"):
        read_part(folder, "train")
