"""Kind D: data that lie elsewhere now are found by what they hold."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from mnist_search.datasets import load_full, resolve
from tests.cli.conftest import Cli, cli

__all__ = ["cli"]


@pytest.fixture
def home(cli: Cli, space_file: Path, tmp_path: Path) -> Path:
    code, _, err = cli("run", "--space", str(space_file), "-n", "8", "--study", "s", "-q")
    assert code == 0, err
    return tmp_path / "mnist-search-runs"


def test_data_that_were_moved_are_found_by_what_they_hold(
    cli: Cli, space_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    before, after = tmp_path / "before.npz", tmp_path / "after.npz"
    np.savez(
        before,
        x_train=rng.integers(0, 256, (600, 28, 28), np.uint8),
        y_train=np.arange(600, dtype=np.uint8) % 10,
        x_test=rng.integers(0, 256, (100, 28, 28), np.uint8),
        y_test=np.arange(100, dtype=np.uint8) % 10,
    )
    monkeypatch.delenv("MNIST_SEARCH_DATA", raising=False)
    words = ["run", "--space", str(space_file), "-n", "4", "--study", "m", "-q"]
    code, _, err = cli(*words, "--dataset", str(before))
    assert code == 0, err
    before.rename(after)
    confirm = ["confirm", "m", "--top", "1", "--seeds", "1", "-q"]
    code, _, err = cli(*confirm)
    assert code == 5
    assert "MNIST_SEARCH_DATA" in err
    # Nothing has met the test images, so nothing may say so.
    assert not (tmp_path / "mnist-search-runs" / "m-confirm").exists()
    monkeypatch.setenv("MNIST_SEARCH_DATA", str(after))
    code, out, err = cli(*confirm)
    assert code == 0, err
    assert f"read from {after}" in err
    assert "used the test images once" in out + err
    code, _, err = cli("explain", "m", "winner", "--ablate", "--seeds", "1", "-q")
    assert code == 0, err


def test_data_of_a_study_may_be_named_and_must_be_the_same(
    cli: Cli, home: Path, tmp_path: Path
) -> None:
    rng = np.random.default_rng(1)
    other = tmp_path / "other.npz"
    np.savez(
        other,
        x_train=rng.integers(0, 256, (600, 28, 28), np.uint8),
        y_train=np.arange(600, dtype=np.uint8) % 10,
        x_test=rng.integers(0, 256, (100, 28, 28), np.uint8),
        y_test=np.arange(100, dtype=np.uint8) % 10,
    )
    words = ["--seeds", "1", "-q"]
    for command in (["confirm", "s", "--top", "1"], ["explain", "s", "winner", "--ablate"]):
        code, out, err = cli(*command, *words, "--dataset", str(other))
        assert (code, out) == (2, ""), err
        assert "and the study is about digits" in err.splitlines()[-1]
        code, _, err = cli(*command, *words, "--dataset", "digits")
        assert code == 0, err


def test_test_images_count_when_they_were_read(
    cli: Cli, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["confirm", "s", "--top", "1", "--seeds", "2", "-q"]
    with monkeypatch.context() as patch:
        patch.setenv("MNIST_SEARCH_SURROGATE_FAULTS", "*=error")
        code, out, err = cli(*words)
        assert code == 3
        assert "no run has used the test images yet" in out
    code, out, err = cli(*words)
    assert code == 0, err
    assert "this study has used the test images once, with 2 runs" in out


def test_data_of_one_s_own_are_looked_for_where_the_variable_says(
    cli: Cli, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MNIST_SEARCH_DATASET")
    _, out, _ = cli("export", "s", "winner")
    document = json.loads(out)
    document["dataset"]["name"] = "mine"
    (tmp_path / "x.json").write_text(json.dumps(document))
    code, out, err = cli("verify", "x.json")
    assert (code, out) == (5, "")
    assert "was measured on mine, which is no known data set; hint: name a path" in err
    digits = load_full(resolve("digits", environ={}))
    arrays = {
        "x_train": digits.train.images,
        "y_train": digits.train.labels,
        "x_test": digits.test.images,
        "y_test": digits.test.labels,
    }
    np.savez(tmp_path / "mine.npz", **arrays)
    monkeypatch.setenv("MNIST_SEARCH_DATA", str(tmp_path / "mine.npz"))
    code, out, err = cli("verify", "x.json", "-f", "json")
    assert code == 0, err
