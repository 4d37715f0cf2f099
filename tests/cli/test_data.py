"""`data status`, `fetch` and `show` as a user types them."""

from __future__ import annotations

import csv
import io
import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_search.cli import execute
from mnist_search.cli.data import sample_count
from mnist_search.datasets import load_full, resolve
from mnist_search.errors import UsageError
from mnist_search.reporting.data import class_columns, class_rows, sample_lines
from mnist_search.reporting.terminal import Terminal

Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A .npz with 80 training images, two thirds of them of class 1."""
    rng = np.random.default_rng(2)
    path = tmp_path / "own.npz"
    np.savez(
        path,
        x_train=rng.integers(0, 256, (90, 28, 28)).astype(np.uint8),
        y_train=np.repeat([0, 1], [30, 60]).astype(np.uint8),
        x_test=rng.integers(0, 256, (4, 28, 28)).astype(np.uint8),
        y_test=np.array([0, 1, 1, 1], np.uint8),
    )
    return path


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Cli:
    """Run `data …` offline with an empty cache; return exit code, stdout and stderr."""

    def offline(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", offline)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    for name in ("MNIST_SEARCH_DATA", "MNIST_SEARCH_DATASET"):
        monkeypatch.delenv(name, raising=False)
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)

    def run(*arguments: str) -> tuple[int, str, str]:
        code = execute(["data", *arguments])
        captured = capfd.readouterr()
        return code, captured.out, captured.err

    return run


def test_status_as_json(cli: Cli, own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNIST_SEARCH_DATA", str(own))
    code, out, err = cli("status", "--format", "json")
    assert (code, err) == (0, "")
    document = json.loads(out)
    assert document["schema_version"] == 1
    rows = document["rows"]
    assert [(row["name"], row["state"], row["auto"]) for row in rows] == [
        ("npz:own", "other", True),
        ("mnist", "missing", False),
        ("fashion-mnist", "missing", False),
        ("digits", "ok", False),
    ]
    assert (rows[0]["train_images"], rows[0]["test_images"]) == (90, 4)
    assert rows[0]["location"] == str(own)


def test_status_names_the_damage(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "keras" / "datasets" / "mnist.npz"
    place.parent.mkdir(parents=True)
    place.write_bytes(b"cut short")
    monkeypatch.setenv("COLUMNS", "200")
    code, out, _ = cli("status")
    assert code == 0
    assert "damaged" in out
    assert "not a readable .npz file" in out


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_fetch_offline(cli: Cli, name: str, monkeypatch: pytest.MonkeyPatch, own: Path) -> None:
    monkeypatch.setenv("MNIST_SEARCH_DATA", str(own))
    code, out, err = cli("fetch", name)
    assert (code, out) == (5, "")
    error = err.splitlines()[-1]
    assert error.startswith("error: no ")
    assert "cannot be reached: Name or service not known; hint: " in error
    assert "Traceback" not in err
    assert {row["state"] for row in json.loads(cli("status", "-f", "json")[1])["rows"][1:3]} == {
        "missing"
    }


def test_fetch_of_something_else(cli: Cli) -> None:
    code, _, err = cli("fetch", "digits")
    assert code == 2
    assert "digits" in err


def test_show_own_data(cli: Cli, own: Path) -> None:
    code, out, err = cli("show", str(own), "-f", "csv")
    assert (code, err) == (
        0,
        f"read {own}: x_train (90, 28, 28) uint8 as images, y_train (90,) uint8 as labels; "
        "x_test and y_test alike\n",
    )
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [int(row["train_images"]) for row in rows] == [30, 60, 0, 0, 0, 0, 0, 0, 0, 0]
    assert float(rows[1]["train_share"]) == 60 / 90
    assert float(rows[1]["test_share"]) == 0.75


def test_show_tells_what_was_converted_and_what_is_odd(cli: Cli, own: Path) -> None:
    with np.load(own) as arrays:
        changed = {key: arrays[key] for key in arrays.files}
    for key in ("x_train", "x_test"):
        changed[key] = (240 + changed[key] // 16) / 255
    np.savez(own, **changed)
    code, out, err = cli("show", str(own), "-f", "json")
    assert (code, err.count("\n")) == (0, 3)
    assert "float64 as images (0..1 times 255)" in err
    assert "only go from 240 to 255" in err
    assert "255 - x inverts" in err
    assert json.loads(out)["rows"][1]["train_images"] == 60


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("/dev/zero", 5, "got a device"),
        ("~nobody-of-that-name/mnist.npz", 5, "there is no home folder ~nobody-of-that-name"),
        ("x" * 600, 2, "or a file or folder that exists"),
        ("x" * 600 + ".npz", 5, "the name is too long: 604 bytes"),
    ],
)
def test_places_that_are_none(cli: Cli, name: str, code: int, words: str) -> None:
    ended, out, err = cli("show", name)
    assert (ended, out, err.count("\n")) == (code, "", 1)
    assert words in err
    assert len(err) < 700


def test_no_home_folder(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KERAS_HOME")
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr(Path, "home", homeless)
    monkeypatch.setenv("COLUMNS", "100")
    code, out, err = cli("status")
    assert (code, err) == (0, "")
    assert out.count("there is no home folder: set HOME, or KERAS_HOME to a folder") == 1
    code, out, err = cli("fetch")
    assert (code, out) == (5, "")
    assert err == (
        "error: no MNIST: there is no home folder with Keras' cache; "
        "hint: set HOME, or KERAS_HOME to a folder\n"
    )
    code, _, err = cli("show", "-f", "json")
    assert code == 0
    assert "there is no home folder with Keras' cache; scikit-learn's embedded digits" in err
    assert cli("show", "~/mnist.npz")[0] == 5


def homeless() -> Path:
    """Fail as `Path.home` does where the system knows no home folder either."""
    raise RuntimeError("Could not determine home directory.")


def test_save_writes_what_any_program_reads(cli: Cli, own: Path, tmp_path: Path) -> None:
    plain = resolve(str(own), environ={}).digest
    with np.load(own) as arrays:
        changed = {key: arrays[key] for key in arrays.files}
    flat = {key: changed[key].reshape(-1, 784) / 255 for key in ("x_train", "x_test")}
    np.savez(own, **changed | flat)
    code, out, err = cli("save", str(own), "-o", str(tmp_path / "plain.npz"))
    assert (code, out) == (0, "")
    assert err.endswith(f"written: {tmp_path / 'plain.npz'}\n")
    with np.load(tmp_path / "plain.npz") as arrays:
        np.testing.assert_array_equal(arrays["x_train"], changed["x_train"])
        assert arrays["x_train"].dtype == arrays["y_test"].dtype == np.uint8
    assert resolve(str(tmp_path / "plain.npz"), environ={}).digest == plain


def test_save_writes_no_other_format(cli: Cli, tmp_path: Path) -> None:
    code, _, err = cli("save", "digits", "-o", str(tmp_path / "digits.csv"))
    assert (code, err) == (2, f"error: {tmp_path / 'digits.csv'}: output must end in .npz\n")


def test_show_draws_histogram_and_samples(
    cli: Cli, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    code, out, _ = cli("show", str(own), "--samples", "2")
    assert code == 0
    assert out.startswith("npz:own: 90 training and 4 test images\n")
    lines = out.splitlines()
    longest = max(line.count("\N{FULL BLOCK}") for line in lines if "%" in line)
    assert longest == 30
    assert "66.67 %" in out
    assert "0              1" in lines
    assert "\x1b" not in out


def test_show_to_a_pipe_has_no_samples(cli: Cli, own: Path) -> None:
    out = cli("show", str(own))[1]
    assert out == cli("show", str(own), "--samples", "0")[1]
    assert len(cli("show", str(own), "--samples", "1")[1]) > len(out)


def test_show_says_that_it_fell_back(cli: Cli) -> None:
    code, out, err = cli("show", "-f", "markdown")
    assert code == 0
    assert "stand in for MNIST" in out
    assert "embedded digits stand in for MNIST" in err


def test_show_mnist_offline(cli: Cli) -> None:
    code, out, err = cli("show", "mnist", "-f", "json")
    assert (code, out) == (5, "")
    assert "--dataset digits" in err.splitlines()[-1]


def test_damaged_variable(cli: Cli, own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own.write_bytes(b"\x1b[31mdamaged")
    monkeypatch.setenv("MNIST_SEARCH_DATA", str(own))
    code, out, err = cli("show")
    assert (code, out) == (5, "")
    assert err.startswith("error: MNIST_SEARCH_DATA: ")
    assert err.count("\n") == 1


def test_samples_are_for_people() -> None:
    assert sample_count(None, "table", terminal=True) == 10
    assert sample_count(None, "table", terminal=False) == 0
    assert sample_count(3, "table", terminal=False) == 3
    assert sample_count(None, "json", terminal=True) == 0
    with pytest.raises(UsageError, match="--samples needs --format table, got --format json"):
        sample_count(3, "json", terminal=True)


@pytest.fixture(scope="module")
def digits() -> Any:
    return load_full(resolve("digits", environ={}))


def test_class_names_are_shown_where_they_say_more(digits: Any) -> None:
    def keys(name: str, format: Any) -> list[str]:
        return [column.key for column in class_columns(class_rows(name, digits, bar="#"), format)]

    assert "class_name" not in keys("digits", "table")
    assert "class_name" in keys("fashion-mnist", "table")
    assert "class_name" in keys("digits", "csv")
    assert "histogram" not in keys("digits", "markdown")


def test_samples_in_colour_and_in_ascii(digits: Any) -> None:
    grey = sample_lines("fashion-mnist", digits, 3, Terminal(width=80, color=True))
    assert grey[0] == "0 T-shirt/top  1 Trouser      2 Pullover"
    assert grey[1].startswith("\x1b[38;5;")
    plain = sample_lines("digits", digits, 3, Terminal(width=80, color=True, ascii_only=True))
    assert "\n".join(plain).isascii()
    assert plain[0].split() == ["0", "1", "2"]


@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_show_draws_files(cli: Cli, own: Path, tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"classes.{suffix}"
    code, table, err = cli("show", str(own), "-o", str(out), "-f", "csv")
    assert (code, err.count("\n")) == (0, 2)
    assert err.endswith(f"drawn: {out}\n")
    assert table == cli("show", str(own), "-f", "csv")[1]
    assert out.stat().st_size > 1000
    assert not (tmp_path / f"classes-samples.{suffix}").exists()
    code, table, err = cli("show", str(own), "-o", str(out), "--samples", "12", "-f", "json")
    assert (code, err.count("\n")) == (0, 3)
    assert (tmp_path / f"classes-samples.{suffix}").stat().st_size > 1000
    assert json.loads(table)["schema_version"] == 1


def test_show_draws_no_other_format(cli: Cli, own: Path, tmp_path: Path) -> None:
    code, _, err = cli("show", str(own), "-o", str(tmp_path / "classes.pdf"))
    assert code == 2
    assert "ends in .pdf is not known; it must end in .png, .svg, .txt" in err


def test_show_writes_rows_to_a_file(cli: Cli, own: Path, tmp_path: Path) -> None:
    for suffix, form in (("json", "json"), ("csv", "csv"), ("md", "markdown")):
        assert cli("show", str(own), "-o", f"{tmp_path}/rows.{suffix}")[:2] == (0, "")
        assert (tmp_path / f"rows.{suffix}").read_text() == cli("show", str(own), "-f", form)[1]
    assert cli("show", str(own), "-f", "csv", "-o", "-")[1] == cli("show", str(own), "-f", "csv")[1]
    code, _, err = cli("show", str(own), "-f", "csv", "-o", f"{tmp_path}/x.json")
    assert (code, "of format json, but --format is csv" in err) == (2, True)
