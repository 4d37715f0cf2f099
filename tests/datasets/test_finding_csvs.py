"""CSV files with a label column, alone or in pairs."""

from __future__ import annotations

import gzip
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mnist_search.datasets import load_full
from mnist_search.datasets.finding import inspect, read_part
from mnist_search.errors import DataError

Arrays = dict[str, np.ndarray]
Make = Callable[..., Path]


@pytest.fixture
def csv(tmp_path: Path, arrays: Arrays) -> Make:
    """Write a pair of CSV files and return the folder."""

    def write(
        *,
        header: bool = True,
        label: int = 0,
        delimiter: str = ",",
        scale: float = 1,
        packed: bool = False,
        name: str = "mnist_{}.csv",
    ) -> Path:
        folder = tmp_path / "tables"
        folder.mkdir()
        for part in ("train", "test"):
            pixels = arrays[f"x_{part}"].reshape(-1, 784)
            pixels[:, [0, -1]] = 0
            names = [f"pixel{number}" for number in range(784)]
            names.insert(label, "label")
            rows = np.insert(pixels * scale, label, arrays[f"y_{part}"], axis=1)
            lines = [delimiter.join(f"{value:g}" for value in row) for row in rows]
            text = "\n".join([*([delimiter.join(names)] if header else []), *lines, ""])
            raw = gzip.compress(text.encode()) if packed else text.encode()
            (folder / name.format(part)).write_bytes(raw)
        return folder

    return write


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"header": False},
        {"label": 784},
        {"label": 784, "header": False},
        {"label": 3},
        {"delimiter": ";"},
        {"delimiter": "\t"},
        {"packed": True},
        {"packed": True, "name": "{}.csv.gz"},
        {"name": "MNIST-{}.CSV"},
    ],
    ids=str,
)
def test_reads_what_was_written(csv: Make, arrays: Arrays, tmp_path: Path, form: dict) -> None:
    whole = load_full(inspect(csv(**form)).ref)
    np.testing.assert_array_equal(whole.train.images, arrays["x_train"])
    np.testing.assert_array_equal(whole.test.labels, arrays["y_test"])
    np.savez(tmp_path / "plain.npz", **arrays)
    assert inspect(tmp_path / "tables").ref.digest == inspect(tmp_path / "plain.npz").ref.digest


def test_floats_of_a_csv(csv: Make, arrays: Arrays) -> None:
    part = read_part(csv(scale=1 / 255), "train")
    # Written with six digits.
    np.testing.assert_array_equal(part.images, arrays["x_train"])


@pytest.mark.parametrize("named", ["mnist_train.csv", "mnist_test.csv"])
def test_one_of_a_pair_stands_for_both(csv: Make, named: str) -> None:
    path = csv() / named
    found = inspect(path)
    assert (found.ref.train_images, found.ref.test_images) == (120, 30)
    assert found.sentence == (
        f"read {path}: mnist_train.csv (120, 784) uint8 as images, its column 1 (120,) uint8 "
        "as labels; mnist_test.csv and its column 1 alike"
    )


def test_the_other_part_is_not_read(csv: Make) -> None:
    folder = csv()
    lines = (folder / "mnist_test.csv").read_text().splitlines()
    (folder / "mnist_test.csv").write_text("\n".join([*lines, "damaged"]))
    assert len(read_part(folder, "train").labels) == 120
    with pytest.raises(DataError, match="not a readable CSV file"):
        read_part(folder, "test")


def test_pair_without_test_labels(csv: Make) -> None:
    folder = csv()
    lines = (folder / "mnist_test.csv").read_text().splitlines()
    unlabelled = "\n".join(line.partition(",")[2] for line in lines)
    (folder / "mnist_test.csv").write_text(unlabelled)
    with pytest.raises(DataError, match=r"mnist_test\.csv: holds no labels") as caught:
        inspect(folder)
    assert "every seventh image as a test image" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1,2,3", "number of columns changed from 785 to 3"),
        (",".join(["word"] * 785), "could not convert string 'word'"),
        ("0" * 2**17, "65,536 a line"),
    ],
)
def test_damaged_lines(csv: Make, line: str, message: str) -> None:
    folder = csv()
    with (folder / "mnist_train.csv").open("a") as file:
        file.write(f"{line}\n")
    with pytest.raises(DataError, match=message):
        read_part(folder, "train")


def test_other_tables_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "iris.csv"
    path.write_text("a,b,c\n1,2,3\n")
    with pytest.raises(DataError, match=r"neither a \.npz nor a CSV file"):
        read_part(path, "train")
    path.write_text("\n".join([",".join("1" * 1025)] * 99))
    with pytest.raises(DataError, match=r"got \(99, 1024\)"):
        read_part(path, "train")


def test_truncated_packed_table(csv: Make) -> None:
    folder = csv(packed=True)
    path = folder / "mnist_train.csv"
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(DataError, match="not a readable gzip file"):
        read_part(folder, "train")


def test_packed_bomb_is_read_no_further_than_the_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mnist_search.datasets.finding.MAX_ARRAY_BYTES", 2**22)
    line = ",".join(["7"] * 785) + "\n"
    (tmp_path / "train.csv").write_bytes(gzip.compress(line.encode() * 20_000, compresslevel=1))
    tracemalloc.start()
    with pytest.raises(DataError, match="must not exceed 4,194,304 bytes"):
        read_part(tmp_path / "train.csv", "train")
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 30 * 2**20
