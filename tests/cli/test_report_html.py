"""`report --format html` as it is typed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mnist_search.cli import execute


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make up a small search and a reference, on the embedded digits."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MNIST_SEARCH_TRAINER", "tests.support.fake:inline")
        patch.setenv("MNIST_SEARCH_HOME", str(folder))
        patch.setenv("MNIST_SEARCH_DATASET", "digits")
        assert execute(["run", "--space", "mlp", "-n", "12", "--study", "search", "-q"]) == 0
        assert execute(["bench", "mlp-784", "--full", "--study", "suite", "-q"]) == 0
    return folder


def test_page_holds_searches_and_benchmarks_together(
    home: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "report.html"
    capfd.readouterr()
    assert execute(["report", "--home", str(home), "-f", "html", "--output", str(path)]) == 0
    assert capfd.readouterr().out == ""
    page = path.read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert page.index("Search search") < page.index("Benchmark suite")
    assert "What mattered" in page
    assert "not on MNIST" in page[: page.index("<h2")]


def test_page_goes_to_standard_output_and_obeys_top(
    home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    capfd.readouterr()
    assert execute(["report", "search", "--home", str(home), "-f", "html", "--top", "3"]) == 0
    page = capfd.readouterr().out
    assert page.rstrip().endswith("</html>")
    assert page.count('data-kind="') == 3
    assert "3 of 37 rows are shown." in page


def test_missing_study_is_one_sentence(home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    capfd.readouterr()
    assert execute(["report", "nowhere", "--home", str(home), "-f", "html"]) == 2
    shown = capfd.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("error: there is no study nowhere")


def test_page_says_what_confirm_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MNIST_SEARCH_TRAINER", "tests.support.fake:inline")
    monkeypatch.setenv("MNIST_SEARCH_HOME", str(tmp_path))
    monkeypatch.setenv("MNIST_SEARCH_DATASET", "digits")
    assert execute(["run", "--space", "mlp", "-n", "12", "--study", "search", "-q"]) == 0
    assert execute(["confirm", "search", "--top", "2", "--seeds", "2", "-q"]) == 0
    capfd.readouterr()
    assert execute(["report", "-f", "html"]) == 0
    page = capfd.readouterr().out
    (told,) = re.findall(r'<p class="lead">(search, confirmed: [^<]*)</p>', page)
    assert re.match(r"search, confirmed: trial \d+ ", told)
    assert "test accuracy" in told
    assert "Confirmation search-confirm" in page
