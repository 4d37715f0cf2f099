from __future__ import annotations

import io
import os
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mnist_search.datasets.arrays import Part
from mnist_search.datasets.finding import read_part
from mnist_search.errors import DataError

Write = Callable[..., Path]


def npy_header(text: str) -> bytes:
    """Return the start of a .npy file with that header."""
    raw = text.encode()
    return b"\x93NUMPY\x01\x00" + len(raw).to_bytes(2, "little") + raw


def rezip(path: Path, key: str, member: bytes) -> Path:
    """Replace one member of a .npz by other bytes."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members[f"{key}.npy"] = member
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def test_reads_what_was_written(npz: Write, arrays: dict[str, np.ndarray]) -> None:
    path = npz()
    for name in ("train", "test"):
        part = read_part(path, name)
        np.testing.assert_array_equal(part.images, arrays[f"x_{name}"])
        np.testing.assert_array_equal(part.labels, arrays[f"y_{name}"])
        assert (part.images.dtype, part.labels.dtype) == (np.uint8, np.uint8)


@pytest.mark.parametrize("dtype", ["<i8", ">i4", "<u2", "i1"])
def test_labels_of_any_integer_type(npz: Write, arrays: dict[str, Any], dtype: str) -> None:
    part = read_part(npz(y_train=arrays["y_train"].astype(dtype)), "train")
    np.testing.assert_array_equal(part.labels, arrays["y_train"])


def test_flat_stored_and_fortran_images(
    npz: Write, arrays: dict[str, np.ndarray], tmp_path: Path
) -> None:
    images = np.asfortranarray(arrays["x_train"].reshape(-1, 784))
    part = read_part(npz(x_train=images), "train")
    np.testing.assert_array_equal(part.images, arrays["x_train"])
    np.savez(tmp_path / "stored.npz", **arrays)
    part = read_part(tmp_path / "stored.npz", "train")
    np.testing.assert_array_equal(part.images, arrays["x_train"])


def test_the_other_part_is_not_read(npz: Write) -> None:
    path = rezip(npz(), "x_test", b"not an array")
    rezip(path, "y_test", b"")
    assert isinstance(read_part(path, "train"), Part)
    with pytest.raises(DataError, match="x_test is not an array"):
        read_part(path, "test")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"x_train": None}, r"x_train is missing \(found: x_test, y_test, y_train\)"),
        ({"y_train": None}, "y_train is missing"),
        ({"x_train": np.zeros((120, 28, 28), complex)}, "must be numbers, got .* complex128"),
        (
            {"x_train": np.full((120, 28, 28), 256, np.uint16)},
            r"in 0\.\.255 or 0\.\.1, got 256\.\.256",
        ),
        ({"x_train": np.zeros((120, 32, 32), np.uint8)}, r"got \(120, 32, 32\)"),
        ({"x_train": np.zeros((119, 28, 28), np.uint8)}, "each of the 119 images"),
        ({"y_train": np.zeros((120, 10), np.uint8)}, "got 10 columns of other numbers"),
        ({"y_train": np.zeros((120, 10, 1), np.uint8)}, r"got the shape \(120, 10, 1\)"),
        ({"y_train": np.full(120, 0.5)}, r"must be whole numbers, got 0\.5"),
        ({"y_train": np.full(120, np.nan)}, "must be whole numbers, got nan"),
        ({"y_train": np.zeros(120, bool)}, "got only class 0"),
        ({"y_train": np.full(120, 255, np.uint8)}, r"must be in 0\.\.9, got 255"),
        ({"y_train": np.array([None] * 120)}, "pickled objects"),
        ({"x_train": np.array([{}] * 120)}, "pickled objects"),
    ],
)
def test_wrong_arrays(npz: Write, changes: dict[str, Any], message: str) -> None:
    path = npz(**changes)
    with pytest.raises(DataError, match=message) as caught:
        read_part(path, "train")
    assert str(path) in caught.value.message


def test_pickle_is_never_run(npz: Write, tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "exploded",))

    path = npz(y_train=np.array([Bomb()] * 120))
    with pytest.raises(DataError, match="pickled"):
        read_part(path, "train")
    assert not (tmp_path / "exploded").exists()
    with np.load(path, allow_pickle=True) as loaded:
        loaded["y_train"]
    assert (tmp_path / "exploded").exists(), "the bomb works where pickles are loaded"


@pytest.mark.parametrize(
    ("member", "message"),
    [
        (b"", "not an array"),
        (b"\x93NUMPY\x09\x00", "not an array"),
        (npy_header("{'descr': '|u1'}"), "header cannot be understood"),
        (npy_header("[" * 3000), "header cannot be understood"),
        (npy_header(" " * 5000), "header cannot be understood"),
        (
            npy_header("{'descr':'|u1','fortran_order':False,'shape':(9999999999,28,28)}"),
            "must not exceed",
        ),
        (
            npy_header("{'descr':'|u1','fortran_order':False,'shape':(-1,28,28)}"),
            "header cannot be understood",
        ),
        (
            npy_header("{'descr':'|u1','fortran_order':False,'shape':(120,28,28)}") + b"1" * 99,
            "takes 94,080 bytes, the file declares 99",
        ),
    ],
)
def test_wrong_headers(npz: Write, member: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_part(rezip(npz(), "x_train", member), "train")


def test_header_that_claims_gigabytes_is_read_no_further_than_the_bound(npz: Write) -> None:
    length = (2**32 - 1).to_bytes(4, "little")
    path = rezip(npz(), "x_train", b"\x93NUMPY\x02\x00" + length + b" " * (50 * 2**20))
    tracemalloc.start()
    with pytest.raises(DataError, match="header cannot be understood"):
        read_part(path, "train")
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 5 * 2**20


def test_bomb_is_refused_before_it_is_unpacked(npz: Write) -> None:
    header = npy_header("{'descr':'|u1','fortran_order':False,'shape':(120,28,28)}")
    path = rezip(npz(), "x_train", header + bytes(50 * 2**20))
    assert path.stat().st_size < 2**20
    tracemalloc.start()
    with pytest.raises(DataError, match="the file declares 52,428,800"):
        read_part(path, "train")
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 5 * 2**20


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_wrong_checksum_in_the_archive(
    tmp_path: Path, arrays: dict[str, np.ndarray], save: Callable[..., None]
) -> None:
    path = tmp_path / "wrong.npz"
    save(path, **arrays)
    raw = bytearray(path.read_bytes())
    directory_entry = raw.index(b"PK\x01\x02")
    raw[directory_entry + 16] ^= 1
    path.write_bytes(raw)
    with pytest.raises(DataError, match="Bad CRC"):
        read_part(path, "train")


def test_too_many_members(npz: Write) -> None:
    path = npz()
    with zipfile.ZipFile(path, "a") as archive:
        for number in range(97):
            archive.writestr(f"more{number}", b"")
    with pytest.raises(DataError, match="must hold four arrays, got 101 members"):
        read_part(path, "train")


def test_names_of_any_length_are_told_in_a_line(npz: Write, arrays: dict[str, Any]) -> None:
    long = "train\x1b" + "." * 60_000
    path = npz(**{f"{long}x": arrays["x_train"], f"{long}data": arrays["x_train"]}, x_train=None)
    with pytest.raises(DataError, match="could both be") as caught:
        read_part(path, "train")
    assert len(caught.value.message) < 600
    assert caught.value.message.isprintable()
    path = npz(**{"." * 60_000: arrays["x_train"]}, x_train=None)
    with pytest.raises(DataError, match="x_train is missing") as caught:
        read_part(path, "train")
    assert len(caught.value.message) < 600


def test_file_beyond_all_bounds(tmp_path: Path) -> None:
    path = tmp_path / "sparse.npz"
    path.touch()
    os.truncate(path, 3 * 2**30 + 1)
    with pytest.raises(DataError, match="must not exceed 3,221,225,472 bytes, got 3,221,225,473"):
        read_part(path, "train")


@pytest.mark.parametrize("raw", [b"", b"PK\x03\x04", b"not a zip at all" * 100])
def test_not_an_archive(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "broken.npz"
    path.write_bytes(raw)
    with pytest.raises(DataError, match=r"broken\.npz: not a readable \.npz file"):
        read_part(path, "train")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_truncated_archive(npz: Write, share: float) -> None:
    path = npz()
    raw = path.read_bytes()
    path.write_bytes(raw[: int(len(raw) * share)])
    with pytest.raises(DataError, match="not a readable"):
        read_part(path, "train")


def small_archive() -> bytes:
    stream = io.BytesIO()
    images = np.zeros((14, 28, 28), np.uint8)
    images[:, 3, 3] = 9
    labels = (np.arange(14) % 2).astype(np.uint8)
    np.savez_compressed(stream, x_train=images, y_train=labels)
    return stream.getvalue()


SMALL = small_archive()


@settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    changes=st.lists(
        st.tuples(st.integers(0, len(SMALL) - 1), st.integers(1, 255)), min_size=1, max_size=4
    )
)
def test_changed_bytes_give_data_or_one_error(
    tmp_path: Path, changes: list[tuple[int, int]]
) -> None:
    raw = bytearray(SMALL)
    for where, flip in changes:
        raw[where] ^= flip
    path = tmp_path / "changed.npz"
    path.write_bytes(raw)
    try:
        part = read_part(path, "train")
    except DataError:
        return
    assert part.images.shape == (14, 28, 28)
