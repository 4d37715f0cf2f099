"""Kind N: inputs without an end, or of a size that nobody meant."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path

import pytest

from mnist_search.errors import UsageError
from mnist_search.exporting import read_export
from mnist_search.paths import read_regular
from tests.cli.conftest import Cli, cli
from tests.troubles.conftest import Shell

__all__ = ["cli"]


@pytest.fixture
def recipe(cli: Cli) -> Path:
    cli("run", "--space", "mlp", "--trials", "2", "--epochs", "1", "--study", "s", "-q")
    assert cli("export", "s", "winner", "-o", "recipe.json")[0] == 0
    return Path("recipe.json").absolute()


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("/dev/zero", "/dev/zero: must be a regular file, got a pipe or device"),
        ("fifo", "fifo: must be a regular file, got a pipe or device"),
        (".", ".: must be a regular file, got a folder"),
        ("none.json", "none.json: cannot be read: No such file or directory"),
        ("large.json", "large.json: must have at most 4,000,000 bytes"),
        ("model.keras", "a trained model has no recipe"),
        ("binary", "an export is UTF-8 text"),
        ("x" * 300, "the name is too long: 300 bytes"),
    ],
)
def test_what_is_no_recipe_is_refused_at_once(
    cli: Cli, tmp_path: Path, name: str, told: str
) -> None:
    os.mkfifo(tmp_path / "fifo")
    with (tmp_path / "large.json").open("wb") as file:
        file.truncate(2**40)
    with zipfile.ZipFile(tmp_path / "model.keras", "w") as archive:
        archive.writestr("config.json", "{}")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    code, out, err = cli("verify", name, "-q")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert told in err


def test_a_network_of_too_many_layers(cli: Cli, recipe: Path) -> None:
    document = json.loads(recipe.read_text())
    layers = document["config"]["model"]["layers"]
    layers += [layers[-1]] * 60_000
    Path("deep.json").write_text(json.dumps(document))
    code, _, err = cli("verify", "deep.json", "-q")
    assert (code, err.count("\n")) == (2, 1)
    assert "at most 1000 items" in err


def test_the_limit_is_one_of_bytes(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"12345")
    assert read_regular(path, most_bytes=5) == b"12345"
    with pytest.raises(UsageError, match="at most 4 bytes"):
        read_regular(path, most_bytes=4)


def test_a_recipe_itself_is_read(recipe: Path) -> None:
    assert read_export(recipe)[0].study == "s"


def test_a_tilde_in_the_name_of_a_recipe(
    cli: Cli, recipe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(recipe.parent))
    monkeypatch.chdir("/")
    assert cli("verify", "~/recipe.json", "-q")[0] == 0


def test_a_limit_of_file_sizes_is_no_full_disk(shell: Shell) -> None:
    limited = ["bash", "-c", 'ulimit -f 4; exec "$@"', "_"]
    words = ["run", "--space", "mlp", "-n", "9", "--study", "s", "--home", "h", "-q"]
    done = shell(*words, under=limited)
    assert done.returncode == 6
    told = done.stderr.decode()
    assert told.startswith("error: h/s/journal.log")
    assert "File too large; hint: `ulimit -f` is the limit of this shell" in told
    assert told.count("\n") == 1


NINES = "9" * 5000


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (f"show s {NINES}", "study s has no run 999"),
        (f"explain s {NINES}", "study s has no run 999"),
        (f"export s {NINES}", "study s has no run 999"),
        (f"run --space mlp --memory-limit {NINES}GB", "--memory-limit must be a positive size"),
        (f"run --space mlp --trial-timeout {NINES}h", "--trial-timeout must be a positive"),
        (f"run --space mlp --workers {NINES}", "workers must be auto or a whole number"),
        ("run --space mlp --workers 99999999", "workers must be at most 1,000 on one machine"),
        pytest.param(
            f"run --space mlp --cluster host:{NINES}", "HOST:PORT", marks=pytest.mark.cluster
        ),
        (f"run --space mlp -n {NINES}", "--trials"),
        ("check s --against cnn-simple --min-gain nan", "--min-gain must be a fraction"),
        ("check s --against cnn-simple --min-gain 7", "--min-gain must be a fraction"),
        ("bench mlp-784 --quick --learning-rate inf", "learning rate must be a positive number"),
    ],
    ids=lambda text: text[:40],
)
def test_numbers_that_nobody_means(cli: Cli, recipe: Path, line: str, told: str) -> None:
    code, out, err = cli(*line.split())
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert told in err
    assert len(err) < 400


def test_a_step_below_rounding(cli: Cli, tmp_path: Path) -> None:
    """It has no points of its own; one of 5e11 points has, and no list is made of them."""
    space = """
        family = "mlp"
        [parameters.dense_dropout]
        type = "float"
        low = 0.0
        high = 0.5
        step = {step}
    """
    Path("tiny.toml").write_text(space.format(step="1e-300"))
    Path("small.toml").write_text(space.format(step="1e-12"))
    code, _, err = cli("spaces", "check", "tiny.toml")
    assert (code, err.count("\n")) == (2, 1)
    assert "step must be no smaller than the rounding of high" in err
    for sampler in ("grid", "tpe"):
        code, out, err = cli("run", "--space", "small.toml", "--sampler", sampler, "-n", "2", "-q")
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert "takes at most 10,000,000 values" in err


@pytest.mark.parametrize("place", ["./fifo", "/dev/zero"])
@pytest.mark.parametrize(
    "line",
    [
        "run -n 1 --space mlp --dataset",
        "run -n 1 --space",
        "vary",
        "spaces check",
        "spaces show",
        "data show",
        "verify",
        "verify recipe.json --dataset",
        "confirm s --dataset",
    ],
)
@pytest.mark.usefixtures("recipe")
def test_nothing_is_read_that_has_no_end(cli: Cli, place: str, line: str) -> None:
    os.mkfifo("fifo")
    code, out, err = cli(*line.split(), place)
    assert code in (2, 5)
    assert (out, err.count("\n")) == ("", 1)
