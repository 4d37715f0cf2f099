"""Each hint that is a command is typed in, and what it writes is read."""

from __future__ import annotations

import gzip
import io
import pickle
import shlex
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_search.datasets import FullData, load_full
from mnist_search.datasets.finding import inspect, read_part
from mnist_search.errors import DataError

Write = Callable[..., Path]
Arrays = dict[str, np.ndarray]
TypeIn = Callable[..., Path]


@pytest.fixture
def type_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TypeIn:
    """Read a path in vain, run the command of the hint, and return the file that it writes."""
    monkeypatch.chdir(tmp_path)

    def run(path: Path, *, shell: bool = False) -> Path:
        with pytest.raises(DataError) as caught:
            inspect(path)
        hint = str(caught.value.hint)
        assert hint.isprintable()
        line = hint[hint.rindex(": ", 0, hint.index(" -P -c ")) + 2 :]
        before = set(tmp_path.glob("*-converted.npz"))
        if shell:
            subprocess.run(line, shell=True, check=True, timeout=120)
        else:
            # As the interpreter would, without a start of its own for each of these tests.
            exec(shlex.split(line)[-1], {})
        (written,) = set(tmp_path.glob("*-converted.npz")) - before
        return written

    return run


def test_the_command_as_a_whole(npz: Write, type_in: TypeIn) -> None:
    path = npz('it\'s "$HOME" `x`.npz', x_test=None)
    # Nothing that lies in the working folder may get in its way.
    (path.parent / "socket.py").write_text("raise SystemExit('not this one')")
    assert counts(load_full(inspect(type_in(path, shell=True)).ref)) == (102, 18)


def coloured(images: np.ndarray) -> np.ndarray:
    return np.repeat(images[..., np.newaxis], 3, axis=-1)


def padded(images: np.ndarray) -> np.ndarray:
    return np.pad(images, ((0, 0), (2, 2), (2, 2)))


SAME: dict[str, Callable[[np.ndarray], Any]] = {
    "colour": coloured,
    "colour and transparency": lambda x: np.concatenate(
        [coloured(x), np.full((*x.shape, 1), 255, np.uint8)], axis=-1
    ),
    "colour first": lambda x: np.moveaxis(coloured(x), -1, 1),
    "colour in floats": lambda x: coloured(x).astype(np.float32) / 255,
    "32x32": padded,
    "32x32 with a channel": lambda x: padded(x)[..., np.newaxis],
    "32x32 flat": lambda x: padded(x).reshape(-1, 1024),
    "32x32 in colour": lambda x: coloured(padded(x)),
    "32x32 in colour, flat": lambda x: np.moveaxis(coloured(padded(x)), -1, 1).reshape(-1, 3072),
    "56x56": lambda x: x.repeat(2, axis=1).repeat(2, axis=2),
    "images last": lambda x: np.moveaxis(x, 0, -1),
    "pixels first": lambda x: x.reshape(-1, 784).T,
    "0..2": lambda x: x / 127.5,
    "-1..1": lambda x: x / 127.5 - 1,
    "0..65535": lambda x: x.astype(np.uint16) * 257,
}


@pytest.mark.parametrize("form", SAME)
def test_images_that_are_refused_become_the_same(
    npz: Write, arrays: Arrays, tmp_path: Path, form: str, type_in: TypeIn
) -> None:
    arrays["x_train"][0, 0, :2] = arrays["x_test"][0, 0, :2] = 0, 255
    plain = inspect(npz(**arrays)).ref
    images = {key: SAME[form](array) for key, array in arrays.items() if key[0] == "x"}
    written = type_in(npz("own file's.npz", **images))
    assert written.name == "own-file-s-converted.npz"
    assert inspect(written).ref.digest == plain.digest


@pytest.mark.parametrize("side", [8, 64])
def test_images_of_another_size(npz: Write, tmp_path: Path, side: int, type_in: TypeIn) -> None:
    rng = np.random.default_rng(3)
    images = {
        f"x_{part}": rng.integers(0, 256, (count, side, side)).astype(np.uint8)
        for part, count in (("train", 120), ("test", 30))
    }
    assert len(load_full(inspect(type_in(npz(**images))).ref).train.labels) == 120


def test_pixels_that_are_not_numbers(
    npz: Write, arrays: Arrays, tmp_path: Path, type_in: TypeIn
) -> None:
    images = arrays["x_train"] / 255
    images[3, 3, 3] = np.nan
    path = npz(x_train=images, x_test=arrays["x_test"] / 255)
    assert len(load_full(inspect(type_in(path)).ref).train.labels) == 120


def counts(whole: FullData) -> tuple[int, int]:
    return len(whole.train.labels), len(whole.test.labels)


def test_labels_of_one_to_ten(npz: Write, arrays: Arrays, tmp_path: Path, type_in: TypeIn) -> None:
    plain = load_full(inspect(npz()).ref)
    ten = {key: np.where(y == 0, 10, y) for key, y in arrays.items() if key[0] == "y"}
    whole = load_full(inspect(type_in(npz(**ten))).ref)
    np.testing.assert_array_equal(whole.train.labels, plain.train.labels)
    np.testing.assert_array_equal(whole.test.labels, plain.test.labels)


CLASSES: dict[str, Callable[[np.ndarray], Any]] = {
    "letters": lambda y: y,
    "letters in a column": lambda y: y.reshape(-1, 1),
    "letters as floats": lambda y: y.astype(float),
    "letters as texts": lambda y: y.astype(str),
    "letters, one-hot": lambda y: np.eye(27)[y],
    "names": lambda y: np.array([f"it's {chr(97 + n)}" for n in y]),
}


@pytest.mark.parametrize("form", CLASSES)
def test_too_many_classes(npz: Write, tmp_path: Path, form: str, type_in: TypeIn) -> None:
    rng = np.random.default_rng(4)
    labels = np.arange(26 * 8) % 26 + 1
    images = rng.integers(0, 256, (len(labels), 28, 28)).astype(np.uint8)
    change = CLASSES[form]
    test = {"x_test": images[:52], "y_test": change(labels[:52])}
    path = npz(x_train=images, y_train=change(labels), **test)
    whole = load_full(inspect(type_in(path)).ref)
    assert counts(whole) == (80, 20)
    assert np.unique(whole.train.labels).tolist() == list(range(10))


def test_probabilities(npz: Write, arrays: Arrays, tmp_path: Path, type_in: TypeIn) -> None:
    soft = {key: np.eye(10)[y] * 0.9 + 0.01 for key, y in arrays.items() if key[0] == "y"}
    assert inspect(type_in(npz(**soft))).ref.digest == inspect(npz()).ref.digest


def test_no_test_images(npz: Write, arrays: Arrays, tmp_path: Path, type_in: TypeIn) -> None:
    whole = load_full(inspect(type_in(npz(x_test=None, y_test=None))).ref)
    assert counts(whole) == (102, 18)
    assert set(whole.test.labels.tolist()) == set(range(10))


def test_an_empty_test_part(npz: Write, arrays: Arrays, tmp_path: Path, type_in: TypeIn) -> None:
    path = npz(x_test=arrays["x_test"][:0], y_test=arrays["y_test"][:0])
    assert counts(load_full(inspect(type_in(path)).ref)) == (102, 18)


def test_images_and_labels_without_parts(arrays: Arrays, tmp_path: Path, type_in: TypeIn) -> None:
    np.savez(tmp_path / "one.npz", images=arrays["x_train"], labels=arrays["y_train"])
    assert counts(load_full(inspect(type_in(tmp_path / "one.npz")).ref)) == (102, 18)


@pytest.mark.parametrize("packed", [False, True])
def test_letters_in_idx_files(tmp_path: Path, packed: bool, type_in: TypeIn) -> None:
    folder = tmp_path / "letters"
    folder.mkdir()
    labels = (np.arange(26 * 8) % 26 + 1).astype(np.uint8)
    images = np.random.default_rng(4).integers(0, 256, (len(labels), 28, 28)).astype(np.uint8)
    for part in ("train", "t10k"):
        for name, array in (("images-idx3", images), ("labels-idx1", labels)):
            head = bytes((0, 0, 8, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape)
            raw = head + array.tobytes()
            path = folder / f"{part}-{name}-ubyte"
            path.write_bytes(gzip.compress(raw) if packed else raw)
    whole = load_full(inspect(type_in(folder)).ref)
    assert counts(whole) == (80, 80)
    np.testing.assert_array_equal(whole.train.images[0], images[0])


def write_csv(path: Path, images: np.ndarray, labels: np.ndarray) -> None:
    rows = np.column_stack([labels, images.reshape(len(images), -1)])
    np.savetxt(path, rows, fmt="%d", delimiter=",")


def test_csv_without_test_images(arrays: Arrays, tmp_path: Path, type_in: TypeIn) -> None:
    write_csv(tmp_path / "all.csv", arrays["x_train"], arrays["y_train"])
    whole = load_full(inspect(type_in(tmp_path / "all.csv")).ref)
    assert counts(whole) == (102, 18)
    np.testing.assert_array_equal(whole.test.images[1], arrays["x_train"][7])


def test_csv_of_letters(tmp_path: Path, type_in: TypeIn) -> None:
    labels = np.arange(24 * 8) % 24
    images = np.random.default_rng(4).integers(0, 256, (len(labels), 28, 28))
    for part in ("train", "test"):
        write_csv(tmp_path / f"sign_{part}.csv", images, labels)
    assert counts(load_full(inspect(type_in(tmp_path / "sign_train.csv")).ref)) == (80, 80)


@pytest.mark.parametrize("packed", [False, True])
def test_pickle_of_three_pairs(
    arrays: Arrays, tmp_path: Path, packed: bool, type_in: TypeIn
) -> None:
    train = arrays["x_train"].reshape(-1, 784) / 255, arrays["y_train"]
    test = arrays["x_test"].reshape(-1, 784) / 255, arrays["y_test"]
    pairs = ((train[0][:100], train[1][:100]), (train[0][100:], train[1][100:]), test)
    raw = pickle.dumps(pairs)
    path = tmp_path / "mnist.pkl.gz"
    path.write_bytes(gzip.compress(raw) if packed else raw)
    np.savez(tmp_path / "plain.npz", **arrays)
    plain = inspect(tmp_path / "plain.npz").ref
    assert inspect(type_in(path)).ref.digest == plain.digest


def test_matlab(arrays: Arrays, tmp_path: Path, type_in: TypeIn) -> None:
    from scipy.io import savemat

    np.savez(tmp_path / "plain.npz", **arrays)
    named = {
        "train_x": arrays["x_train"].reshape(-1, 784),
        "train_y": np.eye(10)[arrays["y_train"]],
        "test_x": arrays["x_test"].reshape(-1, 784),
        "test_y": np.eye(10)[arrays["y_test"]],
    }
    savemat(tmp_path / "mnist.mat", named)
    written = type_in(tmp_path / "mnist.mat")
    assert inspect(written).ref.digest == inspect(tmp_path / "plain.npz").ref.digest


def test_hdf5(arrays: Arrays, tmp_path: Path, type_in: TypeIn) -> None:
    h5py = pytest.importorskip("h5py")
    np.savez(tmp_path / "plain.npz", **arrays)
    with h5py.File(tmp_path / "mnist.h5", "w") as file:
        for name, array in arrays.items():
            file[name] = array
    written = type_in(tmp_path / "mnist.h5")
    assert inspect(written).ref.digest == inspect(tmp_path / "plain.npz").ref.digest


@pytest.mark.parametrize("pictures", [False, True])
def test_parquet(arrays: Arrays, tmp_path: Path, type_in: TypeIn, pictures: bool) -> None:
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    picture = pytest.importorskip("PIL.Image")
    np.savez(tmp_path / "plain.npz", **arrays)
    for part in ("train", "test"):
        images = arrays[f"x_{part}"]
        table = pandas.DataFrame(images.reshape(-1, 784), columns=[f"p{n}" for n in range(784)])
        if pictures:
            packed = []
            for image in images:
                stream = io.BytesIO()
                picture.fromarray(image).save(stream, format="png")
                packed.append({"bytes": stream.getvalue(), "path": None})
            table = pandas.DataFrame({"image": packed})
        table["label"] = arrays[f"y_{part}"]
        table.to_parquet(tmp_path / f"{part}-00000-of-00001.parquet")
    written = type_in(tmp_path / "test-00000-of-00001.parquet")
    assert inspect(written).ref.digest == inspect(tmp_path / "plain.npz").ref.digest


RULES: dict[str, tuple[bytes, str, str]] = {
    "mnist.parquet": (b"PAR1" + bytes(99), "a Parquet file is not read", "name the training file"),
    "train-images-idx3-ubyte": (
        b"\0\0\x08\x03" + bytes(99),
        "a single IDX file",
        "name the folder",
    ),
    "x.npy": (b"\x93NUMPY\x01\0" + bytes(99), "a single NumPy array", "np.savez"),
    "seven.png": (b"\x89PNG\r\n" + bytes(99), "a picture is not read", ".npz file"),
    "mnist.tar": (bytes(257) + b"ustar" + bytes(250), "a tar archive", "unpack it"),
    "mnist.bin": (b"\x01\x02\x03\x04", "neither a .npz nor a CSV file", "IDX files"),
    "empty": (b"", "it starts with nothing", "IDX files"),
}


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("packed", [False, True])
def test_other_files_bring_the_rule(tmp_path: Path, name: str, packed: bool) -> None:
    content, message, hint = RULES[name]
    (tmp_path / name).write_bytes(gzip.compress(content) if packed else content)
    with pytest.raises(DataError) as caught:
        read_part(tmp_path / name, "train")
    assert message in caught.value.message
    assert hint in str(caught.value.hint)


def test_rare_letters_bring_the_rule_alone(npz: Write, arrays: Arrays) -> None:
    labels = np.arange(120) % 30
    with pytest.raises(DataError, match=r"got 29$") as caught:
        read_part(npz(y_train=labels), "train")
    assert caught.value.hint == "labels are 0 to 9, with at least 6 training images of each"
