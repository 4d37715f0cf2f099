"""`report` on a measured suite, as it is published."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from mnist_search.cli import execute
from mnist_search.references import REFERENCES


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make up the whole suite once: each reference as documented, two also corrected."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MNIST_SEARCH_TRAINER", "tests.support.fake:inline")
        patch.setenv("MNIST_SEARCH_HOME", str(folder))
        patch.setenv("MNIST_SEARCH_DATASET", "digits")
        assert execute(["bench", "--full", "--study", "suite", "--quiet"]) == 0
        corrected = ["bench", "cnn-plain", "cnn-bn-dropout", "--full", "--study", "suite"]
        assert execute([*corrected, "--protocol", "corrected", "--quiet"]) == 0
    return folder


def report(home: Path, capfd: pytest.CaptureFixture[str], *arguments: str) -> str:
    capfd.readouterr()
    assert execute(["report", "suite", "--home", str(home), *arguments]) == 0
    return capfd.readouterr().out


def test_markdown_and_json_files_are_the_published_report(
    home: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    pages = {"markdown": tmp_path / "references.md", "json": tmp_path / "references.json"}
    for format, path in pages.items():
        assert report(home, capfd, "--format", format, "-o", str(path)) == ""
    page = pages["markdown"].read_text()
    assert page.startswith("# suite\n\n## Leaderboard\n")
    for heading in ("## Leaderboard", "## Verdicts", "## Times", "## What this shows"):
        assert heading in page
    # The embedded digits compare with no published curve or loss.
    assert "## Learning curves" not in page
    assert "not on MNIST" in page
    document = json.loads(pages["json"].read_text())
    measured = [row for row in document["rows"] if row["status"] == "complete"]
    assert len(measured) == len(REFERENCES) + 2
    assert all(row["verdict_reason"] and row["versions"] and row["machine"] for row in measured)
    assert len(document["contrasts"]) == 37
    assert {contrast["published_difference"] for contrast in document["contrasts"]} == {None}


def test_csv_holds_the_rows_alone(home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    rows = list(csv.DictReader(io.StringIO(report(home, capfd, "-f", "csv"))))
    assert len(rows) == len(REFERENCES) + 2
    assert {row["changes"] for row in rows} == {"[]"}


def test_orders_and_the_front_change_the_board_and_nothing_below_it(
    home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    def below(text: str) -> str:
        return text[text.index("## Verdicts") :]

    plain = report(home, capfd, "-f", "markdown")
    sorted_ = report(home, capfd, "-f", "markdown", "--sort", "time")
    front = report(home, capfd, "-f", "markdown", "--pareto", "--top", "3")
    assert plain != sorted_
    assert len(front) < len(plain)
    assert below(plain) == below(sorted_) == below(front)


def test_the_terminal_has_times_and_findings(home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    text = report(home, capfd)
    assert "Times of references, measured beside published" in text
    assert "What this shows" in text


def test_a_picture_shows_the_rows_and_loads_nothing(
    home: Path, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "board.svg"
    assert report(home, capfd, "--top", "3", "-o", str(file)) == ""
    root = ElementTree.fromstring(file.read_text())
    words = "".join(root.itertext())
    assert "accuracy\u00a0%" in words
    assert "font-face" not in file.read_text()
    assert words.count("publ") >= 1
