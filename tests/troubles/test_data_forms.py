"""Kind L: data as it lies around is read by its content, or refused with a line that converts."""

from __future__ import annotations

import gzip
import io
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.cli.conftest import Cli, cli
from tests.datasets.conftest import arrays, idx, idx_bytes, npz

__all__ = ["arrays", "cli", "idx", "npz"]
Write = Callable[..., Path]
Arrays = dict[str, np.ndarray]

IMAGES: dict[str, Callable[[np.ndarray], Any]] = {
    "floats of 0..1": lambda x: x / 255,
    "floats of four bytes": lambda x: (x / 255).astype(np.float32),
    "floats of two bytes": lambda x: (x / 255).astype(np.float16),
    "floats of 0..255": lambda x: x.astype(np.float32),
    "wide whole numbers": lambda x: x.astype(np.int64),
    "another byte order": lambda x: x.astype(">u2"),
    "flat": lambda x: x.reshape(-1, 784),
    "flat and in columns": lambda x: np.asfortranarray(x.reshape(-1, 784)),
    "channels last": lambda x: x[..., np.newaxis],
    "channels first": lambda x: x[:, np.newaxis],
}
LABELS: dict[str, Callable[[np.ndarray], Any]] = {
    "one-hot": lambda y: np.eye(10, dtype=np.uint8)[y],
    "one-hot floats": lambda y: np.eye(10, dtype=np.float32)[y],
    "floats": lambda y: y.astype(np.float64),
    "texts": lambda y: y.astype(str),
    "bytes": lambda y: y.astype("S3"),
    "a column": lambda y: y.reshape(-1, 1),
    "a row": lambda y: y.reshape(1, -1),
    "wide whole numbers": lambda y: y.astype(">i8"),
}


NAMES = {
    "Keras' own": ("x_train", "y_train", "x_test", "y_test"),
    "of images": ("train_images", "train_labels", "test_images", "test_labels"),
    "the other way round": ("images_train", "labels_train", "images_test", "labels_test"),
    "in capitals": ("X_train", "Y_train", "X_test", "Y_test"),
    "without a line": ("trainX", "trainy", "testX", "testy"),
    "in words": ("training-data", "training-targets", "testing-data", "testing-targets"),
    "in order": ("arr_0", "arr_1", "arr_2", "arr_3"),
}


def changed(arrays: Arrays, letter: str, change: Callable[[np.ndarray], Any]) -> Arrays:
    return {key: change(array) if key[0] == letter else array for key, array in arrays.items()}


def check_read(cli: Cli, path: Path, arrays: Arrays) -> None:
    """Check that a path is read as these arrays: those that `data save` writes."""
    code, _, err = cli("data", "save", str(path), "-o", "saved.npz")
    assert code == 0, err
    assert err.startswith(f"read {path}")
    with np.load("saved.npz") as saved:
        assert {*saved} == {*arrays}
        for name, array in arrays.items():
            np.testing.assert_array_equal(saved[name], array)
            assert saved[name].dtype == np.uint8


@pytest.mark.parametrize("form", IMAGES)
def test_images(cli: Cli, npz: Write, arrays: Arrays, form: str) -> None:
    check_read(cli, npz(**changed(arrays, "x", IMAGES[form])), arrays)


@pytest.mark.parametrize("form", LABELS)
def test_labels(cli: Cli, npz: Write, arrays: Arrays, form: str) -> None:
    check_read(cli, npz(**changed(arrays, "y", LABELS[form])), arrays)


@pytest.mark.parametrize("names", NAMES)
def test_names(cli: Cli, arrays: Arrays, tmp_path: Path, names: str) -> None:
    np.savez(tmp_path / "other.npz", **dict(zip(NAMES[names], arrays.values(), strict=True)))
    check_read(cli, tmp_path / "other.npz", arrays)


USUAL = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
IDX_NAMES = {
    "as published": USUAL,
    "packed": tuple(f"{name}.gz" for name in USUAL),
    "torchvision's": tuple(f"MNIST/raw/{name}" for name in USUAL),
    "with dots": tuple(name.replace("-idx", ".idx") for name in USUAL),
    "a folder for each file": tuple(f"{name}/{name}" for name in USUAL),
    "words and a suffix": ("train_images.idx", "train_labels.idx", "test_images.idx", "test_y.idx"),
    "words alone": ("images_train", "labels_train", "images_test", "labels_test"),
    "one more suffix": tuple(f"{name}.ubyte" for name in USUAL),
}


@pytest.mark.parametrize("form", IDX_NAMES)
@pytest.mark.parametrize("packed", [False, True])
def test_idx_files(cli: Cli, arrays: Arrays, tmp_path: Path, form: str, packed: bool) -> None:
    """Packed files need no name that says so, and those whose name does need not be packed."""
    for name, array in zip(IDX_NAMES[form], arrays.values(), strict=True):
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(idx_bytes(array)) if packed else idx_bytes(array))
    check_read(cli, tmp_path / "data", arrays)


def test_idx_files_of_names_that_say_nothing(cli: Cli, arrays: Arrays, tmp_path: Path) -> None:
    for number, array in enumerate(arrays.values()):
        (tmp_path / f"{number}.idx").write_bytes(idx_bytes(array))
    code, _, err = cli("data", "show", str(tmp_path))
    assert code == 5
    assert "name the folder with all four, by names with train and test" in err


def table(images: np.ndarray, labels: np.ndarray, column: int, *, header: bool) -> bytes:
    rows = np.insert(images.reshape(-1, 784).astype(int), column, labels, axis=1)
    stream = io.BytesIO()
    names = [f"pixel{number}" for number in range(784)]
    names.insert(column, "label")
    np.savetxt(
        stream, rows, fmt="%d", delimiter=",", header=",".join(names) if header else "", comments=""
    )
    return stream.getvalue()


@pytest.mark.parametrize(("column", "header"), [(0, False), (0, True), (784, False), (300, True)])
@pytest.mark.parametrize("named", ["folder", "training", "test"])
def test_csv_files(
    cli: Cli, arrays: Arrays, tmp_path: Path, column: int, header: bool, named: str
) -> None:
    folder = tmp_path / "tables"
    folder.mkdir()
    paths = {"train": folder / "mnist_train.csv", "test": folder / "mnist_test.csv"}
    for part, path in paths.items():
        path.write_bytes(table(arrays[f"x_{part}"], arrays[f"y_{part}"], column, header=header))
    place = {"folder": folder, "training": paths["train"], "test": paths["test"]}[named]
    check_read(cli, place, arrays)


def test_a_folder_that_holds_the_archive(cli: Cli, npz: Write, arrays: Arrays) -> None:
    path = npz("mnist.npz")
    check_read(cli, path.parent, arrays)


def test_an_archive_by_another_name(cli: Cli, npz: Write, arrays: Arrays) -> None:
    check_read(cli, npz().rename("mnist.data").absolute(), arrays)


REFUSED: dict[str, Callable[[Arrays], Arrays]] = {
    "colour": lambda found: changed(found, "x", lambda x: np.repeat(x[..., np.newaxis], 3, -1)),
    "padded": lambda found: changed(found, "x", lambda x: np.pad(x, ((0, 0), (2, 2), (2, 2)))),
    "turned": lambda found: changed(found, "x", lambda x: x.reshape(-1, 784).T),
    "labels of 1 to 10": lambda found: changed(found, "y", lambda y: np.where(y, y, 10)),
}


@pytest.mark.parametrize("form", REFUSED)
def test_the_line_that_converts(
    cli: Cli, npz: Write, arrays: Arrays, tmp_path: Path, form: str
) -> None:
    """It is typed as it stands there, and what it writes is read as the very same images."""
    path = npz(**REFUSED[form](arrays))
    code, out, err = cli("run", "--space", "mlp", "-n", "1", "--dataset", str(path), "-q")
    assert (code, out, err.count("\n")) == (5, "", 1)
    line = err[err.rindex("npz: ", 0, err.index(" -P -c ")) + len("npz: ") :]
    exec(shlex.split(line)[-1], {})
    check_read(cli, Path("own-converted.npz").absolute(), arrays)


def test_an_archive_that_is_packed_once_more(
    cli: Cli, npz: Write, arrays: Arrays, tmp_path: Path
) -> None:
    packed = tmp_path / "it's packed.npz.gz"
    packed.write_bytes(gzip.compress(npz().read_bytes()))
    code, out, err = cli("data", "show", str(packed))
    assert (code, out, err.count("\n")) == (5, "", 1)
    line = err[err.index("gunzip") :]
    subprocess.run(line, shell=True, check=True, timeout=60)
    check_read(cli, Path("it-s-packed-converted.npz").absolute(), arrays)


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"x_test": None, "y_test": None}, "with every seventh image as a test image"),
        ({"y_train": np.arange(120) % 26}, "labels are 0 to 9"),
        ({"x_train": np.zeros((120, 28, 28))}, "every pixel of the train images is 0"),
    ],
)
def test_what_is_refused_says_the_rule(
    cli: Cli, npz: Write, form: dict[str, Any], told: str
) -> None:
    code, out, err = cli("data", "show", str(npz(**form)))
    assert (code, out, err.count("\n")) == (5, "", 1)
    assert told in err


@pytest.mark.parametrize(
    ("form", "told"),
    [
        (lambda found: changed(found, "x", lambda x: 255 - x // 4), "255 - x inverts"),
        (lambda found: changed(found, "x", lambda x: x // 16), "only go from 0 to 15 of 0..255"),
        (lambda found: found | {"y_train": found["y_train"] % 8}, "training lacks (8, 9)"),
    ],
)
def test_what_is_odd_is_said_and_read(
    cli: Cli, npz: Write, arrays: Arrays, form: Callable[[Arrays], Arrays], told: str
) -> None:
    words = ["run", "--space", "mlp", "-n", "1", "-q", "--dataset"]
    code, _, err = cli(*words, str(npz(**form(arrays))))
    assert code == 0
    assert told in err
