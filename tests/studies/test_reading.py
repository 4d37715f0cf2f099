"""Studies read without being written: one that is damaged does not hide the others."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from mnist_search.cli import execute
from mnist_search.errors import DataError, MnistSearchError, UsageError
from mnist_search.studies import StoredStudy, read_home, read_records, read_studies
from mnist_search.studies.folder import JOURNAL


@pytest.fixture
def home(tmp_path: Path, space_file: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a home with three studies, of which `b` is torn in the middle."""
    monkeypatch.setenv("MNIST_SEARCH_TRAINER", "tests.support.fake:inline")
    words = f"run --space {space_file} -n 3 --pruner none --dataset digits --home {tmp_path}/home"
    assert execute([*words.split(), "--study", "a", "-q"]) == 0
    for name in "bc":
        shutil.copytree(tmp_path / "home" / "a", tmp_path / "home" / name)
    torn = tmp_path / "home" / "b" / JOURNAL
    lines = torn.read_bytes().splitlines(keepends=True)
    torn.write_bytes(b"".join([*lines[:9], lines[9][:30], *lines[10:]]))
    return tmp_path / "home"


def test_home_yields_studies_and_findings(home: Path) -> None:
    found = list(read_home(home))
    assert [each.spec.name for each in found if isinstance(each, StoredStudy)] == ["a", "c"]
    (error,) = [each for each in found if isinstance(each, MnistSearchError)]
    assert isinstance(error, DataError)
    assert str(home / "b") in error.message


def test_named_study_must_be_sound(home: Path) -> None:
    with pytest.raises(DataError):
        read_records(home, ["b"])
    with pytest.raises(UsageError, match="there is no study d") as caught:
        read_records(home, ["d"])
    assert caught.value.hint == "there are: a, b, c"
    assert len(read_records(home, ["a", "c"])) == 6


def test_home_without_a_sound_study_is_an_error(home: Path) -> None:
    for name in "ac":
        shutil.rmtree(home / name)
    with pytest.raises(DataError):
        read_studies(home, [], notice=lambda _: None)
    shutil.rmtree(home / "b")
    assert read_studies(home, [], notice=lambda _: None) == []


def test_report_shows_the_others_and_says_why(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for format in ("table", "json", "csv", "markdown"):
        assert execute(["report", "--home", str(home), "-f", format]) == 0
        said = capsys.readouterr()
        left_out = [line for line in said.err.splitlines() if line.startswith("left out: ")]
        assert len(left_out) == 1
        assert str(home / "b") in left_out[0]
    assert execute(["report", "b", "--home", str(home)]) == 5
    assert capsys.readouterr().err.startswith("error: ")


def test_copy_confirms_and_explains_under_its_own_name(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = "confirm c --top 1 --seeds 1 --workers 1 -q --home"
    assert execute([*words.split(), str(home)]) == 0
    assert (home / "c-confirm" / JOURNAL).exists()
    assert not (home / "a-confirm").exists()
    capsys.readouterr()
    assert execute(["explain", "c", "winner", "--ablate", "-q", "--home", str(home)]) == 0
    made = {path.name for path in home.iterdir()}
    assert {name[:10] for name in made} == {"a", "b", "c", "c-confirm", "c-explain-"}
    assert {record.study for record in read_records(home, ["c"])} == {"c"}


def test_renamed_study_is_called_so(home: Path, row_names: Callable[[], set[str]]) -> None:
    (home / "a").rename(home / "other")
    assert {record.study for record in read_records(home, ["other"])} == {"other"}
    assert "other" in row_names()


@pytest.fixture
def row_names(home: Path, capsys: pytest.CaptureFixture[str]) -> Callable[[], set[str]]:
    import json

    def read() -> set[str]:
        capsys.readouterr()
        assert execute(["report", "other", "--home", str(home), "-f", "json"]) == 0
        rows = json.loads(capsys.readouterr().out)["rows"]
        return {row["study"] for row in rows if row["study"] is not None}

    return read
