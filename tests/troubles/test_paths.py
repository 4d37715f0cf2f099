"""Kind I: paths as people type them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from mnist_search.errors import UsageError
from mnist_search.paths import user_path
from tests.cli.conftest import Cli, cli

__all__ = ["cli"]

SEARCH = ("run", "--space", "mlp", "--trials", "2", "--epochs", "1", "-q")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    return folder


def test_a_tilde_is_the_home_folder(cli: Cli, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cli(*SEARCH, "--home", "~/studies")[0] == 0
    monkeypatch.setenv("MNIST_SEARCH_HOME", "~/studies")
    assert cli("report", "--output", "~/board.json")[0] == 0
    rows = json.loads((home / "board.json").read_text())["rows"]
    assert sum(row["kind"] == "trial" for row in rows) == 2
    assert cli("export", "mlp-digits-seed0", "0", "-o", "~/winner.json")[0] == 0
    assert json.loads((home / "winner.json").read_text())["name"] == "trial 0"
    assert sorted(path.name for path in home.iterdir()) == ["board.json", "studies", "winner.json"]
    assert not Path("~").exists()


def test_a_library_call_means_the_same_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mnist_search.studies import resolve_home

    assert resolve_home(None, {"MNIST_SEARCH_HOME": "~/s", "HOME": str(home)}) == home / "s"


def test_a_dash_is_standard_output(cli: Cli) -> None:
    code, out, _ = cli("report", "-f", "csv", "-o", "-")
    assert (code, out.startswith("rank,")) == (0, True)
    assert not Path("-").exists()


@pytest.mark.parametrize(
    ("name", "form"),
    [("x.md", "markdown"), ("x.csv", "csv"), ("X.JSON", "json"), ("x.txt", "table")],
)
def test_the_suffix_says_the_format(cli: Cli, name: str, form: str) -> None:
    assert cli("report", "-o", name)[0] == 0
    assert cli("report", "-f", form, "-o", f"y{Path(name).suffix}")[0] == 0
    assert Path(name).read_text() == Path(f"y{Path(name).suffix}").read_text()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("report", "-o", "x.xlsx"), "x.xlsx: the format of a file that ends in .xlsx"),
        (("report", "-f", "csv", "-o", "x.md"), "of format markdown, but --format is csv"),
        (("report", "-o", "x.keras"), "ends in .keras is not known"),
    ],
)
def test_another_suffix_is_refused(cli: Cli, words: tuple[str, ...], told: str) -> None:
    code, out, err = cli(*words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert told in err
    assert not Path(words[-1]).exists()


@pytest.mark.parametrize("option", ["--home", "--output"])
def test_a_name_that_is_too_long(cli: Cli, option: str) -> None:
    code, _, err = cli("report", option, "x" * 600)
    assert code == 2
    assert "the name is too long: 600 bytes, where a file system takes 255" in err
    assert len(err) < 400


def test_bytes_count_and_not_characters(cli: Cli) -> None:
    # 244 and 254 bytes, of 122 and 127 characters.
    for name in (f"{'é' * 120}.csv", f"{'é' * 125}.csv"):
        assert cli("report", "-o", name)[0] == 0
        assert Path(name).stat().st_size > 0
    assert cli("report", "-o", f"{'é' * 126}.csv")[0] == 2


def test_a_path_that_is_too_long_or_empty() -> None:
    with pytest.raises(UsageError, match=r"the path is too long: 5,\d\d\d bytes"):
        user_path("/".join(["folder"] * 800), {})
    for text in ("", "a\0b"):
        with pytest.raises(UsageError, match="must not be empty"):
            user_path(text, {})


def test_a_name_that_begins_with_a_tilde(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("~not-a-user").mkdir()
    assert user_path("~not-a-user", {}) == Path("~not-a-user")
    with pytest.raises(UsageError, match="there is no home folder ~nobody-at-all"):
        user_path("~nobody-at-all/x", {})


@pytest.mark.parametrize("name", ["file", "file/below", "fifo", "/dev/null", "dangling"])
@pytest.mark.parametrize(
    "words",
    [("report",), ("studies",), ("show", "s"), SEARCH, ("export", "s", "0"), ("dashboard",)],
    ids=lambda words: words[0],
)
def test_a_home_that_is_no_folder(cli: Cli, name: str, words: tuple[str, ...]) -> None:
    Path("file").write_text("")
    os.mkfifo("fifo")
    Path("dangling").symlink_to("nowhere")
    code, out, err = cli(*words, "--home", name)
    there = name.removesuffix("/below")
    which = "" if there == name else f"{name}: "
    told = f"error: {which}{there} is not a folder, and the home of studies must be one\n"
    assert (code, out, err) == (4, "", told)


def test_a_study_whose_name_a_file_has(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "mnist-search-runs").mkdir()
    (tmp_path / "mnist-search-runs" / "taken").write_text("mine")
    code, _, err = cli(*SEARCH, "--study", "taken")
    assert code == 4
    assert err == ("error: mnist-search-runs/taken is not a folder; hint: choose another --study\n")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("report", "-o", "file/x.csv"), "file/x.csv: file is not a folder"),
        (("figures", "s", "-o", "file"), "file/s-best-so-far.png: file is not a folder"),
        (("figures", "s", "-o", "file/below"), "file is not a folder"),
        (("figures", "s", "-o", "-"), "--output must name a folder or a file for the charts"),
        (("studies", "compare", "s", "s2", "-o", "-"), "must end in .png or .svg, got no suffix"),
    ],
)
def test_places_where_nothing_can_be_written(cli: Cli, words: tuple[str, ...], told: str) -> None:
    Path("file").write_text("")
    assert cli(*SEARCH, "--study", "s")[0] == 0
    code, out, err = cli(*words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert told in err
    assert sorted(path.name for path in Path().iterdir()) == ["file", "home", "mnist-search-runs"]


@pytest.mark.parametrize("words", [("report",), ("doctor", "--quick"), SEARCH, ("studies",)])
def test_a_working_folder_that_was_removed(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    code, out, err = cli(*words)
    assert (code, out) == (4, "")
    assert err == (
        "error: mnist-search-runs: the working folder was removed; "
        "hint: change to another, or name an absolute --home\n"
    )
    assert cli("report", "--home", str(tmp_path), "-f", "csv")[0] == 0
