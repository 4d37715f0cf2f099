"""`studies`, `show` and `dashboard` as they are typed."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from tests.cli.conftest import Cli, Made
from tests.cli.reading import rows

SEARCH = ("run", "--space", "mlp", "--trials", "3", "--epochs", "1", "-q")


@pytest.fixture
def home(made: Made) -> Path:
    return made(" ".join([*SEARCH, "--study", "one"]))


def test_listed_renamed_deleted(cli: Cli, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (line,) = rows(cli("studies", "-f", "json")[1])
    assert (line["name"], line["trials"], line["state"]) == ("one", 3, "finished")
    assert "one" in cli("studies")[1]
    assert cli("studies", "rename", "one", "two")[::2] == (0, "one is two now\n")
    assert cli("studies", "--home", str(home), "delete", "two")[0] == 2
    monkeypatch.setattr("sys.stdin", Terminal("n\n"))
    code, _, err = cli("studies", "delete", "two")
    assert (code, "nothing was deleted" in err) == (0, True)
    assert (home / "two").is_dir()
    assert cli("studies", "delete", "two", "--yes")[::2] == (0, "deleted: two\n")
    assert rows(cli("studies", "-f", "json")[1]) == []
    assert "`mnist-search run` makes one" in cli("studies")[1]


class Terminal(io.StringIO):
    """A keyboard."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("columns", ["40", "80", "140"])
def test_shown_as_text(cli: Cli, home: Path, columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    code, out, err = cli("show", "one")
    assert (code, err) == (0, "")
    for word in ("hyperparameter", "training", "layer", "epoch", "times", "validation accuracy"):
        assert word in out
    assert rows(cli("show", "one", "0", "-f", "json")[1])[0]["number"] == 0


def test_compared_as_text(cli: Cli, home: Path) -> None:
    assert cli(*SEARCH, "--study", "other", "--sampler", "random")[0] == 0
    code, out, err = cli("studies", "compare", "one", "other")
    assert (code, err) == (0, "")
    assert "A trial of one beats one of other in " in out
    assert "is not known from one seed each" in out
    assert rows(cli("studies", "compare", "one", "other", "-f", "json")[1])[0]["first"] == "one"
    assert cli("studies", "compare", "one", "other", "-o", "x.jpg")[0] == 2


def test_compared_as_a_chart_with_bands(cli: Cli, home: Path) -> None:
    for name, seed, sampler in (("two", "1", "tpe"), ("other", "0", "random")):
        words = ("--study", name, "--seed", seed, "--sampler", sampler)
        assert cli(*SEARCH, *words)[0] == 0
    code, _, err = cli("studies", "compare", "one", "other", "-o", "curves.svg")
    assert (code, err) == (0, "")
    drawn = Path("curves.svg").read_text()
    for word in ("one", "other", "complete trials", "mark-area"):
        assert word in drawn


def test_mistakes_are_one_line(cli: Cli, home: Path) -> None:
    for command in (
        ("show", "none"),
        ("show", "one", "77"),
        ("studies", "compare", "one", "one"),
        ("studies", "rename", "none", "x"),
        ("dashboard", "none"),
    ):
        code, out, err = cli(*command)
        assert (code, out, err.count("\n")) == (2, "", 1)
